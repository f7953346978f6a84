/** Small convolutions in every size of tail that reach the kernels which variants add. */
import { type ExtremeLayer, extremeLayer, spread } from '#src/execute/wasm/timed-layer.js';
import { elementCount } from '#src/shape.js';
import type { Case } from './wasm-cases.js';

const eight = { x: 8, weights: 8 };
const short = { x: 8, weights: 7 };

const shapes: readonly ExtremeLayer[] = [false, true].flatMap((rectified) => [
  { size: 5, channels: 5, outputs: 19, kernel: 3, bits: eight, rectified },
  { size: 3, channels: 64, outputs: 16, kernel: 1, bits: eight, rectified },
  { size: 4, channels: 33, outputs: 41, kernel: 1, bits: eight, rectified },
  { size: 3, channels: 3, outputs: 10, kernel: 1, bits: { x: 8, weights: 12 }, rectified },
  { size: 3, channels: 64, outputs: 16, kernel: 1, bits: short, rectified },
  { size: 3, channels: 33, outputs: 41, kernel: 1, bits: short, rectified },
]);

export const layers = shapes.map((layer, seed): Case => {
  const program = extremeLayer(layer, seed);
  const length = elementCount(program.tensors[0].shape);
  return { program, inputs: [Int8Array.from(spread(length, -128, 127, seed + 77))] };
});
