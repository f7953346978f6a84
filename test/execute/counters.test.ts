/** What instructions count, against registers and codes computed one by one. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { createEngine } from '#src/execute/wasm/engine.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import { prepareProgram } from '#src/execute/wasm/prepare.js';
import { createMemory } from '#src/execute/wasm/webassembly.js';
import { fixed } from '#src/formats/format.js';
import { ROUNDINGS, roundShift } from '#src/formats/rounding.js';
import type { Accumulator, Clamp, Requantize, Scaling } from '#src/program/instructions.js';
import type { Program } from '#src/program/program.js';
import { programOf, proved } from '../programs.js';

interface Draft {
  readonly x: Int8Array;
  readonly w: Int8Array;
  readonly accumulator: Partial<Accumulator>;
  readonly requantize: Requantize;
  readonly clamp?: Clamp;
}

/** x [rows, depth] times the transposed weights [outputs, depth]. */
function matrixProduct({ x, w, accumulator, requantize, clamp }: Draft, depth: number): Program {
  const [rows, outputs] = [x.length / depth, w.length / depth];
  return programOf(
    {
      x: { shape: [rows, depth], format: fixed(8, 4) },
      w: { shape: [outputs, depth], format: fixed(8, 3), data: w },
      y: { shape: [rows, outputs], format: fixed(8, 0) },
    },
    [
      {
        op: 'gemm',
        clamp: clamp ?? null,
        arithmetic: { accumulator: { ...proved, ...accumulator }, requantize },
        inputs: ['x', 'w'],
        output: 'y',
      },
    ],
  );
}

function countersOf(program: Program, x: Int8Array) {
  const executor = createWasmExecutor(program, { counters: true });
  // A second run shows that counts start anew.
  executor.run([x]);
  executor.run([x]);
  return executor.counters!()[0]!;
}

/** Products of each output in the order of the channels. */
function productsOf({ x, w }: Draft, depth: number): number[][] {
  return Array.from({ length: (x.length * w.length) / depth / depth }, (_, index) => {
    const outputs = w.length / depth;
    const [row, output] = [Math.floor(index / outputs), index % outputs];
    return Array.from({ length: depth }, (_, k) => x[row * depth + k] * w[output * depth + k]);
  });
}

const depth = 9;
const code = fc.integer({ min: -128, max: 127 });
const matrix = (rows: number) =>
  fc.array(code, { minLength: rows * depth, maxLength: rows * depth }).map((codes) => Int8Array.from(codes));
const operands = fc.record({ x: matrix(3), w: matrix(11) });
const floor7: Requantize = { style: 'shift', shift: 7, rounding: 'floor', overflow: 'saturate' };

test('exact sums: their ends, and the codes outside of the range', () => {
  fc.assert(
    fc.property(operands, fc.integer({ min: 4, max: 9 }), ({ x, w }, shift) => {
      const requantize: Requantize = { ...floor7, shift };
      const draft = { x, w, accumulator: {}, requantize };
      const sums = productsOf(draft, depth).map((all) => all.reduce((sum, product) => sum + product, 0));
      const clipped = sums.filter((sum) => sum >> shift > 127 || sum >> shift < -128).length;
      expect(countersOf(matrixProduct(draft, depth), x)).toEqual({
        outputs: sums.length,
        clipped,
        wraps: 0,
        saturations: 0,
        minimum: Math.min(...sums),
        maximum: Math.max(...sums),
      });
    }),
    { numRuns: 100 },
  );
});

test('every scaling: clipped are the outputs that a wider format would hold beyond the range', () => {
  const integer = (min: number, max: number) => fc.integer({ min, max });
  const mantissa = integer(2 ** 30, 2 ** 31 - 1);
  const rounding = fc.constantFrom(...ROUNDINGS);
  const scalings: fc.Arbitrary<Scaling> = fc.oneof(
    fc.record({ style: fc.constant('shift' as const), shift: integer(3, 9), rounding }),
    fc.record({
      style: fc.constant('multiplier' as const),
      multiplier: fc.array(mantissa, { minLength: 11, maxLength: 11 }),
      shift: integer(34, 40),
      rounding,
    }),
    fc.record({ style: fc.constant('doubling' as const), multiplier: mantissa, shift: integer(3, 9) }),
    fc.record({
      style: fc.constant('scale' as const),
      scale: integer(1, 99).map((part) => Math.fround(part / 5000)),
      rounding: fc.constant('halfEven' as const),
    }),
    fc.record({ style: fc.constant('division' as const), divisor: integer(9, 300), rounding }),
  );
  fc.assert(
    fc.property(operands, scalings, integer(-128, 127), ({ x, w }, scaling, zeroPoint) => {
      const requantize: Requantize = { ...scaling, overflow: 'saturate' };
      const program = matrixProduct({ x, w, accumulator: {}, requantize }, depth);
      const withFormat = (bits: number): Program => ({
        ...program,
        tensors: program.tensors.map((tensor) =>
          tensor.name === 'y' ? { ...tensor, format: fixed(bits, 0, { zeroPoint }) } : tensor,
        ),
      });
      const [wide] = createOracle(withFormat(16)).run([x]);
      const { clipped } = countersOf(withFormat(8), x);
      expect(clipped).toBe(Array.from(wide, Number).filter((value) => value < -128 || value > 127).length);
    }),
    { numRuns: 300 },
  );
});

test('sums of more than 32 bits: their ends, the codes, and those outside of the range', () => {
  const wide = (length: number) =>
    fc
      .array(fc.integer({ min: -32768, max: 32767 }), { minLength: length, maxLength: length })
      .map((codes) => Int16Array.from(codes));
  const outputs = fc.integer({ min: 1, max: 19 });
  const cases = outputs.chain((count) =>
    fc.record({
      x: wide(3 * depth),
      w: wide(count * depth),
      shifts: fc.array(fc.integer({ min: 8, max: 20 }), { minLength: count, maxLength: count }),
      rounding: fc.constantFrom(...ROUNDINGS),
    }),
  );
  fc.assert(
    fc.property(cases, ({ x, w, shifts, rounding }) => {
      const rows = x.length / depth;
      const format = fixed(16, 4);
      const program = programOf(
        {
          x: { shape: [rows, depth], format },
          w: { shape: [shifts.length, depth], format, data: w },
          y: { shape: [rows, shifts.length], format },
        },
        [
          {
            op: 'gemm',
            clamp: null,
            arithmetic: {
              accumulator: { ...proved, bits: 40, provedBits: 35 },
              requantize: { style: 'shift', shift: shifts, rounding, overflow: 'saturate' },
            },
            inputs: ['x', 'w'],
            output: 'y',
          },
        ],
      );
      const sums = Array.from({ length: rows * shifts.length }, (_, index) => {
        const [row, output] = [Math.floor(index / shifts.length), index % shifts.length];
        return Array.from(w.subarray(output * depth, (output + 1) * depth)).reduce(
          (sum, weight, k) => sum + weight * x[row * depth + k],
          0,
        );
      });
      const codes = sums.map((sum, index) => roundShift(sum, shifts[index % shifts.length], rounding));
      const executor = createWasmExecutor(program, { counters: true });
      const [stored] = executor.run([x]);
      expect(Array.from(stored, Number)).toEqual(
        codes.map((code) => Math.min(Math.max(code, -32768), 32767)),
      );
      expect(executor.counters!()[0]).toEqual({
        outputs: sums.length,
        clipped: codes.filter((code) => code < -32768 || code > 32767).length,
        wraps: 0,
        saturations: 0,
        minimum: Math.min(...sums),
        maximum: Math.max(...sums),
      });
    }),
    { numRuns: 200 },
  );
});

test('a fused clamp hides what would be clipped below it', () => {
  fc.assert(
    fc.property(operands, ({ x, w }) => {
      const draft = { x, w, accumulator: {}, requantize: floor7, clamp: { low: 0, high: 127 } };
      const sums = productsOf(draft, depth).map((all) => all.reduce((sum, product) => sum + product, 0));
      const { clipped } = countersOf(matrixProduct(draft, depth), x);
      expect(clipped).toBe(sums.filter((sum) => sum >> 7 > 127).length);
    }),
    { numRuns: 50 },
  );
});

test('a narrow register: every wrap and saturation, one product at a time', () => {
  const registers = fc.record({
    bits: fc.integer({ min: 15, max: 18 }),
    overflow: fc.constantFrom('wrap' as const, 'saturate' as const),
  });
  fc.assert(
    fc.property(operands, registers, ({ x, w }, { bits, overflow }) => {
      const accumulator = { bits, overflow, provedBits: 0, treeBits: 0, partialSum: null };
      const draft = { x, w, accumulator, requantize: floor7 };
      const [low, high] = [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
      let overflows = 0;
      const sums = productsOf(draft, depth).map((all) =>
        all.reduce((register, product) => {
          const sum = register + product;
          if (sum >= low && sum <= high) return sum;
          overflows++;
          if (overflow === 'saturate') return sum < low ? low : high;
          return sum < low ? sum + 2 ** bits : sum - 2 ** bits;
        }, 0),
      );
      const counters = countersOf(matrixProduct(draft, depth), x);
      expect(counters).toMatchObject({ minimum: Math.min(...sums), maximum: Math.max(...sums) });
      expect([counters.wraps, counters.saturations]).toEqual(
        overflow === 'wrap' ? [overflows, 0] : [0, overflows],
      );
    }),
    { numRuns: 100 },
  );
});

test('what does not requantise counts nothing, and nobody counts unless asked to', () => {
  const format = fixed(8, 4);
  const program = programOf({ x: { shape: [4], format }, y: { shape: [2, 2], format } }, [
    { op: 'reshape', inputs: ['x'], output: 'y' },
  ]);
  expect(createWasmExecutor(program, { counters: true }).counters!()).toEqual([null]);
  const draft = { x: new Int8Array(depth), w: new Int8Array(depth), accumulator: {}, requantize: floor7 };
  const gemm = matrixProduct(draft, depth);
  expect(createWasmExecutor(gemm).counters!()).toEqual([]);
  expect(prepareProgram(gemm, createMemory()).steps.map(({ kernel }) => kernel)).toEqual([
    'convolutionRow_i16_i8_i32',
  ]);
});

test('a session that counts gives the counters with each result', async () => {
  const x = new Int8Array(depth).fill(2);
  const draft = { x, w: new Int8Array(depth).fill(3), accumulator: {}, requantize: floor7 };
  const engine = createEngine({ threads: 1 });
  try {
    const session = engine.load(matrixProduct(draft, depth), { counters: true });
    const { counters } = await session.run([x]);
    expect(counters).toMatchObject([{ minimum: 6 * depth, maximum: 6 * depth, clipped: 0 }]);
    const plain = await engine.load(matrixProduct(draft, depth)).run([x]);
    expect(plain.counters).toBeUndefined();
  } finally {
    await engine.dispose();
  }
});
