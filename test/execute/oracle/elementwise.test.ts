import { expect, test } from 'vitest';
import { ExecutionError, ProgramError } from '#src/errors.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { allocateCodes, type Codes, codeRange, type Format, fixed } from '#src/formats/format.js';
import { ROUNDINGS, roundReal } from '#src/formats/rounding.js';
import { byShift, type InstructionDraft, programOf, type TensorDraft } from '../../programs.js';

/** Runs one instruction on tensors a, b, ... ; y is its output. */
function run(
  tensors: Record<string, TensorDraft>,
  draft: InstructionDraft,
  ...inputs: (Codes | Float32Array)[]
) {
  return [...createOracle(programOf(tensors, [draft])).run(inputs)[0]];
}

function allCodes(format: Format): number[] {
  const { low, high } = codeRange(format);
  return Array.from({ length: high - low + 1 }, (_, i) => low + i);
}

function codesOf(format: Format, values: number[]): Codes {
  const codes = allocateCodes(format, values.length);
  values.forEach((value, i) => {
    codes[i] = value;
  });
  return codes;
}

const five = fixed(5, 0);
const ufour = fixed(4, 0, { signed: false });
const saturate = (value: number, { low, high }: { low: number; high: number }) =>
  Math.max(low, Math.min(high, value)) + 0;

test.each(ROUNDINGS)('add and multiply of all pairs of 5-bit and unsigned 4-bit codes, %s', (rounding) => {
  // a is a column, b a row: broadcasting gives every pair.
  const [a, b] = [allCodes(five), allCodes(ufour)];
  const tensors = (format: Format) => ({
    a: { shape: [a.length, 1], format: five },
    b: { shape: [b.length], format: ufour },
    y: { shape: [a.length, b.length], format },
  });
  const inputs = [codesOf(five, a), codesOf(ufour, b)];
  const operands = { inputs: ['a', 'b'], output: 'y' };
  const pairs = (of: (a: number, b: number) => number) =>
    a.flatMap((left) => b.map((right) => of(left, right)));
  const sums = run(
    tensors(five),
    {
      op: 'add',
      sign: -1,
      shifts: [1, 2],
      scalings: null,
      clamp: { low: -10, high: 12 },
      requantize: { ...byShift(2), rounding },
      ...operands,
    },
    ...inputs,
  );
  expect(sums).toEqual(
    pairs((left, right) => saturate(roundReal((2 * left - 4 * right) / 4, rounding), { low: -10, high: 12 })),
  );
  const products = run(
    tensors(five),
    { op: 'multiply', clamp: null, requantize: { ...byShift(3), rounding }, ...operands },
    ...inputs,
  );
  expect(products).toEqual(
    pairs((left, right) => saturate(roundReal((left * right) / 8, rounding), { low: -16, high: 15 })),
  );
});

test('shifts per channel run along the last axis, negative ones to the left', () => {
  const tensors = { x: { shape: [2, 3], format: fixed(8, 0) }, y: { shape: [2, 3], format: fixed(8, 0) } };
  const draft: InstructionDraft = {
    op: 'requantize',
    requantize: byShift([-1, 0, 1]),
    inputs: ['x'],
    output: 'y',
  };
  // Times 2, 1 and 1/2: 2.5 -> 2, -3.5 -> -4; 2 * 100 saturates.
  expect(run(tensors, draft, Int8Array.of(1, 1, 5, 100, -128, -7))).toEqual([2, 1, 2, 127, -128, -4]);
  const wrong: InstructionDraft = { ...draft, requantize: byShift([0, 1]) };
  expect(() => run(tensors, wrong, new Int8Array(6))).toThrow(ProgramError);
});

test('wrap keeps the low bits of a requantised value', () => {
  const tensors = { x: { shape: [4], format: fixed(16, 0) }, y: { shape: [4], format: fixed(8, 0) } };
  const requantize = { ...byShift(0), overflow: 'wrap' } as const;
  const draft: InstructionDraft = { op: 'requantize', requantize, inputs: ['x'], output: 'y' };
  expect(run(tensors, draft, Int16Array.of(127, 128, -129, 0x1234))).toEqual([127, -128, 127, 0x34]);
});

test('leakyRelu keeps what is not negative and scales the rest', () => {
  // Slopes 3/4 and -1/2 with two fraction bits; 4 * 2^2 / 2^2 = 4; -4 * 3 / 4 = -3; -3 * 3 / 4 = -2.25 -> -2;
  // -4 * -2 / 4 = 2; -3 * -2 / 4 = 1.5 -> 2.
  const tensors = {
    x: { shape: [3, 2], format: fixed(8, 0) },
    slopes: { shape: [2], format: fixed(8, 2), data: Int8Array.of(3, -2) },
    y: { shape: [3, 2], format: fixed(8, 0) },
  };
  const draft: InstructionDraft = {
    op: 'leakyRelu',
    slopeShift: 2,
    requantize: byShift(2),
    inputs: ['x', 'slopes'],
    output: 'y',
  };
  expect(run(tensors, draft, Int8Array.of(4, 127, -4, -4, -3, -3))).toEqual([4, 127, -3, 2, -2, 2]);
  const float = {
    x: { shape: [2, 2] },
    slopes: { shape: [1], data: Float32Array.of(0.1) },
    y: { shape: [2, 2] },
  };
  const third = Math.fround(-3 * Math.fround(0.1));
  expect(run(float, { ...draft, requantize: null }, Float32Array.of(2, -3, -0, NaN))).toEqual([
    2,
    third,
    -0,
    NaN,
  ]);
});

test('lookup reads the table from the lowest code up, for signed, narrow and unsigned codes', () => {
  for (const format of [fixed(3, 0), fixed(3, 0, { narrow: true }), fixed(3, 0, { signed: false })]) {
    const x = allCodes(format);
    const first = format.signed ? -4 : 0;
    const tensors = {
      x: { shape: [x.length], format },
      table: { shape: [8], format: fixed(16, 0), data: Int16Array.of(0, 10, 20, 30, 40, 50, 60, 70) },
      y: { shape: [x.length], format: fixed(16, 0) },
    };
    const got = run(tensors, { op: 'lookup', inputs: ['x', 'table'], output: 'y' }, codesOf(format, x));
    expect(got).toEqual(x.map((code) => 10 * (code - first)));
  }
});

test('clamp keeps NaN and the sign of zero', () => {
  const tensors = { x: { shape: [6] }, y: { shape: [6] } };
  const draft: InstructionDraft = { op: 'clamp', clamp: { low: 0, high: 6 }, inputs: ['x'], output: 'y' };
  expect(run(tensors, draft, Float32Array.of(-1, -0, 0, 7, Infinity, NaN))).toEqual([0, -0, 0, 6, 6, NaN]);
  const codes = { x: { shape: [3], format: five }, y: { shape: [3], format: five } };
  expect(run(codes, draft, Int8Array.of(-16, 3, 15))).toEqual([0, 3, 6]);
});

test('float32 add and multiply round once, and add keeps signed zeros as IEEE 754 does', () => {
  const tensors = { a: { shape: [3] }, b: { shape: [3] }, y: { shape: [3] } };
  const operands = { clamp: null, requantize: null, inputs: ['a', 'b'], output: 'y' };
  const a = Float32Array.of(2 ** 24, -0, 1 + 2 ** -23);
  const b = Float32Array.of(1, -0, 1 + 2 ** -23);
  const add = (sign: 1 | -1) =>
    run(tensors, { op: 'add', sign, shifts: [0, 0], scalings: null, ...operands }, a, b);
  expect(add(1)).toEqual([2 ** 24, -0, 2 + 2 ** -22]);
  expect(add(-1)).toEqual([2 ** 24 - 1, 0, 0]);
  // (1 + e)^2 = 1 + 2e + e^2, and e^2 is lost.
  expect(run(tensors, { op: 'multiply', ...operands }, a, b)).toEqual([2 ** 24, 0, 1 + 2 ** -22]);
});

test('quantize and dequantize use the scale of each channel', () => {
  const format = fixed(8, [1, 0], { zeroPoint: [0, 5], axis: 1 });
  const draft: InstructionDraft = {
    op: 'quantize',
    float32Quotient: false,
    rounding: 'halfAwayFromZero',
    overflow: 'saturate',
    inputs: ['x'],
    output: 'y',
  };
  const tensors = { x: { shape: [2, 2] }, y: { shape: [2, 2], format } };
  // Times 2 without offset, times 1 plus 5: 0.25 -> 0.5 -> 1; 0.5 -> 1 + 5; -100 -> -200; 1000 -> 1005.
  expect(run(tensors, draft, Float32Array.of(0.25, 0.5, -100, 1000))).toEqual([1, 6, -128, 127]);
  const back = { x: { shape: [2, 2], format }, y: { shape: [2, 2] } };
  const dequantize: InstructionDraft = { op: 'dequantize', inputs: ['x'], output: 'y' };
  expect(run(back, dequantize, Int8Array.of(1, 6, -128, 127))).toEqual([0.5, 1, -64, 122]);
});

test('quantize refuses NaN, and what traps, naming the element', () => {
  const tensors = { x: { shape: [2] }, y: { shape: [2], format: fixed(8, 4) } };
  const draft = {
    op: 'quantize',
    float32Quotient: false,
    rounding: 'floor',
    inputs: ['x'],
    output: 'y',
  } as const;
  const convert = (overflow: 'saturate' | 'trap', value: number) =>
    run(tensors, { ...draft, overflow }, Float32Array.of(0, value));
  expect(() => convert('saturate', NaN)).toThrow(ExecutionError);
  expect(() => convert('trap', 8)).toThrow(/instruction "y", element 1: /);
  expect(convert('saturate', -Infinity)).toEqual([0, -128]);
});

test('shapes that do not broadcast are refused', () => {
  const tensors = { a: { shape: [2, 3] }, b: { shape: [2] }, y: { shape: [2, 3] } };
  const draft: InstructionDraft = {
    op: 'multiply',
    clamp: null,
    requantize: null,
    inputs: ['a', 'b'],
    output: 'y',
  };
  expect(() => createOracle(programOf(tensors, [draft]))).toThrow(
    /expected equal sizes, or 1, got \[2, 3\] and \[2\]/,
  );
});

test('quantize rounds the quotient to float32 where ONNX says so', () => {
  // 1.4999999 / 0.99999994 is just below 1.5, and 1.5 in float32: a tie, which goes to the even neighbour.
  const [x, scale] = [Math.fround(1.4999999), 1 - 2 ** -24];
  expect(x / scale).toBeLessThan(1.5);
  expect(Math.fround(x / scale)).toBe(1.5);
  const format = fixed(8, 24, { mantissa: 2 ** 24 - 1 });
  const tensors = { x: { shape: [1] }, y: { shape: [1], format } };
  const convert = (float32Quotient: boolean) =>
    run(
      tensors,
      {
        op: 'quantize',
        float32Quotient,
        rounding: 'halfEven',
        overflow: 'saturate',
        inputs: ['x'],
        output: 'y',
      },
      Float32Array.of(x),
    );
  expect(convert(false)).toEqual([1]);
  expect(convert(true)).toEqual([2]);
});
