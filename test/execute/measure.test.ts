/** What a session measures of a tensor, against sums and codes computed one by one. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ExecutionError } from '#src/errors.js';
import type { Elements, ErrorSums } from '#src/execute/executor.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import { quantizeValues } from '#src/formats/convert.js';
import { at, codeRange, type Format, fixed, stepSize } from '#src/formats/format.js';
import type { Program } from '#src/program/program.js';
import { programOf } from '../programs.js';

const CHANNELS = 3;

/** Float values [rows, channels] as codes, or through codes of 8 bits as float again where there is no format. */
function quantizing(rows: number, format: Format | null): Program {
  const shape = [rows, CHANNELS];
  const how = { rounding: 'halfEven', overflow: 'saturate', float32Quotient: false } as const;
  const codes = format ?? fixed(8, 4);
  return programOf({ x: { shape }, q: { shape, format: codes }, y: { shape } }, [
    { op: 'quantize', ...how, inputs: ['x'], output: 'q' },
    { op: 'dequantize', inputs: ['q'], output: 'y' },
  ]);
}

/** Compares the output of an instruction with values, puts them in its place, and reads what is there. */
function measure(program: Program, instruction: number, x: Float32Array, values: Float32Array) {
  const executor = createWasmExecutor(program, { measured: [instruction] });
  const before: Elements[] = [];
  const after: Elements[] = [];
  const sums: ErrorSums[] = [];
  executor.run([x], (index, { read }) => {
    if (index !== instruction) return;
    const { output } = program.instructions[instruction];
    before.push(read(output));
    sums.push(executor.measure!.compare(instruction, values));
    executor.measure!.replace(instruction);
    after.push(read(output));
  });
  return { before: before[0], after: after[0], sums: sums[0] };
}

function sumsOf(values: Float32Array, codes: Elements, format: Format | null): ErrorSums {
  const sums: ErrorSums = { signal: 0, noise: 0, maxError: 0, clipped: 0, count: values.length };
  for (const [index, value] of values.entries()) {
    const channel = index % CHANNELS;
    const step = format === null ? 1 : stepSize(format, channel);
    const zero = format === null ? 0 : at(format.zeroPoint, channel);
    const error = Math.abs(value - (Number(codes[index]) - zero) * step);
    sums.signal += value ** 2;
    sums.noise += error ** 2;
    sums.maxError = Math.max(sums.maxError, error);
    if (format === null) continue;
    const { low, high } = codeRange(format);
    if (value < (low - zero - 0.5) * step || value > (high - zero + 0.5) * step) sums.clipped++;
  }
  return sums;
}

function expectSums(got: ErrorSums, expected: ErrorSums): void {
  expect(got.signal / (expected.signal || 1)).toBeCloseTo(expected.signal && 1, 12);
  expect(got.noise / (expected.noise || 1)).toBeCloseTo(expected.noise && 1, 12);
  expect({ ...got, signal: 0, noise: 0 }).toEqual({ ...expected, signal: 0, noise: 0 });
}

const perChannel = <T>(entry: fc.Arbitrary<T>) =>
  fc.oneof(entry, fc.array(entry, { minLength: CHANNELS, maxLength: CHANNELS }));
const formats = fc.oneof(
  fc.integer({ min: 2, max: 24 }).map((bits) => fixed(bits, 3)),
  fc
    .record({
      bits: fc.constantFrom(8, 16),
      signed: fc.boolean(),
      fractionBits: perChannel(fc.integer({ min: 1, max: 6 })),
      zeroPoint: fc.integer({ min: 0, max: 100 }),
      mantissa: fc.constantFrom(1, 0.7451),
    })
    .map(({ bits, signed, fractionBits, ...others }) =>
      fixed(bits, fractionBits as number, {
        signed,
        ...others,
        axis: typeof fractionBits === 'number' ? null : 1,
      }),
    ),
);
const real = fc.float({ min: -40, max: 40, noNaN: true });
const reals = fc.integer({ min: 0, max: 9 }).chain((rows) => {
  const values = fc
    .array(real, { minLength: rows * CHANNELS, maxLength: rows * CHANNELS })
    .map((list) => Float32Array.from(list));
  return fc.tuple(values, values);
});

test('codes: errors, clipped references, and the nearest codes in their place', () => {
  fc.assert(
    fc.property(reals, formats, ([x, values], format) => {
      const program = quantizing(x.length / CHANNELS, format);
      const { before, after, sums } = measure(program, 0, x, values);
      expectSums(sums, sumsOf(values, before, format));
      expect(after).toEqual(
        quantizeValues(values, [x.length / CHANNELS, CHANNELS], format, 'halfEven', 'saturate'),
      );
    }),
    { numRuns: 300 },
  );
});

test('float values: errors, and the references in their place', () => {
  fc.assert(
    fc.property(reals, ([x, values]) => {
      const { before, after, sums } = measure(quantizing(x.length / CHANNELS, null), 1, x, values);
      expectSums(sums, sumsOf(values, before, null));
      expect(after).toEqual(values);
    }),
    { numRuns: 100 },
  );
});

test('errors, noise and clipping worked by hand', () => {
  // Steps of 0.5 from -2 to 1.5: what x means is 1, -1, 1.5, 1.5, -2 and 0.
  const x = Float32Array.of(1, -1, 1.5, 1.5, -2, 0);
  const values = Float32Array.of(1, -0.75, 1.75, 2, -2.5, 0);
  const { sums, after } = measure(quantizing(2, fixed(3, 1)), 0, x, values);
  // 1.75 lies half a step beyond the largest code, which is still inside; 2 and -2.5 do not.
  expect(sums).toEqual({
    signal: 1 + 0.5625 + 3.0625 + 4 + 6.25,
    noise: 0.0625 + 0.0625 + 0.25 + 0.25,
    maxError: 0.5,
    clipped: 2,
    count: 6,
  });
  // -1.5 is a tie, and so is 3.5, which saturates.
  expect(after).toEqual(Int8Array.of(2, -2, 3, 3, -4, 0));
});

test('a reference that is not a number has no code', () => {
  const x = new Float32Array(6);
  const values = Float32Array.of(1, 2, 3, 4, 5, Number.NaN);
  for (const format of [fixed(8, 3), fixed(8, 3, { zeroPoint: 4 })]) {
    const work = () => measure(quantizing(2, format), 0, x, values);
    expect(work).toThrow(ExecutionError);
    expect(work).toThrow('tensor "q": its float reference is not a number in element 5');
  }
});
