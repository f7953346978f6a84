/** Conv: convolution over one or two spatial axes with constant weights. */
import { intAttribute, intsAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import type { TensorType } from '../graph/tensor.js';
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
import { planarWindow, slidingWindows } from './window.js';

/** Checks the operands against each other and returns the windows of each spatial axis. Types are not looked at. */
export function convolutionWindows(node: Node, x: TensorType, weights: TensorType) {
  const groups = intAttribute(node, 'group', 1);
  const kernel = weights.shape.slice(2);
  const declared = intsAttribute(node, 'kernel_shape');
  if (x.shape.length < 3) throw nodeError(node, 'the input has no spatial axis', '[N, C, ...]', describe(x));
  if (weights.shape.length !== x.shape.length)
    throw nodeError(node, 'the weights have the wrong rank', `${x.shape.length}`, describe(weights));
  if (declared !== undefined && declared.join() !== kernel.join())
    throw nodeError(node, 'kernel_shape contradicts the weights', shapeText(kernel), shapeText(declared));
  if (kernel.some((size) => size < 1))
    throw nodeError(node, 'the kernel is empty', undefined, describe(weights));
  if (groups < 1 || weights.shape[0] % groups !== 0)
    throw nodeError(node, 'group does not divide the output channels', `${weights.shape[0]}`, `${groups}`);
  if (weights.shape[1] * groups !== x.shape[1])
    throw nodeError(
      node,
      'the input has the wrong number of channels',
      `${weights.shape[1] * groups}`,
      `${x.shape[1]}`,
    );
  return slidingWindows(node, x.shape.slice(2), kernel);
}

export const conv: Operator = {
  name: 'Conv',
  since: 1,
  infer(node, inputs) {
    const x = required(node, inputs, 0);
    const weights = required(node, inputs, 1);
    const bias = inputs[2];
    requireOneType(node, inputs);
    const windows = convolutionWindows(node, x, weights);
    if (bias !== undefined && (bias.shape.length !== 1 || bias.shape[0] !== weights.shape[0]))
      throw nodeError(node, 'the bias has the wrong shape', `[${weights.shape[0]}]`, shapeText(bias.shape));
    return [outputType(node, x.type, [x.shape[0], weights.shape[0], ...windows.map(({ output }) => output)])];
  },
  reject(node, graph) {
    const [x, weights, bias] = node.inputs;
    if (typeOf(graph, x).shape.length > 4) return 'more than two spatial axes';
    if (!graph.constants.has(weights)) return 'the weights are computed, only constant ones are supported';
    if (bias && !graph.constants.has(bias)) return 'the bias is computed, only a constant one is supported';
    return rejectConstantInput(node, graph);
  },
  lower(node, lowering) {
    const [x, weights, bias] = node.inputs;
    const windows = convolutionWindows(node, lowering.type(x), lowering.type(weights));
    const groups = intAttribute(node, 'group', 1);
    lowering.convolution(node, weights, bias || undefined, planarWindow(windows), groups);
  },
};
