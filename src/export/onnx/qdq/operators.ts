/** What instructions compute on real values, as ONNX operators: products, windows and elements. */
import { permuteData, plainOrder } from '../../../compile/axis-order.js';
import { ProgramError } from '../../../errors.js';
import { codeRange, stepSize } from '../../../formats/format.js';
import { float, int, text } from '../../../graph/attributes.js';
import type { Node } from '../../../graph/graph.js';
import type { Instruction, UnaryFunction } from '../../../program/instructions.js';
import { castTo } from '../graph-builder.js';
import { CHANNELS_FIRST, shapeIn } from '../layouts.js';
import { exactPads, windowAttributes } from '../windows.js';
import type { Context } from './context.js';

export function convolution(instruction: Instruction<'convolution'>, context: Context): void {
  const { inputs, window, groups } = instruction;
  const [x, weights, bias] = inputs;
  const operands = [x, weights].map((input) => context.layouts.read(input, CHANNELS_FIRST));
  if (bias !== undefined) operands.push(context.layouts.read(bias, [0]));
  const attributes = { ...windowAttributes(window), group: int(groups) };
  context.compute(instruction, 'Conv', operands, attributes, CHANNELS_FIRST);
}

export function gemm(instruction: Instruction<'gemm'>, context: Context): void {
  const { inputs } = instruction;
  const operands = inputs.map((input, index) => context.layouts.read(input, index < 2 ? [0, 1] : [0]));
  context.compute(instruction, 'Gemm', operands, { transB: int(1) }, [0, 1]);
}

export function matmul(instruction: Instruction<'matmul'>, context: Context): void {
  const operands = instruction.inputs.map((input) =>
    context.layouts.read(input, plainOrder(context.tensor(input).shape.length)),
  );
  const order = plainOrder(context.tensor(instruction.output).shape.length);
  context.compute(instruction, 'MatMul', operands, {}, order);
}

type Pair = Instruction<'add' | 'multiply' | 'extremum' | 'scaledPair' | 'binary' | 'select'>;

function broadcastOperands({ inputs, output }: Pair, { layouts }: Context) {
  const order = layouts.commonOrder(inputs, output);
  return { order, operands: inputs.map((input) => layouts.readBroadcast(input, order)) };
}

/** An operator on broadcast operands. */
export function elementwise(operator: (instruction: Pair) => string) {
  return (instruction: Pair, context: Context): void => {
    const { order, operands } = broadcastOperands(instruction, context);
    context.compute(instruction, operator(instruction), operands, {}, order);
  };
}

export function binary(instruction: Instruction<'binary'>, context: Context): void {
  const { builder } = context;
  const { order, operands } = broadcastOperands(instruction, context);
  const name = instruction.function;
  if (name === 'divide' || name === 'power') {
    context.compute(instruction, name === 'divide' ? 'Div' : 'Pow', operands, {}, order);
    return;
  }
  const comparisons = { equal: 'Equal', notEqual: 'Equal', less: 'Less', lessOrEqual: 'LessOrEqual' };
  const equal = builder.node(comparisons[name], operands);
  const holds = name === 'notEqual' ? builder.node('Not', [equal]) : equal;
  context.compute(instruction, 'Cast', [holds], castTo('float32'), order);
}

export function select(instruction: Instruction<'select'>, context: Context): void {
  const { order, operands } = broadcastOperands(instruction, context);
  const condition = context.builder.node('Cast', [operands[0]], castTo('bool'));
  context.compute(instruction, 'Where', [condition, ...operands.slice(1)], {}, order);
}

/** The real value as it is, limited, quantised, or both. */
export function copy(
  instruction: Instruction<'quantize' | 'dequantize' | 'requantize'>,
  context: Context,
): void {
  const { inputs, output } = instruction;
  const order = context.layouts.orderOf(inputs[0]);
  context.define(output, context.layouts.read(inputs[0], order), order);
}

export function clamp({ inputs, output, clamp: limits }: Instruction<'clamp'>, context: Context): void {
  const order = context.layouts.orderOf(inputs[0]);
  const real = context.layouts.read(inputs[0], order);
  context.define(output, context.limit(real, limits, context.tensor(output).format), order);
}

export function leakyRelu(instruction: Instruction<'leakyRelu'>, context: Context): void {
  const { inputs } = instruction;
  const order = context.layouts.orderOf(inputs[0]);
  const operands = [context.layouts.read(inputs[0], order), context.layouts.readBroadcast(inputs[1], order)];
  context.compute(instruction, 'PRelu', operands, {}, order);
}

/** The table as it is, indexed by the codes of the input. */
export function lookup({ inputs, output }: Instruction<'lookup'>, context: Context): void {
  const { builder, layouts } = context;
  const order = layouts.orderOf(inputs[0]);
  const from = context.tensor(inputs[0]).format!;
  const { low } = codeRange({ ...from, narrow: false });
  const codes = context.quantize(layouts.read(inputs[0], order), from, order);
  const wide = builder.node('Cast', [codes], castTo('int32'));
  const index = low === 0 ? wide : builder.node('Sub', [wide, builder.numbers('int32', [], [low])]);
  const table = layouts.read(inputs[1], [0]);
  layouts.define(output, builder.node('Gather', [table, index], { axis: int(0) }), order);
}

const functions: Readonly<Record<string, string>> = {
  exp: 'Exp',
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
  hardSigmoid: 'HardSigmoid',
  hardSwish: 'HardSwish',
  negate: 'Neg',
  absolute: 'Abs',
  squareRoot: 'Sqrt',
  reciprocal: 'Reciprocal',
  log: 'Log',
  erf: 'Erf',
  softplus: 'Softplus',
  gelu: 'Gelu',
  geluTanh: 'Gelu',
  floor: 'Floor',
  ceiling: 'Ceil',
};

function unaryAttributes(by: UnaryFunction): Node['attributes'] {
  if (by.name === 'hardSigmoid') return { alpha: float(by.alpha), beta: float(by.beta) };
  return by.name === 'geluTanh' ? { approximate: text('tanh') } : {};
}

export function unary(instruction: Instruction<'unary'>, context: Context): void {
  const { inputs, function: by } = instruction;
  const { builder } = context;
  const order = context.layouts.orderOf(inputs[0]);
  const x = context.layouts.read(inputs[0], order);
  const operator = functions[by.name];
  const number = (value: number) => builder.numbers('float32', [], [value]);
  if (operator !== undefined) context.compute(instruction, operator, [x], unaryAttributes(by), order);
  else if (by.name === 'elu') {
    const elu = builder.node('Elu', [x], { alpha: float(by.alpha) });
    context.compute(instruction, 'Mul', [elu, number(by.scale)], {}, order);
  } else if (by.name === 'truncate') {
    const whole = builder.node('Floor', [builder.node('Abs', [x])]);
    context.compute(instruction, 'Mul', [whole, builder.node('Sign', [x])], {}, order);
  } else {
    const zero = builder.node('Equal', [x, number(0)]);
    const holds = by.name === 'isZero' ? zero : builder.node('Not', [zero]);
    context.compute(instruction, 'Cast', [holds], castTo('float32'), order);
  }
}

/** Pads of a pooling: ONNX Runtime takes none that a window fits into. */
function poolPads(instruction: Instruction<'maxPool' | 'averagePool'>, context: Context): readonly number[] {
  const { inputs, output, window, name: where } = instruction;
  const pads = exactPads(window, context.tensor(inputs[0]).shape, context.tensor(output).shape);
  if (pads.some((pad, index) => pad >= window.kernel[index % 2]))
    throw new ProgramError({ where, what: 'has windows that lie in the padding' });
  return pads;
}

export function maxPool(instruction: Instruction<'maxPool'>, context: Context): void {
  const { inputs, window } = instruction;
  const pads = poolPads(instruction, context);
  const x = context.layouts.read(inputs[0], CHANNELS_FIRST);
  context.compute(instruction, 'MaxPool', [x], windowAttributes(window, pads), CHANNELS_FIRST);
}

export function averagePool(instruction: Instruction<'averagePool'>, context: Context): void {
  const { inputs, window, countIncludePad, name: where } = instruction;
  const pads = poolPads(instruction, context);
  if (countIncludePad && pads.some((pad, index) => pad !== window.pads[index]))
    throw new ProgramError({ where, what: 'averages over windows that reach past the padding that counts' });
  const x = context.layouts.read(inputs[0], CHANNELS_FIRST);
  const attributes = { ...windowAttributes(window, pads), count_include_pad: int(countIncludePad ? 1 : 0) };
  context.compute(instruction, 'AveragePool', [x], attributes, CHANNELS_FIRST);
}

export function reduce(instruction: Instruction<'reduce'>, context: Context): void {
  const { inputs, axes } = instruction;
  const operators = { sum: 'ReduceSum', maximum: 'ReduceMax', minimum: 'ReduceMin' };
  const order = plainOrder(context.tensor(inputs[0]).shape.length);
  const x = context.layouts.read(inputs[0], order);
  const list = context.builder.numbers('int64', [axes.length], axes);
  const ownAxes = { noop_with_empty_axes: int(1) };
  context.compute(instruction, operators[instruction.function], [x, list], ownAxes, order);
}

export function argMax(instruction: Instruction<'argMax'>, context: Context): void {
  const { inputs, axis, last } = instruction;
  const order = plainOrder(context.tensor(inputs[0]).shape.length);
  const attributes = { axis: int(axis), select_last_index: int(last ? 1 : 0) };
  const index = context.builder.node('ArgMax', [context.layouts.read(inputs[0], order)], attributes);
  context.compute(instruction, 'Cast', [index], castTo('float32'), order);
}

export function softmax(instruction: Instruction<'softmax'>, context: Context): void {
  const [x] = instruction.inputs;
  const order = context.layouts.orderOf(x);
  const operands = [context.layouts.read(x, order)];
  context.compute(instruction, 'Softmax', operands, { axis: int(order.indexOf(instruction.axis)) }, order);
}

export function localResponseNormalization(
  instruction: Instruction<'localResponseNormalization'>,
  context: Context,
): void {
  const { inputs, output, size, alpha, beta, bias, name: where } = instruction;
  const { builder, layouts } = context;
  if (size % 2 === 0)
    throw new ProgramError({
      where,
      what: 'normalises over an even number of channels, which runtimes do not',
    });
  const { shape } = context.tensor(inputs[0]);
  const attributes = { size: int(size), alpha: float(alpha), beta: float(beta), bias: float(bias) };
  if (shape.length === 4) {
    const x = layouts.read(inputs[0], CHANNELS_FIRST);
    context.compute(instruction, 'LRN', [x], attributes, CHANNELS_FIRST);
    return;
  }
  const order = plainOrder(shape.length);
  const reshape = (value: string, target: readonly number[]) =>
    builder.node('Reshape', [value, builder.numbers('int64', [target.length], target)]);
  const planes = reshape(layouts.read(inputs[0], order), [-1, shape.at(-1)!, 1, 1]);
  context.define(output, reshape(builder.node('LRN', [planes], attributes), shape), order);
}

export function normalize(instruction: Instruction<'normalize'>, context: Context): void {
  const { inputs, axis, epsilon, result } = instruction;
  const { builder } = context;
  const order = plainOrder(context.tensor(inputs[0]).shape.length);
  const x = context.layouts.read(inputs[0], order);
  const axes = order.slice(axis);
  const list = builder.numbers('int64', [axes.length], axes);
  const ownAxes = { noop_with_empty_axes: int(1) };
  if (result === 'mean') {
    context.compute(instruction, 'ReduceMean', [x, list], ownAxes, order);
    return;
  }
  const centred = builder.node('Sub', [x, builder.node('ReduceMean', [x, list], ownAxes)]);
  const variance = builder.node('ReduceMean', [builder.node('Mul', [centred, centred]), list], ownAxes);
  const lifted = builder.node('Add', [variance, builder.numbers('float32', [], [epsilon])]);
  const root = builder.node('Sqrt', [lifted]);
  if (result === 'scale') context.compute(instruction, 'Reciprocal', [root], {}, order);
  else context.compute(instruction, 'Div', [centred, root], {}, order);
}

/** One gathering for each tap, times real weights. */
export function resample(instruction: Instruction<'resample'>, context: Context): void {
  const { inputs, output, axis, indices } = instruction;
  const { builder, layouts } = context;
  const order = layouts.orderOf(inputs[0]);
  const x = layouts.read(inputs[0], order);
  const { shape, data, format } = context.tensor(inputs[1]);
  const [outputs, taps] = shape;
  const along = shapeIn(context.tensor(inputs[0]).shape, order).map((_, index) =>
    order[index] === axis ? outputs : 1,
  );
  const byTap = permuteData(
    Array.from(data as ArrayLike<number>, Number),
    shape,
    [1, 0],
    new Array<number>(data!.length),
  );
  let sum: string | undefined;
  for (let tap = 0; tap < taps; tap++) {
    const list = Array.from({ length: outputs }, (_, index) => indices[index * taps + tap]);
    const operands = [x, builder.numbers('int64', [outputs], list)];
    const gathered = builder.node('Gather', operands, { axis: int(order.indexOf(axis)) });
    const weights = byTap.slice(tap * outputs, (tap + 1) * outputs);
    const real = weights.map((code) =>
      format === null ? code : (code - Number(format.zeroPoint)) * stepSize(format),
    );
    const product = builder.node('Mul', [gathered, builder.numbers('float32', along, real)]);
    sum = sum === undefined ? product : builder.node('Add', [sum, product]);
  }
  context.define(output, sum!, order);
}
