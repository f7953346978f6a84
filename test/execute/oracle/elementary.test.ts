/** The elementary functions against the engine's Math, which is right to about one unit in the last place of float64. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { erf64, evaluateUnary, exp64, expm1, log1p, log64, tanh64 } from '#src/execute/oracle/elementary.js';

const { fround } = Math;

/** Difference in units of the last place of float32, counted along the number line. */
function ulps(a: number, b: number): number {
  const place = (x: number) => {
    const bits = new Int32Array(Float32Array.of(x).buffer)[0];
    return bits < 0 ? -(bits & 0x7fffffff) : bits;
  };
  return Math.abs(place(a) - place(b));
}

const relative = (got: number, expected: number) => Math.abs(got - expected) / Math.abs(expected);

test('exp64 is within 2^-49 of e^x', () => {
  fc.assert(
    fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (x) => {
      expect(relative(exp64(x), Math.exp(x))).toBeLessThan(2 ** -49);
    }),
    { numRuns: 20_000 },
  );
});

test('log64 is within 2^-50 of ln x, also for subnormal x', () => {
  const anywhere = fc.double({ min: Number.MIN_VALUE, max: Number.MAX_VALUE, noNaN: true });
  const nearOne = fc.double({ min: 0.5, max: 2, noNaN: true });
  fc.assert(
    fc.property(fc.oneof(anywhere, nearOne), (x) => {
      const expected = Math.log(x);
      expect(Math.abs(log64(x) - expected)).toBeLessThanOrEqual(Math.abs(expected) * 2 ** -50);
    }),
    { numRuns: 20_000 },
  );
});

test('tanh64 is within 2^-44 of tanh x', () => {
  const small = fc.double({ min: -0.05, max: 0.05, noNaN: true });
  const large = fc.double({ min: -25, max: 25, noNaN: true });
  fc.assert(
    fc.property(fc.oneof(small, large), (x) => {
      expect(Math.abs(tanh64(x) - Math.tanh(x))).toBeLessThanOrEqual(Math.abs(x) * 2 ** -44);
      expect(tanh64(-x)).toBe(-tanh64(x));
    }),
    { numRuns: 20_000 },
  );
});

test('expm1 and log1p are within 2^-44 of e^x - 1 and ln(1 + t), also near 0', () => {
  const small = fc.double({ min: -0.04, max: 0.04, noNaN: true });
  const large = fc.double({ min: -30, max: 700, noNaN: true });
  const unit = fc.double({ min: 1e-300, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.oneof(small, large), unit, (x, t) => {
      expect(Math.abs(expm1(x) - Math.expm1(x))).toBeLessThanOrEqual(Math.abs(Math.expm1(x)) * 2 ** -44);
      expect(Math.abs(log1p(t) - Math.log1p(t))).toBeLessThanOrEqual(Math.log1p(t) * 2 ** -44);
    }),
    { numRuns: 20_000 },
  );
});

test('erf64 gives the tabulated values (Abramowitz and Stegun, table 7.1) and is odd', () => {
  const table = [
    [0.1, 0.1124629160182849],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [1.5, 0.9661051464753108],
    [2, 0.9953222650189527],
    [3, 0.9999779095030014],
    [4, 0.9999999845827421],
    [5.999, 1],
    [7, 1],
  ];
  for (const [x, expected] of table) {
    expect(relative(erf64(x), expected)).toBeLessThan(2 ** -49);
    expect(erf64(-x)).toBe(-erf64(x));
  }
  expect(erf64(1e-20)).toBe(1e-20 * (2 / Math.sqrt(Math.PI)));
});

const functions: ['exp' | 'sigmoid' | 'tanh', (x: number) => number][] = [
  ['exp', Math.exp],
  ['sigmoid', (x) => 1 / (1 + Math.exp(-x))],
  ['tanh', Math.tanh],
];

test.each(functions)('%s is the float32 nearest to the real value, or its neighbour', (name, reference) => {
  const small = fc.float({ min: -1, max: 1, noNaN: true });
  const large = fc.float({ min: -110, max: 110, noNaN: true });
  let different = 0;
  fc.assert(
    fc.property(fc.oneof(small, large), (x) => {
      const distance = ulps(evaluateUnary({ name }, x), fround(reference(x)));
      expect(distance).toBeLessThanOrEqual(1);
      different += distance;
    }),
    { numRuns: 20_000 },
  );
  // One in a million is expected.
  expect(different).toBeLessThanOrEqual(2);
});

test('ends of the number line and zeros', () => {
  const at = (name: 'exp' | 'sigmoid' | 'tanh' | 'hardSwish') =>
    [-Infinity, -1000, -0, 0, 1000, Infinity, NaN].map((x) => evaluateUnary({ name }, x));
  expect(at('exp')).toEqual([0, 0, 1, 1, Infinity, Infinity, NaN]);
  expect(at('sigmoid')).toEqual([0, 0, 0.5, 0.5, 1, 1, NaN]);
  expect(at('tanh')).toEqual([-1, -1, -0, 0, 1, 1, NaN]);
  expect(at('hardSwish')).toEqual([NaN, -0, -0, 0, 1000, Infinity, NaN]);
  expect([0, -0, 1, -1, NaN, Infinity].map(log64)).toEqual([-Infinity, -Infinity, 0, NaN, NaN, Infinity]);
  // The smallest positive float32 is 2^-149 = e^-103.28; half of it and less is 0.
  expect(evaluateUnary({ name: 'exp' }, -103.2)).toBe(2 ** -149);
  expect(evaluateUnary({ name: 'exp' }, -104)).toBe(0);
});

test('the constants have the bits of docs/arithmetic.md', () => {
  const bits = (x: number) => new BigUint64Array(Float64Array.of(x).buffer)[0].toString(16);
  expect([bits(Math.LOG2E), bits(Math.SQRT2)]).toEqual(['3ff71547652b82fe', '3ff6a09e667f3bcd']);
});

test('hardSigmoid is a line between two ends, in float32 steps', () => {
  const fn = { name: 'hardSigmoid', alpha: 0.2, beta: 0.5 } as const;
  const line = (x: number) => fround(fround(fround(0.2) * x) + 0.5);
  expect([-3, -2.5, -1, 0, 1, 2.5, 3, NaN].map((x) => evaluateUnary(fn, x))).toEqual([
    0,
    0,
    line(-1),
    0.5,
    line(1),
    1,
    1,
    NaN,
  ]);
});
