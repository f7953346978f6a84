/** The worker's side of `diffSides`. */
import { computeAt } from '../errors.js';
import type { Comparison } from '../export/compare-folder.js';
import { serve } from '../platform/serve.js';
import { decodeProgram } from '../program/file.js';
import { openSides, type Sides, type SidesSpec } from './diff-sides.js';

export interface DiffTask {
  /** Tells the comparisons of a process apart. */
  readonly id: number;
  readonly program: Uint8Array<SharedArrayBuffer>;
  readonly spec: SidesSpec;
  readonly sample: number;
}

let kept: { readonly id: number; readonly sides: Sides } | undefined;

export default serve(({ id, program, spec, sample }: DiffTask): Promise<Comparison> => {
  if (kept?.id !== id) {
    // A view of shared memory is none that text decoders take.
    const own = new Uint8Array(program);
    kept = { id, sides: openSides(decodeProgram(own, 'program'), spec) };
  }
  const { compare, name } = kept.sides;
  return computeAt(name(sample), () => compare(sample));
});
