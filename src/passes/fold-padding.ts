/**
 * Makes a Pad over space part of the Conv or pooling that alone reads it, where that gives exactly the same numbers:
 * zeros before Conv and before an AveragePool that counts them, and before MaxPool what can never be the maximum.
 */
import { int, intAttribute, ints } from '../graph/attributes.js';
import type { Attribute, Node } from '../graph/graph.js';
import type { RewriteContext, Rule } from '../graph/rewrite.js';
import { type AxisWindow, kernelShape, missesInput, slidingWindows } from '../operators/window.js';
import { readClamp } from './clamp.js';
import { readPadding } from './padding.js';

export const foldPadding: Rule = (node, context) => {
  if (node.domain !== '' || !['Conv', 'AveragePool', 'MaxPool'].includes(node.operator)) return undefined;
  if (node.outputs.length > 1 || context.type(node.outputs[0]) === undefined) return undefined;
  const pad = context.soleProducer(node.inputs[0]);
  const padding = pad && readPadding(pad, context);
  const shape = padding && context.type(node.inputs[0])?.shape;
  if (pad === undefined || padding === undefined || shape === undefined) return undefined;
  const { before, after, value } = padding;
  if ([...before, ...after].some((size) => size < 0)) return undefined;
  if (before[0] + before[1] + after[0] + after[1] > 0) return undefined;

  const kernel =
    node.operator === 'Conv'
      ? context.type(node.inputs[1])?.shape.slice(2)
      : kernelShape(node, shape.length - 2);
  if (kernel === undefined) return undefined;
  const windows = slidingWindows(node, shape.slice(2), kernel).map((window, axis) => ({
    ...window,
    size: window.size - before[axis + 2] - after[axis + 2],
    before: window.before + before[axis + 2],
    after: window.after + after[axis + 2],
  }));

  const attributes: Record<string, Attribute> = {
    ...node.attributes,
    pads: ints([...windows.map((w) => w.before), ...windows.map((w) => w.after)]),
  };
  delete attributes.auto_pad;
  delete attributes.ceil_mode;
  if (node.operator === 'Conv') {
    if (value !== 0) return undefined;
  } else if (windows.some(({ kernel, before, after }) => Math.max(before, after) >= kernel)) {
    // Other readers of ONNX refuse pooling whose padding is as large as its kernel.
    return undefined;
  } else if (node.operator === 'AveragePool') {
    if (value !== 0 || windows.some((w) => w.overhang > 0) || !countsAllPadding(node, windows, before, after))
      return undefined;
    attributes.count_include_pad = int(1);
  } else if (!neverWins(value, pad, windows, context)) {
    return undefined;
  }
  return {
    what: `took in Pad "${pad.name}"`,
    nodes: [{ ...node, inputs: [pad.inputs[0], ...node.inputs.slice(1)], attributes }],
  };
};

/** True where the pooling divides by the whole window as well where its own padding is concerned. */
function countsAllPadding(
  node: Node,
  windows: readonly AxisWindow[],
  before: readonly number[],
  after: readonly number[],
): boolean {
  if (intAttribute(node, 'count_include_pad', 0) !== 0) return true;
  return windows.every(
    (window, axis) => window.before === before[axis + 2] && window.after === after[axis + 2],
  );
}

/** True where padding with `value` cannot exceed the largest element of any window. */
function neverWins(
  value: number,
  pad: Node,
  windows: readonly AxisWindow[],
  context: RewriteContext,
): boolean {
  if (windows.some(missesInput)) return false;
  if (value === Number.NEGATIVE_INFINITY) return true;
  const source = context.producer(pad.inputs[0]);
  if (source === undefined) return false;
  const clamp = source.clamp ?? readClamp(source, context);
  return clamp !== undefined && value <= clamp.low;
}
