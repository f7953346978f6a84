/** Reasons of losses, in layers made so that one of them is the true one. */
import { expect, test } from 'vitest';
import type { FormatsFile, Move, Reason } from '#src/assign/formats-file.js';
import type { Statistics } from '#src/calibrate/statistics.js';
import { type Format, fixed } from '#src/formats/format.js';
import { findCauses } from '#src/report/causes.js';
import type { LayerSummary } from '#src/validate/summary.js';
import { summarise } from '../calibrate/summarise.js';
import { byShift, programOf, proved } from '../programs.js';
import { makeLayer } from './content.js';

/** 4096 values evenly spread between -limit and limit. */
const spread = (limit: number) =>
  Float32Array.from({ length: 4096 }, (_, index) => ((2 * index + 1) / 4096 - 1) * limit);

interface Given {
  readonly x?: Float32Array;
  readonly channels?: number;
  readonly y?: Float32Array;
  readonly formats?: { readonly x?: Format; readonly y?: Format; readonly w?: Format };
  readonly weights?: Int8Array;
  readonly reasons?: Readonly<Record<string, Partial<Reason>>>;
  readonly moves?: readonly Move[];
  readonly layer?: Partial<LayerSummary>;
}

/** The reason for what y = x w loses. Left out: 16 bits, in which nothing is lost to speak of. */
function causeOf(given: Given) {
  const { x = spread(1), y = spread(1), channels = 1, weights = Int8Array.of(1, 2, 3, 4) } = given;
  const formats = { x: fixed(16, 15), y: fixed(16, 14), w: fixed(8, 7), ...given.formats };
  const program = programOf(
    {
      x: { shape: [1, 1], format: formats.x },
      w: { shape: [4, 1], format: formats.w, data: weights },
      y: { shape: [1, 4], format: formats.y },
    },
    [
      {
        op: 'gemm',
        inputs: ['x', 'w'],
        output: 'y',
        clamp: null,
        arithmetic: { accumulator: proved, requantize: byShift(0) },
      },
    ],
  );
  const statistics: Statistics = {
    model: '',
    preprocess: '',
    samples: [],
    tensors: new Map([
      ['x', summarise(channels, x)],
      ['y', summarise(1, y)],
    ]),
  };
  const reasons = Object.entries(given.reasons ?? {}).map(([name, reason]) => [
    name,
    { method: 'leastSquares', minimum: 0, maximum: 0, clipped: 0, sqnr: null, ...reason },
  ]);
  const file = {
    tensors: { x: formats.x, y: formats.y },
    reasons: Object.fromEntries(reasons),
    moves: given.moves ?? [],
  } as unknown as FormatsFile;
  return findCauses(program, statistics, file, [makeLayer('y', given.layer)]).y;
}

test('clipping: the share of the output that saturates', () => {
  // Codes -128 to 127 of 2^-8 hold the values from -0.5 to 0.496, of those evenly spread from -1 to 1.
  expect(causeOf({ formats: { y: fixed(8, 8) }, layer: { isolatedSqnr: 6 } })).toEqual({
    kind: 'clipping',
    text: '50.2 % of its output saturate',
  });
});

test('resolution: the step beside the values', () => {
  // The root mean square of values evenly spread up to 1 is 3^-1/2; the error of steps of 1/8 is 8^-2 / 12.
  const isolatedSqnr = 10 * Math.log10(1 / 3 / (8 ** -2 / 12));
  expect(causeOf({ formats: { y: fixed(8, 3) }, layer: { isolatedSqnr } })).toEqual({
    kind: 'resolution',
    text: 'its output has steps of 0.125 for values of 0.577 (root mean square)',
  });
});

test('what the layer reads, where its output does not explain the noise that was measured', () => {
  const coarse = { formats: { x: fixed(8, 3), y: fixed(8, 6) } };
  const noise = 10 * Math.log10(1 / 3 / (8 ** -2 / 12));
  const text = 'its input x has steps of 0.125 for values of 0.577 (root mean square)';
  expect(causeOf({ ...coarse, layer: { isolatedSqnr: noise } })).toEqual({ kind: 'resolution', text });
  const amplified = causeOf({ ...coarse, layer: { isolatedSqnr: noise - 10 } });
  expect(amplified).toEqual({
    kind: 'resolution',
    text: `${text}; the layer amplifies such noise by 10.0 dB`,
  });
});

test('outlier channel: the one that makes the steps of all others large', () => {
  const x = Float32Array.from(
    { length: 64 },
    (_, index) => (index % 8 === 5 ? 100 : 1) * (index < 8 ? -1 : 0.4),
  );
  const formats = { x: fixed(8, 0) };
  const isolatedSqnr = 40;
  expect(causeOf({ x, channels: 8, formats, layer: { isolatedSqnr } })).toEqual({
    kind: 'outlier channel',
    text: 'channel 5 of its input x reaches 100, half of the channels at most 1',
  });
  const weights = Int8Array.of(1, 2, 100, 3);
  const reasons = { w: { sqnr: 20 } };
  expect(causeOf({ weights, reasons, layer: { isolatedSqnr: 20 } }).text).toBe(
    'channel 2 of its weights w reaches 0.781, half of the channels at most 0.0234',
  );
});

test('shift window: what moved the fraction bits, where it made the error', () => {
  const constraint = 'windows.shiftCut.max 4 of Gemm';
  const move: Move = { name: 'y', channel: null, from: 7, to: 3, node: 'y', constraint };
  const layer = { isolatedSqnr: 24 };
  expect(causeOf({ formats: { y: fixed(8, 3) }, moves: [move], layer })).toEqual({
    kind: 'shift window',
    text: `${constraint} at y moved its output from 7 to 3 fraction bits`,
  });
  const moves = [0, 1, 3].map((channel): Move => ({ ...move, name: 'w', channel }));
  const reasons = { w: { sqnr: 20 } };
  expect(causeOf({ moves, reasons, layer }).text).toBe(
    `${constraint} at y moved 3 channels of its weights w from 7 to 3 fraction bits`,
  );
  expect(causeOf({ moves: moves.slice(2), reasons, layer }).kind).toBe('resolution');
});

test('shared format: others reach further', () => {
  const reasons = { y: { minimum: -10, maximum: 12, sources: ['y', 'z'] } };
  expect(causeOf({ formats: { y: fixed(8, 3) }, reasons, layer: { isolatedSqnr: 24 } })).toEqual({
    kind: 'shared format',
    text: 'its output shares its format with z that reach 12',
  });
});

test('sums that a register lost come first; a layer that is exact has no cause', () => {
  const formats = { y: fixed(8, 3) };
  expect(causeOf({ formats, layer: { isolatedSqnr: 24, wraps: 1234, saturations: 0 } })).toEqual({
    kind: 'accumulator',
    text: 'its sums wrapped 1,234 times',
  });
  expect(causeOf({ formats, layer: { isolatedSqnr: null } })).toBeUndefined();
});
