/** Index arithmetic of broadcasting and data movement. */
import { product } from './operands.js';

/** Distance between neighbours along each axis of a row-major tensor. */
export function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, axis) => product(shape.slice(axis + 1)));
}

/** For each element of `shape` in row-major order: offset + sum of its indices times `strides`. */
export function stridedIndex(shape: readonly number[], strides: readonly number[], offset = 0): Int32Array {
  let places = Int32Array.of(offset);
  for (const [axis, size] of shape.entries()) {
    const finer = new Int32Array(places.length * size);
    for (let i = 0; i < finer.length; i++) {
      finer[i] = places[Math.floor(i / size)] + (i % size) * strides[axis];
    }
    places = finer;
  }
  return places;
}

/** For each element of `output`, the element of a tensor of shape `input` that numpy's broadcasting pairs with it. */
export function broadcastIndex(input: readonly number[], output: readonly number[]): Int32Array {
  const lifted = [...new Array<number>(Math.max(0, output.length - input.length)).fill(1), ...input];
  const strides = stridesOf(lifted).map((stride, axis) => (lifted[axis] === 1 ? 0 : stride));
  return stridedIndex(output, strides);
}
