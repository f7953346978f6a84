/** Convolution, gemm and matmul: sums of products of bytes, put together, and scaled as section 4 of docs/arithmetic.md says. */
import { permuteData, plainOrder } from '../../../compile/axis-order.js';
import { accumulatorRange } from '../../../compile/ranges.js';
import { ProgramError } from '../../../errors.js';
import { at } from '../../../formats/format.js';
import { int } from '../../../graph/attributes.js';
import type { Node } from '../../../graph/graph.js';
import type { Arithmetic, Instruction } from '../../../program/instructions.js';
import type { ProgramTensor } from '../../../program/program.js';
import { CHANNELS_FIRST, shapeIn } from '../layouts.js';
import { windowAttributes } from '../windows.js';
import type { Context } from './context.js';
import { type Integer, scalar } from './integers.js';
import { computedParts, constantParts, type Part, type Parts, withType } from './parts.js';
import { limitInteger } from './scaling.js';

/** The operator that adds up products of bytes into 32 bits. */
export interface ProductOperator {
  readonly operator: 'ConvInteger' | 'MatMulInteger';
  readonly attributes?: Node['attributes'];
  /** Products of one sum, at most. */
  readonly length: number;
}

/** Sums of the products of all parts. `low` and `high` bound the sums of the whole operands. */
export function sumProducts(
  { integers, builder }: Context,
  { operator, attributes, length }: ProductOperator,
  left: Parts,
  right: Parts,
  { low, high }: { readonly low: number; readonly high: number },
  where: string,
): Integer {
  let total: Integer | undefined;
  for (const a of left.parts) {
    for (const b of right.parts) {
      const bound = length * largest(a) * largest(b);
      if (bound >= 2 ** 31 && !(left.parts.length * right.parts.length === 1 && fits32(low, high)))
        throw new ProgramError({ where, what: 'adds up more products of bytes than 32 bits hold' });
      const zeros = a.zero === 0 && b.zero === 0 ? [] : [zero(left, a), zero(right, b)];
      const name = builder.node(operator, [a.name, b.name, ...zeros], attributes);
      const limit = Math.min(bound, 2 ** 31 - 1);
      const sum = integers.value(name, 'int32', -limit, limit);
      const weighted = integers.multiply(sum, scalar(a.factor * b.factor));
      total = total === undefined ? weighted : integers.add(total, weighted);
    }
  }
  return { ...total!, low: BigInt(Math.floor(low)), high: BigInt(Math.ceil(high)) };

  function zero({ type }: Parts, part: Part): string {
    return builder.numbers(type, [], [part.zero]);
  }
}

const largest = ({ low, high }: Part) => Math.max(-low, high);
const fits32 = (low: number, high: number) => low >= -(2 ** 31) && high < 2 ** 31;

/** The register after the last product, which wraps or never overflows. */
function accumulated(context: Context, sum: Integer, { accumulator }: Arithmetic, where: string): Integer {
  const { bits, overflow, treeBits, partialSum, provedBits } = accumulator;
  const exact = provedBits > 0 && provedBits <= bits && (treeBits === 0 || treeBits >= provedBits);
  if (exact && partialSum === null) return sum;
  const wraps = overflow === 'wrap' && partialSum === null && (treeBits === 0 || treeBits >= bits);
  if (!wraps)
    throw new ProgramError({ where, what: 'has an accumulator that must be emulated step by step' });
  return limitInteger(context.integers, sum, { bits, signed: true, narrow: false }, 'wrap', where);
}

/** Weights above their zero points, output channels first, with the axes in another order. */
function centredWeights({ shape, data, format }: ProgramTensor, order: readonly number[]): number[] {
  const size = data!.length / Math.max(shape[0], 1);
  const centred = Array.from(data as Int32Array, (code, index) => {
    return code - at(format!.zeroPoint, Math.floor(index / size));
  });
  return permuteData(centred, shape, order, new Array<number>(centred.length));
}

function product(
  context: Context,
  instruction: Instruction<'convolution'> | Instruction<'gemm'>,
  orders: { readonly input: readonly number[]; readonly weights: readonly number[] },
  operator: Pick<ProductOperator, 'operator' | 'attributes'>,
): void {
  const { integers } = context;
  const { inputs, output, clamp, arithmetic, name: where } = instruction;
  const [x, weights, bias] = inputs.map(context.tensor) as [ProgramTensor, ProgramTensor, ProgramTensor?];
  const codes = context.codes(inputs[0], orders.input);
  const origin = at(x.format!.zeroPoint, 0);
  const left = computedParts(context, codes, origin);
  const inOrder = centredWeights(weights, orders.weights);
  const shape = shapeIn(weights.shape, orders.weights);
  const right = constantParts(context, inOrder, shape, left.type, weights.name);
  const channels = weights.shape[0];
  const plain = plainOrder(weights.shape.length);
  const interval = { low: Number(codes.low) - origin, high: Number(codes.high) - origin };
  const range = accumulatorRange(centredWeights(weights, plain), channels, undefined, interval);
  const length = inOrder.length / Math.max(channels, 1);
  let sum = sumProducts(context, { ...operator, length }, left, right, range, where);
  if (bias !== undefined) {
    const values = Array.from(bias.data as ArrayLike<number | bigint>, BigInt);
    sum = integers.add(sum, context.spread(output, orders.input)(values));
  }
  const total = accumulated(context, sum, arithmetic!, where);
  context.requantize(instruction, total, arithmetic!.requantize, orders.input, clamp);
}

export function convolution(instruction: Instruction<'convolution'>, context: Context): void {
  const { window, groups } = instruction;
  const attributes = { ...windowAttributes(window), group: int(groups) };
  const orders = { input: CHANNELS_FIRST, weights: CHANNELS_FIRST };
  product(context, instruction, orders, { operator: 'ConvInteger', attributes });
}

export function gemm(instruction: Instruction<'gemm'>, context: Context): void {
  product(context, instruction, { input: [0, 1], weights: [1, 0] }, { operator: 'MatMulInteger' });
}

export function matmul(instruction: Instruction<'matmul'>, context: Context): void {
  const { inputs, output, arithmetic, name: where } = instruction;
  const plain = inputs.map((input) => plainOrder(context.tensor(input).shape.length));
  const operands = inputs.map((input, index) => {
    const codes = context.codes(input, plain[index]);
    return computedParts(context, codes, at(context.format(input).zeroPoint, 0));
  });
  const type = operands.every((operand) => operand.type === 'int8') ? 'int8' : 'uint8';
  const [left, right] = operands.map((operand) => withType(context.integers, operand, type));
  const length = context.tensor(inputs[0]).shape.at(-1)!;
  const reach = inputs.map((input, index) => {
    const { low, high } = context.codes(input, plain[index]);
    const zero = at(context.format(input).zeroPoint, 0);
    return Math.max(Math.abs(Number(low) - zero), Math.abs(Number(high) - zero));
  });
  const bound = length * reach[0] * reach[1];
  const range = { low: -bound, high: bound };
  const sum = sumProducts(context, { operator: 'MatMulInteger', length }, left, right, range, where);
  const total = accumulated(context, sum, arithmetic!, where);
  const order = plainOrder(context.tensor(output).shape.length);
  context.requantize(instruction, total, arithmetic!.requantize, order);
}
