/** Index arithmetic of broadcasting and data movement. */
import { broadcastStrides } from '../../shape.js';

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
  return stridedIndex(output, broadcastStrides(input, output));
}
