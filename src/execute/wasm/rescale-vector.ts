/** Records for assembly/rescale-vector.ts: the scalings of sums that vectors do. */
import type { Context } from './context.js';
import { laneRecords, type Rescaling, reducedRecords } from './lane-records.js';
import type { Sums } from './rescale.js';

export interface VectorRescale {
  readonly kernel: 'rescaleLanes_i32_i16' | 'rescaleLanes_i64_i16';
  readonly layer: number;
  readonly blocks: number;
}

/** The kernel and its records, for `width` channels or one for all lanes; undefined where no vectors serve. */
export function placeVectorRescale(
  { constants }: Context,
  rescaling: Rescaling,
  width: number,
  { kind, bits, above }: Sums,
): VectorRescale | undefined {
  if (above !== 0) return undefined;
  const lanes = Array.from({ length: width }, (_, lane) => lane);
  const records = (kind === 'i32' ? laneRecords : reducedRecords)(rescaling, lanes, bits);
  return (
    records && {
      kernel: `rescaleLanes_${kind}_i16`,
      layer: constants.place(records.layer.byteLength, () => records.layer),
      blocks: constants.place(records.blocks.byteLength, () => records.blocks),
    }
  );
}
