/** Windows of a program in the words of ONNX. */
import { ints } from '../../graph/attributes.js';
import type { Node } from '../../graph/graph.js';
import type { Window } from '../../program/instructions.js';
import { sweep } from '../../program/windows.js';

/** Pads with which ONNX finds exactly the windows of the output: the last one may reach past the pads that are given. */
export function exactPads(
  window: Window,
  input: readonly number[],
  output: readonly number[],
): [number, number, number, number] {
  const [bottom, right] = ([0, 1] as const).map((axis) => {
    const { size, kernel, stride, before, after, dilation } = sweep(window, axis, input[axis + 1]);
    const reached = (output[axis + 1] - 1) * stride + (kernel - 1) * dilation + 1;
    return Math.max(after, reached - before - size);
  });
  return [window.pads[0], window.pads[1], bottom, right];
}

/** Dilations only where there are some: not every operator of every runtime takes them. */
export function windowAttributes(
  { kernel, strides, dilations, pads }: Window,
  exact: readonly number[] = pads,
): Node['attributes'] {
  const dilated = dilations.some((dilation) => dilation !== 1);
  return {
    kernel_shape: ints(kernel),
    strides: ints(strides),
    pads: ints(exact),
    ...(dilated && { dilations: ints(dilations) }),
  };
}
