/** Adaptive rounding against hand-worked cases and against every choice of up and down. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { roundWeights } from '#src/recover/round-weights.js';

const limits = { low: Float64Array.of(-8), high: Float64Array.of(7) };

/** Mean products of rows of inputs. */
function gramOf(inputs: readonly (readonly number[])[]): Float32Array {
  const [{ length }] = inputs;
  return Float32Array.from({ length: length ** 2 }, (_, entry) =>
    inputs.reduce((sum, row) => sum + row[Math.floor(entry / length)] * row[entry % length], 0),
  );
}

test('what is not correlated is rounded to nearest', () => {
  const gram = Float32Array.of(1, 0, 0, 0, 4, 0, 0, 0, 9);
  const weights = Float64Array.of(1.4, -2.6, 3.2);
  expect([...roundWeights({ ...limits, weights, gram })]).toEqual([1, -3, 3]);
});

test('two inputs that are always equal share their errors', () => {
  const gram = Float32Array.of(1, 1, 1, 1);
  const sum = (weights: number[]) =>
    roundWeights({ ...limits, weights: Float64Array.from(weights), gram }).reduce((a, b) => a + b);
  expect(sum([0.4, 0.4])).toBe(1);
  expect(sum([0.3, -0.3])).toBe(0);
  expect(sum([2.4, 3.3])).toBe(6);
});

test('codes stay in their range', () => {
  const gram = Float32Array.of(1);
  expect([...roundWeights({ ...limits, weights: Float64Array.of(9.7), gram })]).toEqual([7]);
  expect([...roundWeights({ ...limits, weights: Float64Array.of(-20), gram })]).toEqual([-8]);
});

test('inputs that are disturbed move the weights towards what undoes it', () => {
  // The input arrives at half its size: of 1.4 steps, 2 of the half are nearer to what is wanted than 1.
  const gram = Float32Array.of(0.25);
  const drift = Float32Array.of(1.4 * (0.5 - 0.25));
  expect([...roundWeights({ ...limits, weights: Float64Array.of(1.4), gram, drift })]).toEqual([2]);
});

test('no single code can be exchanged for its neighbour with less error, and few choices of all have less', () => {
  const draw = fc.integer({ min: 2, max: 6 }).chain((depth) => {
    const row = fc.array(fc.integer({ min: -10, max: 10 }), { minLength: depth, maxLength: depth });
    const inputs = fc.array(row, { minLength: depth + 2, maxLength: depth + 2 });
    const weights = fc.array(fc.double({ min: -6, max: 6, noNaN: true }), {
      minLength: depth,
      maxLength: depth,
    });
    return fc.record({ inputs, weights });
  });
  fc.assert(
    fc.property(draw, ({ inputs, weights }) => {
      const depth = weights.length;
      const gram = gramOf(inputs);
      for (let index = 0; index < depth; index++) gram[index * (depth + 1)] += 1;
      const error = (codes: ArrayLike<number>) => {
        let sum = 0;
        for (let entry = 0; entry < gram.length; entry++) {
          const [i, j] = [Math.floor(entry / depth), entry % depth];
          sum += gram[entry] * (codes[i] - weights[i]) * (codes[j] - weights[j]);
        }
        return sum;
      };
      const found = roundWeights({ ...limits, weights: Float64Array.from(weights), gram });
      const least = error(found);
      for (let index = 0; index < depth; index++) {
        for (const code of [Math.floor(weights[index]), Math.ceil(weights[index])]) {
          expect(least).toBeLessThanOrEqual(error(found.with(index, code)) * (1 + 1e-9) + 1e-9);
        }
      }
      let better = 0;
      for (let choice = 0; choice < 2 ** depth; choice++) {
        const codes = weights.map((weight, bit) => Math.floor(weight) + ((choice >> bit) & 1));
        if (error(codes) < least * (1 - 1e-9)) better++;
      }
      expect(better).toBeLessThanOrEqual(2 ** depth / 4);
    }),
  );
});
