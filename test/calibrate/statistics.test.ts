import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import { decodeStatistics, encodeStatistics } from '#src/calibrate/file.js';
import { mergeStatistics } from '#src/calibrate/merge.js';
import { channelMeans, type Statistics } from '#src/calibrate/statistics.js';
import { summarise } from './summarise.js';

const schema = fileURLToPath(new URL('../../proto/statistics.proto', import.meta.url));
const message = protobuf.loadSync(schema).lookupType('dynafix.Statistics');
const header = { model: 'ab'.repeat(32), preprocess: '{}' };
const digest = (index: number) => index.toString(16).padStart(64, '0');

/** Statistics of numbered samples of one value. */
function statisticsOf(samples: readonly (readonly [number, Float32Array])[], channels: number): Statistics {
  if (samples.length === 0) return { ...header, samples: [], tensors: new Map() };
  const all = Float32Array.from(samples.flatMap(([, values]) => Array.from(values)));
  const digests = samples.map(([index]) => digest(index)).sort();
  return { ...header, samples: digests, tensors: new Map([['x', summarise(channels, all)]]) };
}

/** Every finite float32, among them subnormals, -0 and the largest, and more often numbers of everyday size. */
const value = fc.oneof(
  { arbitrary: fc.float({ noNaN: true, noDefaultInfinity: true }), weight: 1 },
  { arbitrary: fc.float({ noNaN: true, min: -8, max: 8 }), weight: 2 },
  { arbitrary: fc.constantFrom(0, -0), weight: 1 },
);
const samplesOf = (channels: number) =>
  fc.array(
    fc
      .array(fc.array(value, { minLength: channels, maxLength: channels }), { minLength: 1, maxLength: 5 })
      .map((rows) => Float32Array.from(rows.flat())),
    { minLength: 1, maxLength: 8 },
  );

describe('statistics', () => {
  test('finds extremes, zeros, bins and sums of a hand-worked tensor', () => {
    const { tensors } = statisticsOf([[0, Float32Array.of(0, 1, 2047, -0, 0.5, 3)]], 2);
    const x = tensors.get('x')!;
    expect({ ...x, histogram: null }).toEqual({
      count: 6,
      zeros: 2,
      minimum: 0,
      maximum: 2047,
      histogram: null,
      channelMinimum: Float32Array.of(0, 0),
      channelMaximum: Float32Array.of(2047, 3),
      channelSums: [BigInt(2047.5 * 2) << 148n, 4n << 149n],
    });
    expect(x.histogram.exponent).toBe(0);
    expect(x.histogram.first).toBe(0);
    expect([...x.histogram.counts.entries()].filter(([, count]) => count > 0)).toEqual([
      [0, 3],
      [1, 1],
      [3, 1],
      [2047, 1],
    ]);
    expect(channelMeans(x)).toEqual([2047.5 / 3, 4 / 3]);
  });

  test('doubles the bins when one sign more needs room', () => {
    const x = statisticsOf([[0, Float32Array.of(2047, -1)]], 1).tensors.get('x')!;
    expect(x.histogram.exponent).toBe(1);
    expect(x.histogram.first).toBe(-1);
    expect(x.histogram.counts.length).toBe(1025);
  });
});

describe('merging', () => {
  test('any order, sharding and tree gives the bytes of one pass', () => {
    const scenario = fc.integer({ min: 1, max: 3 }).chain((channels) =>
      samplesOf(channels).chain((samples) => {
        const numbered = samples.map((values, index) => [index, values] as const);
        return fc.record({
          channels: fc.constant(channels),
          samples: fc.constant(numbered),
          shuffled: fc.shuffledSubarray(numbered, { minLength: numbered.length }),
          shards: fc.array(fc.nat(3), { minLength: numbered.length, maxLength: numbered.length }),
          picks: fc.infiniteStream(fc.nat()),
        });
      }),
    );
    fc.assert(
      fc.property(scenario, ({ channels, samples, shuffled, shards, picks }) => {
        const whole = encodeStatistics(statisticsOf(samples, channels));
        const parts = [0, 1, 2, 3].map((shard) =>
          statisticsOf(
            shuffled.filter((_, index) => shards[index] === shard),
            channels,
          ),
        );
        while (parts.length > 1) {
          const [a] = parts.splice(picks.next().value % parts.length, 1);
          const [b] = parts.splice(picks.next().value % parts.length, 1);
          parts.push(decodeStatistics(encodeStatistics(mergeStatistics(a, b))));
        }
        expect(encodeStatistics(parts[0])).toEqual(whole);
      }),
      { numRuns: 200 },
    );
  });

  test('refuses a sample twice, another model, other preprocessing and other values', () => {
    const a = statisticsOf([[1, Float32Array.of(1)]], 1);
    const b = statisticsOf([[2, Float32Array.of(1)]], 1);
    expect(() => mergeStatistics(a, a)).toThrow(`1 of the samples are in both, for example ${digest(1)}`);
    expect(() => mergeStatistics(a, { ...b, model: 'cd'.repeat(32) })).toThrow('different models');
    expect(() => mergeStatistics(a, { ...b, preprocess: '{"crop":[1,1]}' })).toThrow('preprocessing');
    expect(() => mergeStatistics(a, { ...b, tensors: new Map() })).toThrow('value "x"');
    const wide = statisticsOf([[2, Float32Array.of(1, 2)]], 2);
    expect(() => mergeStatistics(a, wide)).toThrow('value "x": has different numbers of channels');
  });
});

describe('the file', () => {
  const bytes = encodeStatistics(statisticsOf([[3, Float32Array.of(-1, 2, 0, 5.5)]], 2));

  test('reads back what was written', () => {
    expect(encodeStatistics(decodeStatistics(bytes))).toEqual(bytes);
    expect(decodeStatistics(bytes).tensors.get('x')!.minimum).toBe(-1);
  });

  test('every truncated file is refused in one line', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeStatistics(bytes.subarray(0, length), 'a.pb')).toThrow(/^a\.pb: [^\n]+$/);
    }
  });

  test('every file with one byte changed is refused', () => {
    for (let index = 0; index < bytes.length; index++) {
      const damaged = bytes.slice();
      damaged[index] ^= 1 << (index % 8);
      expect(() => decodeStatistics(damaged)).toThrow('the checksum at its end does not match');
    }
  });

  test.each([
    ['another version', { version: 2 }, 'has another version, expected 1, got 2'],
    ['a wrong total', { count: 8 }, 'value "x" has counts that contradict each other'],
    ['a missing sum', { sums: [new Uint8Array(0)] }, 'has not one minimum, maximum and sum per channel'],
    ['a minimum above the maximum', { minimum: [6, 0] }, 'has a minimum above its maximum'],
    ['an infinite maximum', { maximum: [Infinity, 0] }, 'has extremes that are not finite'],
    ['too wide bins', { exponent: 20 }, 'has bins of the wrong width'],
    ['shifted bins', { first: 7 }, 'has extremes outside of its histogram'],
  ])('whole file with %s is refused', (_, change, problem) => {
    const decoded = message.decode(bytes.subarray(0, bytes.length - 34)) as unknown as { tensors: object[] };
    Object.assign('version' in change ? decoded : decoded.tensors[0], change);
    const content = message.encode(decoded).finish();
    const checksum = createHash('sha256').update(content).digest();
    expect(() => decodeStatistics(Buffer.concat([content, Uint8Array.of(122, 32), checksum]))).toThrow(
      problem,
    );
  });
});
