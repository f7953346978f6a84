/** Add, Sub, Mul, Div, Pow, Max and Min on activations and constants; Sum and Mod on constants. */
import { power64 } from '../execute/oracle/elementary.js';
import { intAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import { float32, numbers } from '../graph/tensor.js';
import { nodeError, outputType, required, requireOneType, typeOf } from './check.js';
import {
  addition,
  type BinaryMeaning,
  computePairs,
  maximum,
  minimum,
  multiplication,
  operands,
  pairShape,
  rejectInnerAxes,
  subtraction,
} from './elementwise.js';
import type { Operator } from './operator.js';
import { fromIntegers, integerWidth, toFloats, truncate } from './storage.js';
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

/** A pass turns division by constants into multiplication; what remains is an island. */
export const div: Operator = {
  ...binary('Div', 6, (node) => ({
    float: (a, b) => a / b,
    integer: (a, b) => a / nonZero(node, b),
  })),
  float: true,
  reject: rejectInnerAxes,
  lower: (node, lowering) => lowering.binary(node, 'divide'),
};

/** The exponent may have another type; the result has that of the base. */
export const pow: Operator = {
  name: 'Pow',
  since: 6,
  float: true,
  infer(node, inputs, _constant, opset) {
    const [base, exponent] = [0, 1].map((i) => required(node, inputs, i));
    const shape = pairShape(node, [base, { ...exponent, type: base.type }], opset);
    return [outputType(node, base.type, shape)];
  },
  fold(node, inputs, [{ shape }], opset) {
    const [base, exponent] = operands(node, inputs, shape, opset);
    const powers = integerWidth(exponent.type) ? numbers(exponent) : Array.from(toFloats(node, exponent));
    const at = (i: number) => power64(Number(base.data[i]), powers[i]);
    if (base.type === 'float32')
      return [
        float32(
          shape,
          Float32Array.from(powers, (_, i) => at(i)),
        ),
      ];
    if (integerWidth(base.type) === undefined)
      throw nodeError(node, `constants of type ${base.type} cannot be computed`);
    return [fromIntegers(node, base.type, shape, (i) => truncate(Math.fround(at(i)), base.type))];
  },
  reject: (node, graph) =>
    rejectInnerAxes(node, graph) ??
    (graph.constants.has(node.inputs[1]) || typeOf(graph, node.inputs[1]).type === 'float32'
      ? undefined
      : 'a computed exponent that is not float32'),
  lower: (node, lowering) => lowering.binary(node, 'power'),
};

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
