/** Nodes whose arithmetic a quantised model states as a table or as one conversion, whatever they compute. */
import type { Node } from '../graph/graph.js';
import type { Context } from './context.js';
import { lowerInterpolation, lowerSlopes } from './lower-given-chains.js';
import type { GivenArithmetic } from './model-formats.js';

/** Lowers a node whose output has a format by the arithmetic given for it. False where its operator must do that. */
export function lowerGiven(context: Context, node: Node): boolean {
  const [value] = node.outputs;
  if (context.format(value) === null) return false;
  const given = context.given(node);
  if (given?.kind === 'table') lowerTable(context, node, given);
  else if (given?.kind === 'softmax') lowerSoftmaxTables(context, node, given);
  else if (given?.kind === 'interpolation') lowerInterpolation(context, node, given);
  else if (given?.kind === 'slopes') lowerSlopes(context, node, given);
  else if (given?.kind === 'scaling' && node.operator === 'Identity') lowerConversion(context, node, given);
  else return false;
  return true;
}

type Given<K extends GivenArithmetic['kind']> = Extract<GivenArithmetic, { kind: K }>;

/** The input as codes of its own format. */
function readCodes(context: Context, node: Node) {
  const [name] = node.inputs;
  const stored = context.read(name, context.format(name));
  return { ...stored, shape: context.builder.tensors[stored.tensor].shape };
}

function lowerTable(context: Context, node: Node, { table }: Given<'table'>): void {
  const { builder } = context;
  const [value] = node.outputs;
  const format = context.format(value)!;
  const { tensor: input, order, shape } = readCodes(context, node);
  const constant = builder.constant(builder.derive(value, 'table'), [table.length], format, table);
  const draft = { op: 'lookup', inputs: [input, constant] } as const;
  const tensor = builder.emit(node, draft, { name: value, shape, format });
  context.define(value, { tensor, order }, node.inputs);
}

/** The value stays what it is, so that the instruction belongs to no node. */
function lowerConversion(context: Context, node: Node, { scaling }: Given<'scaling'>): void {
  const [value] = node.outputs;
  const format = context.format(value)!;
  const { tensor: input, order, shape } = readCodes(context, node);
  const requantize = { ...scaling, overflow: context.arithmetic(node).overflow };
  const draft = { op: 'requantize', requantize, inputs: [input] } as const;
  const tensor = context.builder.emit(null, draft, { name: value, shape, format });
  context.define(value, { tensor, order }, node.inputs);
}

/** Over the last axis of the value. */
function lowerSoftmaxTables(context: Context, node: Node, { tables }: Given<'softmax'>): void {
  const { builder } = context;
  const [value] = node.outputs;
  const { tensor: input, order, shape } = readCodes(context, node);
  const constants = tables.map(({ format, codes }, index) =>
    builder.constant(builder.derive(value, `table${index}`), [codes.length], format, codes),
  );
  const axis = order.indexOf(shape.length - 1);
  const draft = { op: 'softmax', axis, inputs: [input, ...constants] } as const;
  const tensor = builder.emit(node, draft, { name: value, shape, format: context.format(value) });
  context.define(value, { tensor, order }, node.inputs);
}
