/** MaxPool, AveragePool and LpPool over one or two spatial axes. */
import { intAttribute } from '../graph/attributes.js';
import type { Graph, Node } from '../graph/graph.js';
import type { TensorType } from '../graph/tensor.js';
import { describe, nodeError, outputType, required, typeOf } from './check.js';
import type { Operator } from './operator.js';
import { type AxisWindow, kernelShape, missesInput, planarWindow, slidingWindows } from './window.js';

function poolWindows(node: Node, x: TensorType): AxisWindow[] {
  if (x.shape.length < 3) throw nodeError(node, 'the input has no spatial axis', '[N, C, ...]', describe(x));
  const sizes = x.shape.slice(2);
  return slidingWindows(node, sizes, kernelShape(node, sizes.length));
}

export function inferPool(node: Node, inputs: readonly (TensorType | undefined)[]): TensorType {
  const x = required(node, inputs, 0);
  const sizes = poolWindows(node, x).map(({ output }) => output);
  return outputType(node, x.type, [x.shape[0], x.shape[1], ...sizes]);
}

function rejectPool(node: Node, graph: Graph): string | undefined {
  const x = typeOf(graph, node.inputs[0]);
  if (x.shape.length > 4) return 'more than two spatial axes';
  return poolWindows(node, x).some(missesInput) ? 'a window covers nothing but padding' : undefined;
}

export const maxPool: Operator = {
  name: 'MaxPool',
  since: 1,
  infer(node, inputs) {
    const y = inferPool(node, inputs);
    return node.outputs.length > 1 ? [y, { type: 'int64', shape: y.shape }] : [y];
  },
  reject(node, graph) {
    return node.outputs[1] ? 'the output Indices is used' : rejectPool(node, graph);
  },
  lower(node, lowering) {
    lowering.maxPool(node, planarWindow(poolWindows(node, lowering.type(node.inputs[0]))));
  },
};

/** True where declared padding is part of the averages. Without any, only ceil_mode could pad, and that never counts. */
function countsPadding(node: Node, windows: readonly AxisWindow[]): boolean {
  const declared = windows.some(({ before, after, overhang }) => before + after > overhang);
  return declared && intAttribute(node, 'count_include_pad', 0) !== 0;
}

export const averagePool: Operator = {
  name: 'AveragePool',
  since: 1,
  infer: (node, inputs) => [inferPool(node, inputs)],
  reject(node, graph) {
    const reason = rejectPool(node, graph);
    if (reason !== undefined) return reason;
    const windows = poolWindows(node, typeOf(graph, node.inputs[0]));
    return countsPadding(node, windows) && windows.some(({ overhang }) => overhang > 0)
      ? 'count_include_pad with ceil_mode, where a window reaches beyond the declared padding'
      : undefined;
  },
  lower(node, lowering) {
    const windows = poolWindows(node, lowering.type(node.inputs[0]));
    lowering.averagePool(node, planarWindow(windows), countsPadding(node, windows));
  },
};

export const lpPool: Operator = {
  name: 'LpPool',
  since: 2,
  float: true,
  infer: (node, inputs) => [inferPool(node, inputs)],
  reject: rejectPool,
  lower(node, lowering) {
    const windows = poolWindows(node, lowering.type(node.inputs[0]));
    lowering.lpPool(node, planarWindow(windows), intAttribute(node, 'p', 2));
  },
};
