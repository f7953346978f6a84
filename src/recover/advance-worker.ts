/** The worker's side of recovery: brings one sample up to the next product, in fixed point and in float. */
import type { Elements } from '../execute/executor.js';
import { openSession, type SessionHandle } from '../execute/wasm/session.js';
import type { Format } from '../formats/format.js';
import { serve } from '../platform/serve.js';
import { choosePositions, gatherRows, type ProductGeometry, rowLength } from './sample-columns.js';

/** One of the two programs, for one step. */
export interface Side {
  /** Absent where nothing lies between the products. */
  readonly handle?: SessionHandle;
  readonly inputs: readonly Elements[];
  /** What the product reads: an output of the session by its index, or what was there before. */
  readonly source: number | Elements;
  readonly format: Format | null;
  readonly geometry: ProductGeometry;
  /** Rows of all samples. */
  readonly rows: Float32Array<SharedArrayBuffer>;
}

export interface AdvanceTask {
  readonly sides: readonly Side[];
  readonly sample: number;
  /** Rows of each sample. */
  readonly count: number;
}

/** What each part wrote, in memory that threads share. */
export type Advanced = readonly (readonly Elements[])[];

export default serve(
  ({ sides, sample, count }: AdvanceTask): Advanced =>
    sides.map((side) => {
      const { handle, source, geometry } = side;
      const outputs = handle === undefined ? [] : openSession(handle).run(side.inputs);
      const input = typeof source === 'number' ? outputs[source] : source;
      const [height, width] = geometry.output;
      const positions = choosePositions(height * width, count, sample);
      const length = rowLength(geometry) * count;
      const rows = side.rows.subarray(sample * length, (sample + 1) * length);
      gatherRows(input, side.format, geometry, positions, rows);
      return outputs.map(share);
    }),
);

function share(elements: Elements): Elements {
  const Constructor = elements.constructor as new (buffer: SharedArrayBuffer) => Elements;
  const shared = new Constructor(new SharedArrayBuffer(elements.byteLength));
  shared.set(elements as never);
  return shared;
}
