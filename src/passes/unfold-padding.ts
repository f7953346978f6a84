/**
 * Takes declared padding out of an AveragePool whose last windows, by ceil_mode, reach beyond it: the declared zeros
 * count in the averages and become a Pad, what lies beyond does not count and stays with the pooling.
 */
import { intAttribute, ints } from '../graph/attributes.js';
import type { Attribute, Node } from '../graph/graph.js';
import type { Rule } from '../graph/rewrite.js';
import { int64 } from '../graph/tensor.js';
import { kernelShape, slidingWindows } from '../operators/window.js';

export const unfoldPadding: Rule = (node, context) => {
  if (node.operator !== 'AveragePool' || node.domain !== '') return undefined;
  if (intAttribute(node, 'count_include_pad', 0) === 0) return undefined;
  const type = context.type(node.inputs[0]);
  if (type === undefined || context.type(node.outputs[0]) === undefined) return undefined;
  const sizes = type.shape.slice(2);
  const windows = slidingWindows(node, sizes, kernelShape(node, sizes.length));
  const declared = windows.map(({ after, overhang }) => after - overhang);
  const before = windows.map((window) => window.before);
  const overhang = windows.map((window) => window.overhang);
  if (overhang.every((size) => size === 0) || [...before, ...declared].every((size) => size === 0))
    return undefined;

  const amounts = [0, 0, ...before, 0, 0, ...declared];
  const name = context.freshName(`${node.name}/pad`);
  const pads = context.opset < 11 ? undefined : context.freshName(`${node.name}/pads`);
  const pad: Node = {
    name,
    operator: 'Pad',
    domain: '',
    inputs: pads === undefined ? [node.inputs[0]] : [node.inputs[0], pads],
    outputs: [name],
    attributes: pads === undefined ? { pads: ints(amounts) } : {},
  };
  const { auto_pad, ceil_mode, count_include_pad, ...rest } = node.attributes;
  const attributes: Record<string, Attribute> = {
    ...rest,
    pads: ints([...sizes.map(() => 0), ...overhang]),
  };
  return {
    what: 'declared padding taken out',
    constants: pads === undefined ? {} : { [pads]: int64([amounts.length], amounts) },
    nodes: [pad, { ...node, inputs: [name], attributes }],
  };
};
