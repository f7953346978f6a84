/** How far drifts are believed that two halves of the samples show. */
import { expect, test } from 'vitest';
import { combineHalves, halvesOf } from '#src/recover/second-moments.js';

const gram = Float32Array.of(4, 1, 1, 2);
const half = (...drift: number[]) => ({ gram, drift: Float32Array.from(drift) });

test('a drift that both halves show stays, one that they contradict goes', () => {
  expect([...combineHalves([half(3, -1), half(3, -1)]).drift]).toEqual([3, -1]);
  expect([...combineHalves([half(3, -1), half(-3, 1)]).drift]).toEqual([0, 0]);
  expect([...combineHalves([half(0, 0), half(0, 0)]).drift]).toEqual([0, 0]);
});

test('a drift of one half alone is chance; one shown in part is believed in part', () => {
  expect([...combineHalves([half(2, 0), half(0, 2)]).drift]).toEqual([0, 0]);
  // Against the diagonal: 8 / 4 of (16 + 4) / 2 / 4 agree, r = 0.8; 1.6 / 1.8 of the mean stays.
  const [first, second] = combineHalves([half(4, 0), half(2, 0)]).drift;
  expect(first).toBeCloseTo((8 / 9) * 3, 6);
  expect(second).toBe(0);
});

test('mean products are those of both halves; an input that is always 0 decides nothing', () => {
  const other = { gram: Float32Array.of(2, 3, 3, 0), drift: Float32Array.of(1, 0) };
  expect([...combineHalves([half(1, 0), other]).gram]).toEqual([3, 2, 2, 1]);
  const dead = { gram: Float32Array.of(4, 0, 0, 0), drift: Float32Array.of(1, 0) };
  expect([...combineHalves([dead, dead]).drift]).toEqual([1, 0]);
});

test('a single sample says nothing of its chance', () => {
  expect(halvesOf(1)).toEqual([[0, 1]]);
  expect([...combineHalves([half(3, -1)]).drift]).toEqual([0, 0]);
  expect(halvesOf(5)).toEqual([
    [0, 3],
    [3, 5],
  ]);
});
