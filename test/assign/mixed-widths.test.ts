/** Widths under a budget of wide multiplications against widening the noisiest nodes first. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assignFormats } from '#src/assign/assign.js';
import { compileProgram } from '#src/compile/compile.js';
import { float32 } from '#src/graph/tensor.js';
import { loadProfile, type Profile } from '#src/hardware/profile.js';
import { prepareGraph } from '#src/passes/index.js';
import { buildGraph, op } from '../graph/build.js';
import { seen } from './seen.js';

const mixed = loadProfile('generic-mixed');
const channels = [3, 4, 2, 5, 1];
const names = ['n1', 'n2', 'n3', 'n4'];

/** Four convolutions, one after the other, of 12, 8, 10 and 5 multiplications at every place. */
function chain(sizes: readonly number[]) {
  const weights = names.map((_, index) => {
    const count = channels[index] * channels[index + 1];
    const values = Array.from({ length: count }, (_, at) => sizes[index] * Math.sin(1 + 7 * at + index));
    return float32([channels[index + 1], channels[index], 1, 1], values);
  });
  return prepareGraph(
    buildGraph({
      inputs: { n0: [1, channels[0], 2, 2] },
      constants: Object.fromEntries(names.map((name, index) => [`${name}/w`, weights[index]])),
      nodes: names.map((name, index) => op('Conv', [`n${index}`, `${name}/w`], name)),
      outputs: ['n4'],
    }),
  ).graph;
}

const products = names.map((_, index) => channels[index] * channels[index + 1]);
const total = products.reduce((a, b) => a + b, 0);

/** The profile with 16 bits for what the nodes of a set multiply, and for the output of the network. */
function widen(wide: ReadonlySet<string>): Profile {
  const bits = (isWide: boolean) => ({ bits: [isWide ? 16 : 8] });
  return {
    ...mixed,
    budgets: {},
    activations: { ...mixed.activations, ...bits(wide.has('n1')) },
    overrides: names.map((name, index) => ({
      nodes: name,
      activations: bits(index === 3 || wide.has(names[index + 1])),
      weights: bits(wide.has(name)),
    })),
  };
}

test('never more noise than by widening the nodes that save most first', { timeout: 60_000 }, async () => {
  const size = fc.constantFrom(0.05, 0.7, 11);
  const sizes = fc.array(size, { minLength: 9, maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.double({ min: 0.1, max: 0.9, noNaN: true }), async (drawn, share) => {
      const graph = chain(drawn.slice(0, 4));
      const ranges = drawn.slice(4).map((entry) => [entry, -entry / 3, entry / 7]);
      const statistics = seen(Object.fromEntries(ranges.map((values, index) => [`n${index}`, values])));
      const noise = async (profile: Profile) =>
        (await assignFormats(graph, statistics, profile)).prediction!.noise;
      const narrow = await noise(widen(new Set()));
      const savings = await Promise.all(
        names.map(async (name, index) => ({
          name,
          count: products[index],
          saving: narrow - (await noise(widen(new Set([name])))),
        })),
      );
      const wide = new Set<string>();
      let used = 0;
      for (const { name, count } of savings.sort((a, b) => b.saving / b.count - a.saving / a.count)) {
        if (used + count > share * total) continue;
        wide.add(name);
        used += count;
      }
      const greedy = await noise(widen(wide));
      const chosen = await noise({ ...mixed, budgets: { wideMacShare: share } });
      expect(chosen).toBeLessThanOrEqual(greedy * (1 + 1e-6));
    }),
    { numRuns: 20 },
  );
});

test.each(['kneron-mixed', 'tflite-mixed'] as const)('%s: some are wide, within the budget', async (name) => {
  const graph = chain([1, 0.4, 2, 0.3]);
  const statistics = seen(
    Object.fromEntries(channels.map((_, index) => [`n${index}`, [1, -0.7, 0.1 * index]])),
  );
  const profile: Profile = { ...loadProfile(name), budgets: { wideMacShare: 0.5 } };
  const formats = await assignFormats(graph, statistics, profile);
  const isWide = (node: string, index: number) =>
    formats.tensors[`n${index}`].bits > 8 || formats.constants[`${node}/w`].bits > 8;
  const wide = products.filter((_, index) => isWide(names[index], index)).reduce((a, b) => a + b, 0);
  expect(wide).toBeGreaterThan(0);
  expect(wide).toBeLessThanOrEqual(total / 2);
  expect(formats.tensors.n4.bits).toBe(16);
  expect(() => compileProgram(graph, formats)).not.toThrow();
});

test('what recovery leaves of the noise of weights: predictions keep that share, and widths go elsewhere', async () => {
  const graph = chain([1, 0.4, 2, 0.3]);
  const statistics = seen(
    Object.fromEntries(channels.map((_, index) => [`n${index}`, [1, -0.7, 0.1 * index]])),
  );
  for (const name of ['generic-mixed', 'kneron-mixed'] as const) {
    const assign = (weightNoiseLeft: number, budgets = {}) =>
      assignFormats(graph, statistics, { ...loadProfile(name), ...budgets }, { weightNoiseLeft });
    const narrow = { budgets: { wideMacShare: 0 } };
    const [none, half, all] = await Promise.all(
      [0, 0.5, 1].map(async (share) => (await assign(share, narrow)).prediction!.noise),
    );
    expect(all).toBeGreaterThan(none);
    expect(half).toBeCloseTo((none + all) / 2, 10);
    const wideWeights = async (share: number) => {
      const { constants } = await assign(share, { budgets: { wideMacShare: 0.5 } });
      return names.filter((node) => constants[`${node}/w`].bits > 8).length;
    };
    expect(await wideWeights(0)).toBe(0);
    expect(await wideWeights(1)).toBeGreaterThan(0);
  }
});

test.each([{ weightNoiseLeft: -0.1 }, { weightNoiseLeft: Number.NaN }, { percentile: 1.5 }])(
  'a share beyond 0 to 1 is refused: %o',
  async (share) => {
    const graph = chain([1, 1, 1, 1]);
    const statistics = seen(Object.fromEntries(channels.map((_, index) => [`n${index}`, [1, -1]])));
    const [name] = Object.keys(share);
    await expect(assignFormats(graph, statistics, mixed, share)).rejects.toThrow(`${name}: is no share`);
  },
);
