/** Pooling and reductions by integer operators. */
import { plainOrder } from '../../../compile/axis-order.js';
import { ProgramError } from '../../../errors.js';
import { codeRange } from '../../../formats/format.js';
import { int, ints } from '../../../graph/attributes.js';
import type { Instruction, Window } from '../../../program/instructions.js';
import { sweep, tapCount } from '../../../program/windows.js';
import { CHANNELS_FIRST } from '../layouts.js';
import { exactPads, windowAttributes } from '../windows.js';
import type { Context } from './context.js';
import { type Integer, type Numbers, scalar } from './integers.js';
import { computedParts, constantParts } from './parts.js';
import { sumProducts } from './products.js';
import { type RationalScaling, rationalScaling, scaleInteger, scaleRational, toCodes } from './scaling.js';

/** Averages are sums by a grouped convolution with ones, scaled for the number of elements in each window. */
export function averagePool(instruction: Instruction<'averagePool'>, context: Context): void {
  const { inputs, output, window, overflow, name: where } = instruction;
  const { integers } = context;
  const { shape, format } = context.tensor(inputs[0]);
  const codes = context.codes(inputs[0], CHANNELS_FIRST);
  const origin = Number(format!.zeroPoint);
  const operand = computedParts(context, codes, origin);
  const [rows, columns] = window.kernel;
  const channels = shape[3];
  const ones = new Array<number>(channels * rows * columns).fill(1);
  const kernel = constantParts(context, ones, [channels, 1, rows, columns], operand.type, `${where}/ones`);
  const pads = exactPads(window, shape, context.tensor(output).shape);
  const attributes = { ...windowAttributes(window, pads), group: int(channels) };
  const length = rows * columns;
  const range = {
    low: length * Math.min(0, Number(codes.low) - origin),
    high: length * Math.max(0, Number(codes.high) - origin),
  };
  const operator = { operator: 'ConvInteger', attributes, length } as const;
  const sum = sumProducts(context, operator, operand, kernel, range, where);
  const spread = context.spread(output, CHANNELS_FIRST);
  const scaled = scaleByCount(instruction, sum, context);
  const result = toCodes(integers, scaled, context.format(output), overflow, null, spread, where);
  context.layouts.define(output, result, CHANNELS_FIRST);
}

function scaleByCount(instruction: Instruction<'averagePool'>, sum: Integer, context: Context): Integer {
  const { inputs, output, scalings, name: where } = instruction;
  const { integers } = context;
  if (scalings.length === 1) {
    const spread = context.spread(output, CHANNELS_FIRST);
    return scaleInteger(integers, sum, scalings[0].scaling, spread, where);
  }
  const counts = windowCounts(instruction, context.tensor(inputs[0]).shape, context.tensor(output).shape);
  const rules = new Map(
    scalings.map(({ count, scaling }) => [
      count,
      rationalScaling(scaling, (field) => scalar(field as number)),
    ]),
  );
  const used = counts.values.map((count) => rules.get(Number(count)));
  const [first] = used;
  if (used.some((rule) => rule === undefined || rule.rounding !== first!.rounding))
    throw new ProgramError({ where, what: 'divides its sums in ways that differ in more than the divisor' });
  const collect = (entry: (rule: RationalScaling) => Numbers): Numbers => {
    return { shape: counts.shape, values: used.map((rule) => entry(rule!).values[0]) };
  };
  const both = {
    multiplier: collect((rule) => rule.multiplier),
    divisor: collect((rule) => rule.divisor),
    rounding: first!.rounding,
  };
  return scaleRational(integers, sum, both, where);
}

/** How many elements each window of [1, 1, H, W] holds. */
function windowCounts(
  { window, countIncludePad }: Instruction<'averagePool'>,
  input: readonly number[],
  output: readonly number[],
): Numbers {
  const [rows, columns] = ([0, 1] as const).map((axis) => {
    const along = sweep(window, axis, input[axis + 1]);
    return Array.from({ length: output[axis + 1] }, (_, position) =>
      tapCount(along, position, countIncludePad),
    );
  });
  const values = rows.flatMap((row) => columns.map((column) => BigInt(row * column)));
  return { values, shape: [1, 1, rows.length, columns.length] };
}

/** ONNX pools 8 bits; wider codes are the largest of shifted copies, along rows and then along columns. */
export function maxPool({ inputs, output, window }: Instruction<'maxPool'>, context: Context): void {
  const { shape } = context.tensor(inputs[0]);
  const codes = context.codes(inputs[0], CHANNELS_FIRST);
  const pads = exactPads(window, shape, context.tensor(output).shape);
  const inside = pads.every((pad, index) => pad < window.kernel[index % 2]);
  const narrow = (codes.type === 'int8' || codes.type === 'uint8') && inside;
  const pooled = narrow
    ? poolBytes(codes, window, pads, context)
    : poolWide(codes, window, pads, context, output);
  context.layouts.define(output, pooled, CHANNELS_FIRST);
}

function poolBytes(codes: Integer, window: Window, pads: readonly number[], { builder }: Context): Integer {
  return { ...codes, name: builder.node('MaxPool', [codes.name], windowAttributes(window, pads)) };
}

function poolWide(
  codes: Integer,
  window: Window,
  pads: readonly number[],
  context: Context,
  output: number,
): Integer {
  const { integers, builder } = context;
  const wide = integers.cast(codes, codes.type === 'int64' ? 'int64' : 'int32');
  const { low } = codeRange(context.format(output));
  const list = (values: readonly number[]) => builder.numbers('int64', [values.length], values);
  const [top, left, bottom, right] = pads;
  let value = wide;
  if (pads.some((pad) => pad > 0)) {
    const operands = [
      wide.name,
      list([0, 0, top, left, 0, 0, bottom, right]),
      builder.numbers(wide.type, [], [low]),
    ];
    value = { ...wide, name: builder.node('Pad', operands), low: BigInt(low) };
  }
  const { shape } = context.tensor(output);
  for (const axis of [0, 1] as const) {
    const step = window.strides[axis];
    const copies = Array.from({ length: window.kernel[axis] }, (_, tap): Integer => {
      const start = tap * window.dilations[axis];
      const end = start + (shape[axis + 1] - 1) * step + 1;
      const operands = [value.name, list([start]), list([end]), list([axis + 2]), list([step])];
      return { ...value, name: builder.node('Slice', operands) };
    });
    value = copies.length === 1 ? copies[0] : integers.extremum('Max', copies);
  }
  return integers.cast(value, codes.type);
}

export function reduce(instruction: Instruction<'reduce'>, context: Context): void {
  if (instruction.function === 'sum') reduceSum(instruction, context);
  else reduceExtremum(instruction, context);
}

function reduceSum(instruction: Instruction<'reduce'>, context: Context): void {
  const { inputs, axes, requantize } = instruction;
  const { integers, builder } = context;
  const { shape } = context.tensor(inputs[0]);
  const order = plainOrder(shape.length);
  const centred = context.centred(inputs[0], order);
  const count = BigInt(axes.reduce((product, axis) => product * shape[axis], 1));
  const [low, high] = [centred.low * count, centred.high * count];
  const type = [low, high].every((end) => BigInt.asIntN(32, end) === end) ? 'int32' : 'int64';
  const { name } = integers.cast(centred, type);
  const list = builder.numbers('int64', [axes.length], axes);
  const reduced = axes.length === 0 ? name : builder.node('ReduceSum', [name, list]);
  context.requantize(instruction, integers.value(reduced, type, low, high), requantize!, order);
}

function reduceExtremum(instruction: Instruction<'reduce'>, { builder, layouts }: Context): void {
  const { inputs, output, axes } = instruction;
  const order = plainOrder(layouts.tensor(output).shape.length);
  const codes = layouts.read(inputs[0], order);
  const operator = instruction.function === 'maximum' ? 'ReduceMax' : 'ReduceMin';
  const name = axes.length === 0 ? codes.name : builder.node(operator, [codes.name], { axes: ints(axes) });
  layouts.define(output, { ...codes, name }, order);
}

export function argMax({ inputs, output, axis, last }: Instruction<'argMax'>, context: Context): void {
  const order = plainOrder(context.tensor(inputs[0]).shape.length);
  const { name } = context.codes(inputs[0], order);
  const extent = context.tensor(inputs[0]).shape[axis];
  const attributes = { axis: int(axis), select_last_index: int(last ? 1 : 0) };
  const index = context.integers.value(
    context.builder.node('ArgMax', [name], attributes),
    'int64',
    0,
    extent - 1,
  );
  context.layouts.define(output, context.integers.cast(index, context.storage(output)), order);
}
