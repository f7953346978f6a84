/** What a run observes is what docs/statistics.md says. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { finishObservation } from '#src/calibrate/observation.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import { programOf } from '../programs.js';
import { inUnits, summarise } from './summarise.js';

/** An executor that observes its input x [rows, channels] and the copy y that it makes of it. */
function createObserver(rows: number, channels: number) {
  const shape = [rows, channels];
  const bounds = { low: -Infinity, high: Infinity };
  const clamp = { op: 'clamp', inputs: ['x'], output: 'y', clamp: bounds } as const;
  const program = programOf({ x: { shape }, y: { shape } }, [clamp]);
  const observed = [
    { name: 'x', tensor: program.inputs[0].tensor },
    { name: 'y', tensor: program.outputs[0].tensor },
  ];
  return createWasmExecutor(program, { observed });
}

/** Observes runs of the same number of rows. */
function observe(channels: number, runs: readonly Float32Array[]) {
  const executor = createObserver(runs[0].length / channels, channels);
  for (const run of runs) executor.run([run]);
  const [x, y] = executor.takeObservations!().map(finishObservation);
  expect(y).toEqual(x);
  return x;
}

/** Values of one run: everyday ones, of all magnitudes, subnormal, zeros of both signs, and near powers of two. */
const spread = fc.record({
  seed: fc.integer(),
  /** Exponents of the largest and the least magnitude. */
  top: fc.oneof(fc.integer({ min: -4, max: 8 }), fc.integer({ min: -149, max: 127 })),
  depth: fc.constantFrom(0, 3, 12, 30, 300),
  zeros: fc.constantFrom(0, 0.5, 1),
  signs: fc.constantFrom('positive', 'negative', 'both'),
  whole: fc.boolean(),
});
type Spread = typeof spread extends fc.Arbitrary<infer T> ? T : never;

function fill(length: number, { seed, top, depth, zeros, signs, whole }: Spread): Float32Array {
  let state = seed | 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) >>> 0) / 2 ** 32;
  };
  return Float32Array.from({ length }, () => {
    if (next() < zeros) return next() < 0.5 ? 0 : -0;
    const magnitude = (whole ? 1 : 1 + next()) * 2 ** (top - Math.floor(next() * depth) - 1);
    const negative = signs === 'negative' || (signs === 'both' && next() < 0.5);
    return negative ? -magnitude : magnitude;
  });
}

test('statistics of random tensors are those of the definition', () => {
  const scenario = fc.record({
    rows: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(130, 300)),
    channels: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(64, 90)),
    runs: fc.array(spread, { minLength: 1, maxLength: 3 }),
  });
  fc.assert(
    fc.property(scenario, ({ rows, channels, runs }) => {
      const tensors = runs.map((run) => fill(rows * channels, run));
      const all = Float32Array.from(tensors.flatMap((tensor) => Array.from(tensor)));
      expect(observe(channels, tensors)).toEqual(summarise(channels, all));
    }),
    { numRuns: 100 },
  );
});

test('sums exactly what float64 cannot', () => {
  const values = Float32Array.of(2 ** 127, 2 ** -149, -(2 ** 127), 2 ** -149);
  expect(observe(1, [values]).channelSums).toEqual([2n]);
});

test('many large and some tiny values of one channel leave no bit out', () => {
  const values = new Float32Array(2 ** 20 + 7).fill(Math.fround(1.9999999));
  values[77] = 2 ** -149;
  values[99_999] = -(2 ** -60);
  const { channelSums } = observe(1, [values, values]);
  const large = inUnits(values[0]) * BigInt(values.length - 2);
  expect(channelSums).toEqual([2n * (large + 1n - inUnits(2 ** -60))]);
});

test.each([NaN, Infinity, -Infinity])(
  'refuses %s, names the value, and forgets the run when asked',
  (bad) => {
    const executor = createObserver(3, 7);
    const values = new Float32Array(21).fill(1);
    values[19] = bad;
    expect(() => executor.run([values])).toThrow(
      `value "x": element 19 is not finite, expected a finite activation, got ${bad}`,
    );
    executor.takeObservations!();
    values[19] = 3;
    executor.run([values]);
    expect(executor.takeObservations!().map(finishObservation)[0]).toEqual(summarise(7, values));
  },
);

test('what was taken is not there again', () => {
  const executor = createObserver(1, 2);
  executor.run([Float32Array.of(1, 2)]);
  executor.takeObservations!();
  const [x] = executor.takeObservations!().map(finishObservation);
  expect(x).toMatchObject({ count: 0, zeros: 0, minimum: 0, maximum: 0, channelSums: [0n, 0n] });
});
