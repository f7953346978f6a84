/** Budgets of a whole network against trying all widths one by one. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assignFormats } from '#src/assign/assign.js';
import type { FormatsFile } from '#src/assign/formats-file.js';
import { float32 } from '#src/graph/tensor.js';
import { loadProfile, type Profile } from '#src/hardware/profile.js';
import { prepareGraph } from '#src/passes/index.js';
import { buildGraph, op } from '../graph/build.js';
import { seen } from './seen.js';

/** Scales that are powers of two, and scales that are not. */
const profiles = ['generic-mixed', 'kneron-mixed'].map(
  (name): Profile => ({ ...loadProfile(name), budgets: {} }),
);
const [mixed] = profiles;

/** Two convolutions: 4 * 2 * 4 and 4 * 3 * 2 multiplications, one after the other; y and z have 8 and 12 elements. */
const network = (first: number, second: number) =>
  prepareGraph(
    buildGraph({
      inputs: { x: [1, 4, 2, 2] },
      constants: {
        v: float32(
          [2, 4, 1, 1],
          [1, -0.3, 0.21, 0.7, 0.11, 0.6, -0.9, 0.4].map((value) => value * first),
        ),
        w: float32(
          [3, 2, 1, 1],
          [0.9, -0.17, 0.33, 0.21, 0.8, -0.05].map((value) => value * second),
        ),
        b: float32([3], [0.1, 0.2, -0.3]),
      },
      nodes: [op('Conv', ['x', 'v'], 'y'), op('Conv', ['y', 'w', 'b'], 'z')],
      outputs: ['z'],
    }),
  ).graph;

/** What a budget counts, from the widths that were chosen. */
const counts: Record<keyof Profile['budgets'], (formats: FormatsFile) => number> = {
  weightBytes: ({ constants: { v, w } }) => (8 * v.bits + 6 * w.bits + 3 * 64) / 8,
  activationBytes: ({ tensors: { x, y, z } }) =>
    Math.max(16 * x.bits + 8 * y.bits, 8 * y.bits + 12 * z.bits) / 8,
  bitOperations: ({ constants: { v, w }, tensors: { x, y } }) => 32 * x.bits * v.bits + 24 * y.bits * w.bits,
  wideMacShare: ({ constants: { v, w }, tensors: { x, y } }) =>
    (32 * Number(x.bits > 8 || v.bits > 8) + 24 * Number(y.bits > 8 || w.bits > 8)) / 56,
};

/** The profile with one width for each of x, y, z, v and w. */
function fixWidths(mixed: Profile, [x, y, z, v, w]: readonly number[]): Profile {
  const only = (bits: number) => ({ bits: [bits] });
  return {
    ...mixed,
    activations: { ...mixed.activations, ...only(x) },
    overrides: [
      { nodes: 'y', activations: only(y), weights: only(v) },
      { nodes: 'z', activations: only(z), weights: only(w) },
    ],
  };
}

const allWidths = Array.from({ length: 32 }, (_, index) =>
  Array.from({ length: 5 }, (_, place) => (index & (1 << place) ? 16 : 8)),
);

test.each(profiles)(
  '$name: the least noise within a budget, or that nothing keeps it',
  { timeout: 60_000 },
  async (mixed) => {
    const size = fc.constantFrom(0.03, 1, 20);
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(size, size, size, size, size),
        fc.constantFrom(...(Object.keys(counts) as (keyof typeof counts)[])),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async ([first, second, x, y, z], budget, part) => {
          const graph = network(first, second);
          const statistics = seen({ x: [x, -x / 3], y: [y / 7, y], z: [-z, z / 2] });
          const tried = await Promise.all(
            allWidths.map((widths) => assignFormats(graph, statistics, fixWidths(mixed, widths))),
          );
          const used = tried.map(counts[budget]);
          // From just below what 8 bits need up to what 16 bits need.
          const [least, most] = [Math.min(...used), Math.max(...used)];
          const limit = Math.max(0, least - (most - least) / 8 + part * (most - least) * 1.2);
          const profile = {
            ...mixed,
            budgets: { [budget]: budget === 'wideMacShare' ? Math.min(1, limit) : limit },
          };
          const noises = tried
            .filter((_, index) => used[index] <= limit)
            .map(({ prediction }) => prediction!.noise);
          if (noises.length === 0) {
            const error = await assignFormats(graph, statistics, profile).catch((thrown) => thrown);
            expect(error.message).toContain(`budgets.${budget} `);
            const needed = Number(error.expected.replace('at least ', ''));
            expect(needed).toBeGreaterThan(limit);
            expect(needed).toBeLessThanOrEqual(Math.ceil(least));
            return;
          }
          const found = await assignFormats(graph, statistics, profile);
          expect(counts[budget](found)).toBeLessThanOrEqual(limit);
          const best = Math.min(...noises);
          expect(found.prediction!.noise).toBeGreaterThanOrEqual(best * (1 - 1e-9));
          expect(found.prediction!.noise).toBeLessThanOrEqual(best * (1 + 1e-6));
        },
      ),
      { numRuns: 24 },
    );
  },
);

test('a budget counts channels as the hardware fills them up', async () => {
  const profile: Profile = {
    ...mixed,
    channelAlignment: { multiple: 8, rule: 'pad' },
    budgets: { weightBytes: 8 * 8 + 8 * 8 + 8 * 8 + 40 },
  };
  const statistics = seen({ x: [1, -1], y: [1, -1], z: [1, -1] });
  const { constants } = await assignFormats(network(1, 1), statistics, profile);
  // 64 weights each and 8 biases of 8 bytes: there is no room for a second byte of any weights.
  expect([constants.v.bits, constants.w.bits]).toEqual([8, 8]);
});
