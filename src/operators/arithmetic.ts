/** Add, Sub, Mul, Max and Min on activations and constants; Sum, Div and Mod on constants. */
import { intAttribute } from '../graph/attributes.js';
import type { Graph, Node } from '../graph/graph.js';
import { nodeError, outputType, required, requireOneType, typeOf } from './check.js';
import {
  addition,
  alignedShape,
  type BinaryMeaning,
  computePairs,
  maximum,
  minimum,
  multiplication,
  operands,
  pairShape,
  subtraction,
} from './elementwise.js';
import type { Operator } from './operator.js';
import { broadcast, broadcastShapes } from './strided.js';

function binary(name: string, since: number, meaningOf: (node: Node) => BinaryMeaning): Operator {
  return {
    name,
    since,
    infer(node, inputs, _constant, opset) {
      return [outputType(node, required(node, inputs, 0).type, pairShape(node, inputs, opset))];
    },
    fold(node, inputs, [{ shape }], opset) {
      return [computePairs(node, ...operands(node, inputs, shape, opset), meaningOf(node))];
    },
  };
}

/** The old way to broadcast along inner axes; newer models reshape the operand. */
function rejectInnerAxes(node: Node, graph: Graph): string | undefined {
  const [a, b] = node.inputs.map((name) => typeOf(graph, name).shape);
  const aligned = alignedShape(node, a, b, graph.opset);
  return aligned.length === b.length || b.length === 0 ? undefined : 'broadcasting by the attribute axis';
}

export const add: Operator = {
  ...binary('Add', 6, () => addition),
  reject: rejectInnerAxes,
  lower: (node, lowering) => lowering.add(node, 1),
};

export const sub: Operator = {
  ...binary('Sub', 6, () => subtraction),
  reject: rejectInnerAxes,
  lower: (node, lowering) => lowering.add(node, -1),
};

export const mul: Operator = {
  ...binary('Mul', 6, () => multiplication),
  reject: rejectInnerAxes,
  lower: (node, lowering) => lowering.multiply(node),
};

export const div = binary('Div', 6, (node) => ({
  float: (a, b) => a / b,
  integer: (a, b) => a / nonZero(node, b),
}));

/** Remainders with the sign of the divisor, or with that of the dividend where fmod is set. */
export const mod = binary('Mod', 10, (node) => ({
  float: (a, b) => a % b,
  integer(a, b) {
    const remainder = a % nonZero(node, b);
    const differs = remainder !== 0n && remainder < 0n !== b < 0n;
    return differs && intAttribute(node, 'fmod', 0) === 0 ? remainder + b : remainder;
  },
}));

function nonZero(node: Node, divisor: bigint): bigint {
  if (divisor === 0n) throw nodeError(node, 'division of integers by 0');
  return divisor;
}

/** An operation on any number of operands, from the first on. */
function variadic(name: string, meaning: BinaryMeaning): Operator {
  return {
    name,
    since: 6,
    infer(node, inputs) {
      const { type } = required(node, inputs, 0);
      requireOneType(node, inputs);
      const shapes = inputs.map((_, i) => required(node, inputs, i).shape);
      return [outputType(node, type, broadcastShapes(node, shapes))];
    },
    fold(node, inputs, [{ shape }]) {
      const all = inputs.map((_, i) => broadcast(node, required(node, inputs, i), shape));
      return [all.reduce((a, b) => computePairs(node, a, b, meaning))];
    },
  };
}

/** A pass turns Sum into Add, and Min and Max into those of two operands. */
export const sum = variadic('Sum', addition);
export const min: Operator = {
  ...variadic('Min', minimum),
  lower: (node, lowering) => lowering.extremum(node, 'minimum'),
};
export const max: Operator = {
  ...variadic('Max', maximum),
  lower: (node, lowering) => lowering.extremum(node, 'maximum'),
};
