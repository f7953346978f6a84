/** Sliding windows of convolutions and pooling: attributes, automatic padding and the sizes of outputs. */
import { intAttribute, intsAttribute, stringAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import type { Window } from '../program/instructions.js';
import { nodeError, shapeText } from './check.js';

/** A window along one spatial axis. */
export interface AxisWindow {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
  /** How many of `after` are not declared padding: the part of the last window that ceil_mode lets stand out. */
  readonly overhang: number;
  readonly output: number;
}

/** No window is larger; what is could only cost time. */
const largestAttribute = 2 ** 16;

/** A list of `length` integers of at least `minimum`; all `otherwise` where the node has none. */
export function listAttribute(
  node: Node,
  name: string,
  length: number,
  otherwise: number,
  minimum: number,
): readonly number[] {
  const values = intsAttribute(node, name) ?? Array.from({ length }, () => otherwise);
  if (values.length !== length)
    throw nodeError(node, `attribute "${name}" has the wrong length`, `${length}`, shapeText(values));
  for (const value of values)
    if (!(value >= minimum && value <= largestAttribute))
      throw nodeError(
        node,
        `attribute "${name}" is out of range`,
        `${minimum} to ${largestAttribute}`,
        shapeText(values),
      );
  return values;
}

/** kernel_shape of a pooling node with `rank` spatial axes. */
export function kernelShape(node: Node, rank: number): readonly number[] {
  if (intsAttribute(node, 'kernel_shape') === undefined)
    throw nodeError(node, 'attribute "kernel_shape" is missing');
  return listAttribute(node, 'kernel_shape', rank, 1, 1);
}

/**
 * The windows of a node over inputs with the spatial sizes given, as ONNX defines them. With ceil_mode, a last
 * window that would start in the padding after the input is dropped (ONNX 1.16, onnxruntime, PyTorch), and
 * `after` is what the windows reach, so that output = floor((size + before + after - extent) / stride) + 1.
 */
export function slidingWindows(
  node: Node,
  sizes: readonly number[],
  kernel: readonly number[],
): AxisWindow[] {
  const strides = listAttribute(node, 'strides', sizes.length, 1, 1);
  const dilations = listAttribute(node, 'dilations', sizes.length, 1, 1);
  const pads = listAttribute(node, 'pads', 2 * sizes.length, 0, 0);
  const mode = stringAttribute(node, 'auto_pad', 'NOTSET');
  if (!['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'].includes(mode))
    throw nodeError(node, 'unknown auto_pad', 'NOTSET, VALID, SAME_UPPER or SAME_LOWER', mode);
  const ceil = intAttribute(node, 'ceil_mode', 0) !== 0;

  return sizes.map((size, axis) => {
    const stride = strides[axis];
    const extent = (kernel[axis] - 1) * dilations[axis] + 1;
    let before = mode === 'NOTSET' ? pads[axis] : 0;
    let declared = mode === 'NOTSET' ? pads[axis + sizes.length] : 0;
    if (mode === 'SAME_UPPER' || mode === 'SAME_LOWER') {
      const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + extent - size);
      before = mode === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
      declared = total - before;
    }
    const travel = (size + before + declared - extent) / stride;
    let output = (ceil ? Math.ceil(travel) : Math.floor(travel)) + 1;
    if (ceil && (output - 1) * stride >= size + before) output--;
    if (output <= 0)
      throw nodeError(
        node,
        `the window does not fit along spatial axis ${axis}`,
        `an extent of at most ${size + before + declared}`,
        `${extent}`,
      );
    const after = ceil ? Math.max(0, (output - 1) * stride + extent - size - before) : declared;
    const overhang = Math.max(0, after - declared);
    return { size, kernel: kernel[axis], stride, dilation: dilations[axis], before, after, overhang, output };
  });
}

/** One or two spatial axes as the window of an instruction; a single axis becomes the width. */
export function planarWindow(axes: readonly Omit<AxisWindow, 'size' | 'overhang' | 'output'>[]): Window {
  const point = { kernel: 1, stride: 1, dilation: 1, before: 0, after: 0 };
  const [y, x] = axes.length === 1 ? [point, axes[0]] : axes;
  return {
    kernel: [y.kernel, x.kernel],
    strides: [y.stride, x.stride],
    pads: [y.before, x.before, y.after, x.after],
    dilations: [y.dilation, x.dilation],
  };
}

/** True where some position of the window along the axis touches padding only. */
export function missesInput({ size, kernel, stride, dilation, before, output }: AxisWindow): boolean {
  const last = (output - 1) * stride - before;
  if (last >= size) return true;
  // A window that starts inside the input touches it; of those before, the first tap at or after 0 decides.
  for (let start = -before; start < 0 && start <= last; start += stride) {
    const tap = Math.ceil(-start / dilation);
    if (tap >= kernel || start + tap * dilation >= size) return true;
  }
  return false;
}
