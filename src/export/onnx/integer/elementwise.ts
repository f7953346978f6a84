/** Operators that work element by element, by integer operators. */
import { at, codeRange } from '../../../formats/format.js';
import { int } from '../../../graph/attributes.js';
import type { Instruction, Scaling } from '../../../program/instructions.js';
import type { Context } from './context.js';
import { type Integer, scalar } from './integers.js';
import { scaleInteger } from './scaling.js';

export function requantize(instruction: Instruction<'requantize'>, context: Context): void {
  const { inputs, requantize: by } = instruction;
  const order = context.layouts.orderOf(inputs[0]);
  context.requantize(instruction, context.centred(inputs[0], order), by, order);
}

export function add(instruction: Instruction<'add'>, context: Context): void {
  const { inputs, output, sign, shifts, scalings, clamp, requantize: by, name } = instruction;
  const { integers, layouts } = context;
  const order = layouts.commonOrder(inputs, output);
  const scale = (value: Integer, scaling: Scaling | undefined) =>
    scaling === undefined
      ? value
      : scaleInteger(
          integers,
          value,
          scaling,
          (field) => scalar((field as readonly number[])[0] ?? field),
          name,
        );
  const [a, b] = inputs.map((input, index) => {
    const shifted = integers.multiply(context.centred(input, order), scalar(2 ** shifts[index]));
    return scale(shifted, scalings?.[index]);
  });
  const sum = sign === 1 ? integers.add(a, b) : integers.subtract(a, b);
  context.requantize(instruction, sum, by!, order, clamp);
}

export function multiply(instruction: Instruction<'multiply'>, context: Context): void {
  const { inputs, output, clamp, requantize: by } = instruction;
  const order = context.layouts.commonOrder(inputs, output);
  const [a, b] = inputs.map((input) => context.centred(input, order));
  context.requantize(instruction, context.integers.multiply(a, b), by!, order, clamp);
}

export function extremum(instruction: Instruction<'extremum'>, context: Context): void {
  const { inputs, output } = instruction;
  const { integers, layouts } = context;
  const order = layouts.commonOrder(inputs, output);
  const operator = instruction.function === 'maximum' ? 'Max' : 'Min';
  const operands = inputs.map((input) => layouts.readBroadcast(input, order));
  const result = integers.cast(integers.extremum(operator, operands), context.storage(output));
  layouts.define(output, result, order);
}

export function clamp(
  { inputs, output, clamp: { low, high } }: Instruction<'clamp'>,
  context: Context,
): void {
  const { integers, layouts } = context;
  const order = layouts.orderOf(inputs[0]);
  const clipped = integers.clip(layouts.read(inputs[0], order), BigInt(low), BigInt(high));
  layouts.define(output, integers.cast(clipped, context.storage(output)), order);
}

export function leakyRelu(instruction: Instruction<'leakyRelu'>, context: Context): void {
  const { inputs, slopeShift, requantize: by } = instruction;
  const { integers, layouts } = context;
  const order = layouts.orderOf(inputs[0]);
  const x = context.centred(inputs[0], order);
  const { data } = context.tensor(inputs[1]);
  const slopes = context.spread(inputs[0], order)(Array.from(data as ArrayLike<number>, Number));
  const below = integers.multiply(x, slopes);
  const above = integers.multiply(x, scalar(2 ** slopeShift));
  context.requantize(instruction, integers.whereNegative(x, below, above), by!, order);
}

export function lookup({ inputs, output }: Instruction<'lookup'>, context: Context): void {
  const { integers, layouts, builder } = context;
  const order = layouts.orderOf(inputs[0]);
  const { bits, signed } = context.format(inputs[0]);
  const { low } = codeRange({ bits, signed, narrow: false });
  const codes = layouts.read(inputs[0], order);
  const index = integers.cast(integers.add(codes, scalar(-low)), 'int32');
  const table = layouts.read(inputs[1], [0]);
  const result = { ...table, name: builder.node('Gather', [table.name, index.name], { axis: int(0) }) };
  layouts.define(output, result, order);
}

/** Output i along the axis is a sum of elements, each times a weight: one gathering for each tap. */
export function resample(instruction: Instruction<'resample'>, context: Context): void {
  const { inputs, axis, indices, requantize: by } = instruction;
  const { integers, layouts, builder } = context;
  const order = layouts.orderOf(inputs[0]);
  const x = context.centred(inputs[0], order);
  const weights = context.tensor(inputs[1]);
  const [outputs, taps] = weights.shape;
  const zero = at(weights.format!.zeroPoint, 0);
  const shape = order.map((entry) => (entry === axis ? outputs : 1));
  let sum: Integer | undefined;
  for (let tap = 0; tap < taps; tap++) {
    const along = Array.from({ length: outputs }, (_, index) => index * taps + tap);
    const list = builder.numbers(
      'int64',
      [outputs],
      along.map((index) => indices[index]),
    );
    const gathered = builder.node('Gather', [x.name, list], { axis: int(order.indexOf(axis)) });
    const values = along.map((index) => BigInt(Number(weights.data![index]) - zero));
    const product = integers.multiply({ ...x, name: gathered }, { values, shape });
    sum = sum === undefined ? product : integers.add(sum, product);
  }
  context.requantize(instruction, sum!, by!, order);
}
