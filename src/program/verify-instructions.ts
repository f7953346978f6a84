/** What is legal for each instruction: one rule per row. docs/arithmetic.md says what the fields mean. */
import { at, codeRange, formatText, sameFormat } from '../formats/format.js';
import { roundShift } from '../formats/rounding.js';
import { broadcastShape, elementCount } from '../shape.js';
import * as check from './check.js';
import { type Check, MOST_PRODUCTS } from './check.js';
import type { Arithmetic, Clamp, InstructionTable, Window } from './instructions.js';
import type { ProgramTensor } from './program.js';
import { floatRules } from './verify-float.js';
import { movementRules } from './verify-movement.js';
import { averagedCounts, sweep, windowCount } from './windows.js';

const LARGEST = 2 ** 31 - 1;

/** Sums of a softmax must fit 31 bits, and no line may add up to nothing. */
function expectSoftmaxTables(c: Check, extent: number): void {
  check.expectOperands(c, 2, 3);
  const [x, exponentials, reciprocals] = c.inputs;
  const { bits } = check.expectScale(c, x, null);
  check.expectScale(c, c.output, null);
  const least = reciprocals === undefined ? 2 ** 30 : 2;
  for (const [table, length] of [
    [exponentials, 2 ** bits],
    [reciprocals, 513],
  ] as const) {
    if (table === undefined) continue;
    check.expectConstant(c, 'a table', table);
    check.expectShape(c, 'a table', table, [length]);
    const width = table.format?.bits ?? 0;
    if (width < 9 || width > 32) c.fail(`"${table.name}" has the wrong width`, '9 to 32 bits', width);
  }
  const entries = Array.from(exponentials.data as ArrayLike<number>, Number);
  const largest = entries.reduce((a, b) => Math.max(a, b), 0);
  if (entries[0] < least || entries.some((entry) => entry < 0)) {
    c.fail('the exponentials do not fit', `none below 0, the first at least ${least}`, entries[0]);
  }
  const term = reciprocals === undefined ? roundShift(largest, 12, 'halfAwayFromZero') : largest;
  if (extent * term >= 2 ** 31) c.fail('the sums do not fit 31 bits', `${LARGEST}`, extent * term);
}

export const rules: InstructionTable<[Check], void> = {
  ...floatRules,
  quantize({ overflow }, c) {
    unary(c);
    check.expectFloat(c, c.inputs[0]);
    check.expectOverflow(c, check.expectCodes(c, c.output), overflow);
  },
  dequantize(_, c) {
    unary(c);
    check.expectCodes(c, c.inputs[0]);
    check.expectFloat(c, c.output);
  },
  requantize({ requantize }, c) {
    unary(c);
    const [x] = c.inputs;
    const format = check.expectScale(c, x, x.shape.length - 1);
    const position = (channel: number) => at(format.fractionBits, channel);
    check.expectRequantize(c, requantize, check.hasUnitMantissa(format) ? position : undefined);
  },
  convolution({ window, groups, clamp, arithmetic }, c) {
    check.expectOperands(c, 2, 3);
    const [x, weights] = c.inputs;
    expectWindow(c, window, false);
    check.expectRank(c, 'the weights', weights, 4);
    check.expectInteger(c, 'groups', groups, 1, LARGEST);
    const [outputs] = weights.shape;
    const channels = x.shape[3];
    if (channels % groups !== 0 || outputs % groups !== 0) {
      c.fail('groups do not divide the channels', `a divisor of ${channels} and ${outputs}`, groups);
    }
    check.expectShape(c, 'the weights', weights, [outputs, ...window.kernel, channels / groups]);
    check.expectShape(c, 'the output', c.output, [...c.output.shape.slice(0, 3), outputs]);
    expectProducts(c, arithmetic, clamp);
  },
  gemm({ clamp, arithmetic }, c) {
    check.expectOperands(c, 2, 3);
    const [x, weights] = c.inputs;
    check.expectRank(c, 'the input', x, 2);
    check.expectRank(c, 'the weights', weights, 2);
    check.expectShape(c, 'the weights', weights, [weights.shape[0], x.shape[1]]);
    check.expectShape(c, 'the output', c.output, [x.shape[0], weights.shape[0]]);
    expectProducts(c, arithmetic, clamp);
  },
  add({ sign, shifts, scalings, clamp, requantize }, c) {
    expectBroadcast(c, clamp);
    if (sign !== 1 && sign !== -1) c.fail('sign is out of range', '1 or -1', sign);
    shifts.forEach((shift, operand) => {
      check.expectShift(c, 'shifts', shift, c.inputs[operand]);
    });
    if (!check.worksOnCodes(c)) return check.expectNoRequantize(c, requantize);
    const [a, b] = c.inputs.map((operand) => check.expectScale(c, operand, null));
    if (scalings !== null) {
      scalings.forEach((scaling, operand) => {
        check.expectScaledOperand(c, scaling, c.inputs[operand], shifts[operand]);
      });
      return check.expectRequantize(c, requantize);
    }
    const positions = [at(a.fractionBits, 0) + shifts[0], at(b.fractionBits, 0) + shifts[1]];
    const exact = check.hasUnitMantissa(a) && check.hasUnitMantissa(b);
    if (exact && positions[0] !== positions[1]) {
      c.fail('shifts do not align the operands', 'one number of fraction bits', positions.join(' and '));
    }
    check.expectRequantize(c, requantize, exact ? () => positions[0] : undefined);
  },
  matmul({ arithmetic }, c) {
    check.expectOperands(c, 2);
    const [a, b] = c.inputs;
    const [rows, depth] = a.shape.slice(-2);
    const batch = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
    const fits = a.shape.length >= 2 && b.shape.length >= 2 && b.shape.at(-2) === depth;
    if (!fits || batch === undefined)
      return c.fail(
        'the matrices do not fit',
        '[..., M, K] and [..., K, N]',
        `[${a.shape}] and [${b.shape}]`,
      );
    check.expectShape(c, 'the output', c.output, [...batch, rows, b.shape[b.shape.length - 1]]);
    if (!check.worksOnCodes(c)) return check.expectNoRequantize(c, arithmetic);
    if (arithmetic === null) return c.fail('has no arithmetic', 'one, as it works on codes', 'none');
    if (depth > MOST_PRODUCTS) c.fail('an output has too many products', `at most ${MOST_PRODUCTS}`, depth);
    const [left, right] = c.inputs.map((operand) => check.expectScale(c, operand, null));
    const exact = check.hasUnitMantissa(left) && check.hasUnitMantissa(right);
    const position = at(left.fractionBits, 0) + at(right.fractionBits, 0);
    check.expectAccumulator(c, arithmetic.accumulator);
    check.expectRequantize(c, arithmetic.requantize, exact ? () => position : undefined);
  },
  multiply({ clamp, requantize }, c) {
    expectBroadcast(c, clamp);
    if (!check.worksOnCodes(c)) return check.expectNoRequantize(c, requantize);
    const [a, b] = c.inputs.map((operand) => check.expectScale(c, operand, null));
    const exact = check.hasUnitMantissa(a) && check.hasUnitMantissa(b);
    const position = at(a.fractionBits, 0) + at(b.fractionBits, 0);
    check.expectRequantize(c, requantize, exact ? () => position : undefined);
  },
  extremum(_, c) {
    expectBroadcast(c, null);
    check.expectMovable(c);
  },
  scaledPair({ by, clamp }, c) {
    expectBroadcast(c, clamp);
    check.expectScaledPair(c, by);
  },
  clamp({ clamp }, c) {
    unary(c);
    check.expectOneFormat(c);
    check.expectClamp(c, clamp);
  },
  leakyRelu({ slopeShift, requantize }, c) {
    check.expectOperands(c, 2);
    const [x, slopes] = c.inputs;
    check.expectShape(c, 'the output', c.output, x.shape);
    check.expectConstant(c, 'the slope', slopes);
    const channels = x.shape.at(-1) ?? 1;
    check.expectShape(c, 'the slope', slopes, [slopes.shape[0] === 1 ? 1 : channels]);
    check.expectShift(c, 'slopeShift', slopeShift, x);
    if (!check.worksOnCodes(c)) return check.expectNoRequantize(c, requantize);
    const input = check.expectScale(c, x, null);
    const slope = check.expectScale(c, slopes, null);
    check.expectNoZeroPoint(c, slopes.name, slope);
    if (check.hasUnitMantissa(slope) && slope.fractionBits !== slopeShift) {
      c.fail('slopeShift does not fit the slopes', String(slope.fractionBits), slopeShift);
    }
    const exact = check.hasUnitMantissa(input) && check.hasUnitMantissa(slope);
    const position = at(input.fractionBits, 0) + slopeShift;
    check.expectRequantize(c, requantize, exact ? () => position : undefined);
  },
  lookup(_, c) {
    check.expectOperands(c, 2);
    const [x, table] = c.inputs;
    check.expectShape(c, 'the output', c.output, x.shape);
    check.expectConstant(c, 'the table', table);
    check.expectShape(c, 'the table', table, [2 ** check.expectScale(c, x, null).bits]);
    const format = check.expectScale(c, table, null);
    if (!sameFormat(format, check.expectCodes(c, c.output))) {
      c.fail('the table has another format', formatText(c.output.format!), formatText(format));
    }
  },
  unary({ function: fn }, c) {
    unary(c);
    expectAllFloat(c);
    if (fn.name !== 'hardSigmoid') return;
    check.expectFinite(c, 'alpha', fn.alpha);
    check.expectFinite(c, 'beta', fn.beta);
  },
  maxPool({ window }, c) {
    check.expectOperands(c, 1);
    expectWindow(c, window, true);
    check.expectShape(c, 'the output', c.output, [...c.output.shape.slice(0, 3), c.inputs[0].shape[3]]);
    check.expectOneFormat(c);
  },
  averagePool({ window, countIncludePad, scalings, overflow }, c) {
    check.expectOperands(c, 1);
    const [x] = c.inputs;
    expectWindow(c, window, true);
    check.expectShape(c, 'the output', c.output, [...c.output.shape.slice(0, 3), x.shape[3]]);
    const counts = averagedCounts(window, x.shape, c.output.shape, countIncludePad);
    if (counts[0] === 0) c.fail('a window lies in the padding', 'one element of the input', 'none');
    if (!check.worksOnCodes(c)) {
      if (scalings.length > 0) c.fail('has scalings', 'none, as it works on float32', scalings.length);
      return;
    }
    check.expectChannelScale(c, x);
    const known = new Set(scalings.map(({ count }) => count));
    if (known.size < scalings.length) c.fail('two scalings have one count', 'different counts', 'equal ones');
    for (const count of counts)
      if (!known.has(count)) c.fail('a scaling is missing', `count ${count}`, 'none');
    for (const { count, scaling } of scalings) {
      check.expectInteger(c, 'the count', count, 1, LARGEST);
      check.expectRequantize(c, { ...scaling, overflow });
    }
  },
  reduce({ function: fn, axes, requantize }, c) {
    expectReduced(c, axes);
    if (fn !== 'sum') {
      check.expectNarrow(c);
      check.expectMovable(c);
      return check.expectNoRequantize(c, requantize);
    }
    if (!check.worksOnCodes(c)) return check.expectNoRequantize(c, requantize);
    const format = check.expectScale(c, c.inputs[0], null);
    const count = elementCount(axes.map((axis) => c.inputs[0].shape[axis]));
    if (format.bits > 16 && count > MOST_PRODUCTS)
      c.fail('a sum has too many codes of their width', `at most ${MOST_PRODUCTS}`, count);
    const position = () => at(format.fractionBits, 0);
    check.expectRequantize(c, requantize, check.hasUnitMantissa(format) ? position : undefined);
  },
  argMax({ axis }, c) {
    expectReduced(c, [axis]);
    const [x] = c.inputs;
    if (x.format !== null) check.expectScale(c, x, null);
    const { format } = c.output;
    if (format === null) return;
    check.expectScale(c, c.output, null);
    check.expectNoZeroPoint(c, c.output.name, format);
    const isInteger = check.hasUnitMantissa(format) && at(format.fractionBits, 0) === 0;
    if (!isInteger || codeRange(format).high < x.shape[axis] - 1)
      c.fail('the output does not hold the indices', `integers to ${x.shape[axis] - 1}`, formatText(format));
  },
  softmax({ axis }, c) {
    check.expectOperands(c, 1, 3);
    check.expectInteger(c, 'axis', axis, 0, c.output.shape.length - 1);
    check.expectShape(c, 'the output', c.output, c.inputs[0].shape);
    if (c.output.format !== null) return expectSoftmaxTables(c, c.output.shape[axis]);
    unary(c);
    expectAllFloat(c);
  },
  localResponseNormalization({ size, alpha, beta, bias }, c) {
    unary(c);
    expectAllFloat(c);
    if (c.output.shape.length === 0) c.fail('has no channels', 'at least one axis', '[]');
    check.expectInteger(c, 'size', size, 1, LARGEST);
    check.expectFinite(c, 'alpha', alpha);
    check.expectFinite(c, 'beta', beta);
    check.expectFinite(c, 'bias', bias);
  },
  ...movementRules,
};

/** One operand, of the output's shape. */
function unary(c: Check): void {
  check.expectOperands(c, 1);
  check.expectShape(c, 'the output', c.output, c.inputs[0].shape);
}

/** Ascending axes of the one operand, which have size 1 in the output. */
function expectReduced(c: Check, axes: readonly number[]): void {
  check.expectOperands(c, 1);
  const { shape } = c.inputs[0];
  axes.forEach((axis, i) => {
    check.expectInteger(c, 'an axis', axis, i === 0 ? 0 : axes[i - 1] + 1, shape.length - 1);
  });
  const kept = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  check.expectShape(c, 'the output', c.output, kept);
}

function expectAllFloat(c: Check): void {
  for (const tensor of [...c.inputs, c.output]) check.expectFloat(c, tensor);
}

function expectBroadcast(c: Check, clamp: Clamp | null): void {
  check.expectOperands(c, 2);
  const [a, b] = c.inputs;
  const shape = broadcastShape(a.shape, b.shape);
  if (shape === undefined) c.fail('the operands do not broadcast', `[${a.shape}]`, `[${b.shape}]`);
  check.expectShape(c, 'the output', c.output, shape);
  check.expectClamp(c, clamp);
}

/** Window fields, and rank, batch and spatial size of the output; `ceil` allows windows past the padded input. */
function expectWindow(c: Check, window: Window, ceil: boolean): void {
  const [x] = c.inputs;
  check.expectRank(c, 'the input', x, 4);
  check.expectRank(c, 'the output', c.output, 4);
  for (const name of ['kernel', 'strides', 'dilations'] as const) {
    for (const value of window[name]) check.expectInteger(c, name, value, 1, LARGEST);
  }
  for (const pad of window.pads) check.expectInteger(c, 'pads', pad, 0, LARGEST);
  const [batch, ...spatial] = c.output.shape;
  check.expectShape(c, 'the output', c.output, [x.shape[0], ...spatial]);
  for (const axis of [0, 1] as const) {
    const along = sweep(window, axis, x.shape[axis + 1]);
    const count = windowCount(along);
    const most = ceil ? windowCount(along, true) : count;
    const given = spatial[axis];
    if (given === count || given === most) continue;
    c.fail('the output has a wrong shape', `${most} windows along axis ${axis + 1}`, `[${batch},${spatial}]`);
  }
}

/** Constant weights and bias of convolution and gemm, and the way from products to codes. */
function expectProducts(c: Check, arithmetic: Arithmetic | null, clamp: Clamp | null): void {
  const [x, weights, bias] = c.inputs as readonly [ProgramTensor, ProgramTensor, ProgramTensor | undefined];
  check.expectConstant(c, 'the weights', weights);
  check.expectClamp(c, clamp);
  if (bias !== undefined) {
    check.expectConstant(c, 'the bias', bias);
    check.expectShape(c, 'the bias', bias, [weights.shape[0]]);
  }
  if (!check.worksOnCodes(c, [x, weights])) {
    if (bias !== undefined) check.expectFloat(c, bias);
    const bad = findNotFinite(weights.data as Float32Array);
    if (bad !== undefined) check.expectFinite(c, 'a weight', bad);
    check.expectNoRequantize(c, arithmetic);
    return;
  }
  if (arithmetic === null) c.fail('has no arithmetic', 'one, as it works on codes', 'none');
  const products = elementCount(weights.shape.slice(1));
  if (products > MOST_PRODUCTS)
    c.fail('an output has too many products', `at most ${MOST_PRODUCTS}`, products);
  const input = check.expectChannelScale(c, x);
  const weight = check.expectScale(c, weights, 0);
  const position = (channel: number) => at(input.fractionBits, 0) + at(weight.fractionBits, channel);
  const exact = check.hasUnitMantissa(input) && check.hasUnitMantissa(weight);
  if (bias !== undefined) expectBias(c, bias, position, exact);
  check.expectAccumulator(c, arithmetic.accumulator);
  check.expectRequantize(c, arithmetic.requantize, exact ? position : undefined);
}

function findNotFinite(values: Float32Array): number | undefined {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return values[i];
  return undefined;
}

/** A bias stands at the accumulator's position. */
function expectBias(
  c: Check,
  bias: ProgramTensor,
  position: (channel: number) => number,
  exact: boolean,
): void {
  const { format } = bias;
  if (format === null) c.fail('the bias is float32', 'codes', 'f32');
  check.expectNoZeroPoint(c, bias.name, format);
  for (let channel = 0; exact && channel < bias.shape[0]; channel++) {
    const given = at(format.fractionBits, channel);
    if (check.hasUnitMantissa(format) && given === position(channel)) continue;
    c.fail(
      'the bias does not stand at the accumulator',
      `${position(channel)} fraction bits`,
      formatText(format),
    );
  }
}
