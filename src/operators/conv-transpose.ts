/**
 * ConvTranspose over one or two spatial axes with constant weights: a convolution with the flipped weights over the input with
 * zeros between its elements.
 */
import { intAttribute, intsAttribute, stringAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import type { Tensor, TensorType } from '../graph/tensor.js';
import { elementCount } from '../shape.js';
import {
  describe,
  nodeError,
  outputType,
  rejectConstantInput,
  required,
  requireOneType,
  shapeText,
  typeOf,
} from './check.js';
import type { Operator } from './operator.js';
import { gatherElements, rowMajor } from './strided.js';
import { type AxisWindow, listAttribute, planarWindow } from './window.js';

/** The window of the convolution along one axis of the spread input, whose padding may be negative. */
type SpreadWindow = Omit<AxisWindow, 'size' | 'overhang'> & { readonly interior: number };

/** Half of a total, rounded as the node's automatic padding wants the start. */
function splitPadding(total: number, upper: boolean): [number, number] {
  const half = Math.floor(Math.max(total, 0) / 2);
  const start = upper ? half : Math.max(total, 0) - half;
  return [start, total - start];
}

/** Checks the operands against each other and returns the windows of each spatial axis. */
function spreadWindows(node: Node, x: TensorType, weights: TensorType): SpreadWindow[] {
  const kernel = weights.shape.slice(2);
  const sizes = x.shape.slice(2);
  const groups = intAttribute(node, 'group', 1);
  const declared = intsAttribute(node, 'kernel_shape');
  if (x.shape.length < 3) throw nodeError(node, 'the input has no spatial axis', '[N, C, ...]', describe(x));
  if (weights.shape.length !== x.shape.length)
    throw nodeError(node, 'the weights have the wrong rank', `${x.shape.length}`, describe(weights));
  if (declared !== undefined && declared.join() !== kernel.join())
    throw nodeError(node, 'kernel_shape contradicts the weights', shapeText(kernel), shapeText(declared));
  if (kernel.some((size) => size < 1))
    throw nodeError(node, 'the kernel is empty', undefined, describe(weights));
  if (weights.shape[0] !== x.shape[1])
    throw nodeError(
      node,
      'the input has the wrong number of channels',
      `${weights.shape[0]}`,
      `${x.shape[1]}`,
    );
  if (groups < 1 || x.shape[1] % groups !== 0)
    throw nodeError(node, 'group does not divide the input channels', `${x.shape[1]}`, `${groups}`);
  const strides = listAttribute(node, 'strides', sizes.length, 1, 1);
  const dilations = listAttribute(node, 'dilations', sizes.length, 1, 1);
  const pads = listAttribute(node, 'pads', 2 * sizes.length, 0, 0);
  const more = listAttribute(node, 'output_padding', sizes.length, 0, 0);
  const mode = stringAttribute(node, 'auto_pad', 'NOTSET');
  const isSame = mode === 'SAME_UPPER' || mode === 'SAME_LOWER';
  if (!isSame && mode !== 'NOTSET' && mode !== 'VALID')
    throw nodeError(node, 'unknown auto_pad', 'NOTSET, VALID, SAME_UPPER or SAME_LOWER', mode);
  // Some exporters write the whole shape, batch and channels included.
  const wanted = intsAttribute(node, 'output_shape')?.slice(-sizes.length);
  if (wanted !== undefined && wanted.length !== sizes.length)
    throw nodeError(node, 'output_shape has the wrong length', `${sizes.length}`, shapeText(wanted));

  return sizes.map((size, axis) => {
    const [stride, dilation] = [strides[axis], dilations[axis]];
    const reach = (kernel[axis] - 1) * dilation;
    const whole = (size - 1) * stride + reach + 1 + more[axis];
    const output = wanted?.[axis] ?? (isSame ? size * stride : undefined);
    const [start, end] =
      output !== undefined
        ? splitPadding(whole - output, mode === 'SAME_UPPER')
        : mode === 'VALID'
          ? [0, 0]
          : [pads[axis], pads[axis + sizes.length]];
    if (whole - start - end < 1)
      throw nodeError(
        node,
        `the padding leaves nothing of spatial axis ${axis}`,
        `less than ${whole}`,
        `${start + end}`,
      );
    return {
      kernel: kernel[axis],
      stride: 1,
      dilation,
      before: reach - start,
      after: reach - end + more[axis],
      output: whole - start - end,
      interior: stride - 1,
    };
  });
}

/** Weights [C, O/groups, ...kernel] as those of the convolution: [O, C/groups, ...kernel], each kernel reversed. */
function convolutionWeights(node: Node, weights: Tensor, groups: number): Tensor {
  const [channels, outputs, ...kernel] = weights.shape;
  const [perChannel, perOutput, ...strides] = rowMajor(weights.shape);
  const depth = channels / groups;
  const shape = [groups, outputs, depth, ...kernel];
  const view = {
    data: weights.data,
    offset: elementCount(kernel) - 1,
    strides: [depth * perChannel, perOutput, perChannel, ...strides.map((stride) => -stride)],
  };
  return { ...gatherElements(node, weights, shape, view), shape: [groups * outputs, depth, ...kernel] };
}

export const convTranspose: Operator = {
  name: 'ConvTranspose',
  since: 1,
  infer(node, inputs) {
    const x = required(node, inputs, 0);
    const weights = required(node, inputs, 1);
    const bias = inputs[2];
    requireOneType(node, inputs);
    const windows = spreadWindows(node, x, weights);
    const outputs = weights.shape[1] * intAttribute(node, 'group', 1);
    if (bias !== undefined && (bias.shape.length !== 1 || bias.shape[0] !== outputs))
      throw nodeError(node, 'the bias has the wrong shape', `[${outputs}]`, shapeText(bias.shape));
    return [outputType(node, x.type, [x.shape[0], outputs, ...windows.map(({ output }) => output)])];
  },
  reject(node, graph) {
    const [x, weights, bias] = node.inputs;
    if (typeOf(graph, x).shape.length > 4) return 'more than two spatial axes';
    if (!graph.constants.has(weights)) return 'the weights are computed, only constant ones are supported';
    if (bias && !graph.constants.has(bias)) return 'the bias is computed, only a constant one is supported';
    return rejectConstantInput(node, graph);
  },
  lower(node, lowering) {
    const [x, name, bias] = node.inputs;
    const given = lowering.constant(name)!;
    const groups = intAttribute(node, 'group', 1);
    const windows = spreadWindows(node, lowering.type(x), given);
    const interior = windows.map((axis) => axis.interior);
    const arrange = (tensor: Tensor) => convolutionWeights(node, tensor, groups);
    lowering.spreadConvolution(
      node,
      { name, tensor: arrange(given), arrange },
      bias || undefined,
      planarWindow(windows),
      groups,
      [interior.at(-2) ?? 0, interior.at(-1)!],
    );
  },
};
