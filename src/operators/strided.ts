/** Copies between constants in any order of axes: what all data movement on constants consists of. */
import type { Node } from '../graph/graph.js';
import type { Tensor, TensorData } from '../graph/tensor.js';
import { elementCount } from '../shape.js';
import { nodeError, shapeText } from './check.js';
import { allocate } from './storage.js';

/** Elements of a buffer: index i0, i1, ... lies at offset + i0*strides[0] + i1*strides[1] + ... */
export interface View {
  readonly data: TensorData;
  readonly offset: number;
  readonly strides: readonly number[];
}

/** Row-major strides of a shape. */
export function rowMajor(shape: readonly number[]): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

/** The whole of a tensor. */
export function view(tensor: Tensor): View {
  return { data: tensor.data, offset: 0, strides: rowMajor(tensor.shape) };
}

/** Copies all elements of `shape` from one view to another of the same element type. */
export function copyElements(shape: readonly number[], from: View, to: View): void {
  if (elementCount(shape) === 0) return;
  // Any typed array does: the element types are equal.
  const source = from.data as Float32Array;
  const target = to.data as Float32Array;
  const last = shape.length - 1;
  const count = last < 0 ? 1 : shape[last];
  const [read, write] = last < 0 ? [1, 1] : [from.strides[last], to.strides[last]];
  const index = shape.map(() => 0);
  let start = from.offset;
  let end = to.offset;
  for (;;) {
    for (let i = 0, p = start, q = end; i < count; i++, p += read, q += write) target[q] = source[p];
    let axis = last - 1;
    for (; axis >= 0; axis--) {
      start += from.strides[axis];
      end += to.strides[axis];
      if (++index[axis] < shape[axis]) break;
      start -= from.strides[axis] * shape[axis];
      end -= to.strides[axis] * shape[axis];
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

/** A new tensor that takes its elements from a view of another one. */
export function gatherElements(node: Node, tensor: Tensor, shape: readonly number[], from: View): Tensor {
  const result = { type: tensor.type, shape, data: allocate(node, tensor.type, shape) };
  copyElements(shape, from, view(result));
  return result;
}

/** Shape of several operands under numpy broadcasting. */
export function broadcastShapes(node: Node, shapes: readonly (readonly number[])[]): number[] {
  const result = Array.from({ length: Math.max(...shapes.map((shape) => shape.length)) }, () => 1);
  for (const shape of shapes)
    shape.forEach((size, i) => {
      const axis = i + result.length - shape.length;
      if (result[axis] === 1) result[axis] = size;
      else if (size !== 1 && size !== result[axis])
        throw nodeError(
          node,
          'the shapes do not broadcast',
          'equal sizes or 1',
          shapes.map(shapeText).join(' and '),
        );
    });
  return result;
}

/** A tensor repeated along its axes of size 1 to a shape that it broadcasts to. */
export function broadcast(node: Node, tensor: Tensor, shape: readonly number[]): Tensor {
  if (tensor.shape.join() === shape.join()) return tensor;
  const missing = shape.length - tensor.shape.length;
  const strides = rowMajor(tensor.shape);
  const repeated = shape.map((_, axis) =>
    tensor.shape[axis - missing] === 1 ? 0 : (strides[axis - missing] ?? 0),
  );
  return gatherElements(node, tensor, shape, { data: tensor.data, offset: 0, strides: repeated });
}

/** A tensor with its axes in another order: output axis i is input axis permutation[i]. */
export function permute(node: Node, tensor: Tensor, permutation: readonly number[]): Tensor {
  const strides = rowMajor(tensor.shape);
  const shape = permutation.map((axis) => tensor.shape[axis]);
  const order = permutation.map((axis) => strides[axis]);
  return gatherElements(node, tensor, shape, { data: tensor.data, offset: 0, strides: order });
}
