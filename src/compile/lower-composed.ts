/** Operators that are several float32 instructions: LogSoftmax, LpNormalization and LpPool. */
import type { Node } from '../graph/graph.js';
import type { UnaryFunction, Window } from '../program/instructions.js';
import { elementCount } from '../shape.js';
import type { Context } from './context.js';
import { spatial } from './lower-pooling.js';

type Draft = Parameters<Context['builder']['emit']>[1];

/** Emits instructions for one node: `step` an intermediate tensor, `last` the value itself. */
function steps(context: Context, node: Node) {
  const { builder } = context;
  const [value] = node.outputs;
  const last = (draft: Draft, shape: readonly number[], name = value) =>
    builder.emit(node, draft, { name, shape, format: null });
  const step = (suffix: string, draft: Draft, shape: readonly number[]) =>
    last(draft, shape, builder.derive(value, suffix));
  return { last, step };
}

const subtract = (inputs: number[]): Draft => ({
  op: 'add',
  sign: -1,
  shifts: [0, 0],
  scalings: null,
  clamp: null,
  requantize: null,
  inputs,
});
const multiply = (inputs: number[]): Draft => ({ op: 'multiply', clamp: null, requantize: null, inputs });
const reduce = (fn: 'sum' | 'maximum', axis: number, inputs: number[]): Draft => ({
  op: 'reduce',
  function: fn,
  axes: [axis],
  requantize: null,
  inputs,
});
const unary = (name: 'exp' | 'log' | 'absolute' | 'squareRoot', inputs: number[]): Draft => {
  const fn: UnaryFunction = { name };
  return { op: 'unary', function: fn, inputs };
};

/** (x - max) - log(sum of exp(x - max)) over `axis`. */
export function lowerLogSoftmax(context: Context, node: Node, axis: number): void {
  const { tensor, order } = context.read(node.inputs[0], null);
  const { shape } = context.builder.tensors[tensor];
  const along = order.indexOf(axis);
  const line = shape.with(along, 1);
  const { step, last } = steps(context, node);
  const largest = step('largest', reduce('maximum', along, [tensor]), line);
  const distance = step('distance', subtract([tensor, largest]), shape);
  const power = step('exp', unary('exp', [distance]), shape);
  const sum = step('sum', reduce('sum', along, [power]), line);
  const logarithm = step('log', unary('log', [sum]), line);
  const result = last(subtract([distance, logarithm]), shape);
  context.define(node.outputs[0], { tensor: result, order }, node.inputs);
}

/** x / (sum of abs(x)^p over `axis`)^(1/p), p 1 or 2; 0 where that norm is 0. */
export function lowerLpNormalization(context: Context, node: Node, axis: number, p: 1 | 2): void {
  const { tensor, order } = context.read(node.inputs[0], null);
  const { shape } = context.builder.tensors[tensor];
  const along = order.indexOf(axis);
  const line = shape.with(along, 1);
  const { step, last } = steps(context, node);
  const powers = step('powers', p === 1 ? unary('absolute', [tensor]) : multiply([tensor, tensor]), shape);
  const sum = step('sum', reduce('sum', along, [powers]), line);
  const norm = p === 1 ? sum : step('norm', unary('squareRoot', [sum]), line);
  const quotient = step('quotient', { op: 'binary', function: 'divide', inputs: [tensor, norm] }, shape);
  const zero = context.builder.constant(
    context.builder.derive(node.outputs[0], 'zero'),
    [1],
    null,
    new Float32Array(1),
  );
  const result = last({ op: 'select', inputs: [norm, quotient, zero] }, shape);
  context.define(node.outputs[0], { tensor: result, order }, node.inputs);
}

/** (sum of abs(x)^p over each window)^(1/p): sums of windows are a convolution with ones. */
export function lowerLpPool(context: Context, node: Node, window: Window, p: number): void {
  const { builder } = context;
  const [value] = node.outputs;
  const { step, last } = steps(context, node);
  const scalar = (name: string, number: number) =>
    builder.constant(builder.derive(value, name), [1], null, Float32Array.of(number));
  const power = (suffix: string, exponent: number, input: number, shape: readonly number[]) =>
    step(
      suffix,
      { op: 'binary', function: 'power', inputs: [input, scalar(`${suffix}/p`, exponent)] },
      shape,
    );
  spatial(context, node, null, (input, shape) => {
    const source = builder.tensors[input].shape;
    const channels = source[3];
    const size = step('size', unary('absolute', [input]), source);
    const raised =
      p === 1
        ? size
        : p === 2
          ? step('powers', multiply([size, size]), source)
          : power('powers', p, size, source);
    const ones = [channels, ...window.kernel, 1];
    const weights = builder.constant(
      builder.derive(value, 'ones'),
      ones,
      null,
      new Float32Array(elementCount(ones)).fill(1),
    );
    const inputs = [raised, weights];
    const sums = {
      op: 'convolution',
      window,
      groups: channels,
      clamp: null,
      arithmetic: null,
      inputs,
    } as const;
    if (p === 1) return last(sums, shape);
    const sum = step('sum', sums, shape);
    return p === 2 ? last(unary('squareRoot', [sum]), shape) : power('root', 1 / p, sum, shape);
  });
}
