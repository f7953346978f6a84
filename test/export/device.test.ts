/** A device that computes a convolution by other rules: a plain one, written here, whose mistakes must be found. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { InputError, UsageError } from '#src/errors.js';
import type { Elements } from '#src/execute/executor.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { recordedDifferenceText } from '#src/export/compare-folder.js';
import { fixed } from '#src/formats/format.js';
import { encodeNpy } from '#src/inputs/npy.js';
import { openSides, type SidesSpec } from '#src/jobs/diff-sides.js';
import type { Program } from '#src/program/program.js';
import { temporaryFolder } from '../cli/command-line.js';
import { createRandom } from '../program/draw.js';
import { byShift, programOf, proved, windowOf } from '../programs.js';

const [HEIGHT, WIDTH, CHANNELS, OUTPUTS] = [5, 6, 3, 4];
const SHIFT = 7;

const random = createRandom(7);
/** Multiples of `step`: their products are multiples of 64, so that half of all results are ties. */
const draw = (length: number, most: number, step: number) =>
  Int8Array.from({ length }, () => (Math.floor(random() * (2 * most + 1)) - most) * step);
const x = draw(HEIGHT * WIDTH * CHANNELS, 31, 4);
const weights = draw(OUTPUTS * 9 * CHANNELS, 4, 16);
const bias = Int32Array.of(896, -704, 2368, -64);

/** A convolution with shifts, a Relu, and a data movement behind it. */
const program: Program = programOf(
  {
    x: { shape: [1, HEIGHT, WIDTH, CHANNELS], format: fixed(8, 4) },
    weights: { shape: [OUTPUTS, 3, 3, CHANNELS], format: fixed(8, 6), data: weights },
    bias: { shape: [OUTPUTS], format: fixed(32, 10), data: bias },
    y: { shape: [1, HEIGHT, WIDTH, OUTPUTS], format: fixed(8, 3) },
    z: { shape: [1, OUTPUTS, HEIGHT, WIDTH], format: fixed(8, 3) },
  },
  [
    {
      op: 'convolution',
      inputs: ['x', 'weights', 'bias'],
      output: 'y',
      window: windowOf([3, 3], { pads: [1, 1, 1, 1] }),
      groups: 1,
      clamp: { low: 0, high: 127 },
      arithmetic: { accumulator: proved, requantize: byShift(SHIFT) },
    },
    { op: 'transpose', inputs: ['y'], output: 'z', permutation: [0, 3, 1, 2] },
  ],
);

/** What the device does in its own way. */
interface Rules {
  readonly input?: Int8Array;
  readonly weight?: (o: number, r: number, c: number, k: number) => number;
  readonly bias?: (o: number) => number;
  readonly accumulate?: (sum: number) => number;
  readonly scale?: (sum: number) => number;
  readonly overflow?: (v: number) => number;
  readonly activate?: (v: number) => number;
}

const halfEven = (v: number) => {
  const below = Math.floor(v);
  return v - below === 0.5 ? below + (below & 1) : Math.round(v);
};
const clampTo = (low: number, high: number) => (v: number) => Math.min(Math.max(v, low), high);
const stored = (o: number, r: number, c: number, k: number) => ((o * 3 + r) * 3 + c) * CHANNELS + k;

function device({
  input = x,
  weight = (...at) => weights[stored(...at)],
  bias: biasOf = (o) => bias[o],
  accumulate = (sum) => sum,
  scale = (sum) => halfEven(sum / 2 ** SHIFT),
  overflow = clampTo(-128, 127),
  activate = clampTo(0, 127),
}: Rules): Int16Array {
  const y: number[] = [];
  for (let i = 0; i < HEIGHT; i++)
    for (let j = 0; j < WIDTH; j++)
      for (let o = 0; o < OUTPUTS; o++) {
        let sum = 0;
        for (let r = 0; r < 3; r++)
          for (let c = 0; c < 3; c++)
            for (let k = 0; k < CHANNELS; k++) {
              const [row, column] = [i + r - 1, j + c - 1];
              if (row < 0 || row >= HEIGHT || column < 0 || column >= WIDTH) continue;
              sum = accumulate(sum + input[(row * WIDTH + column) * CHANNELS + k] * weight(o, r, c, k));
            }
        y.push(activate(overflow(scale(accumulate(sum + biasOf(o))))));
      }
  return Int16Array.from(y);
}

/** Channels first from channels last. */
function channelsFirst(data: Int16Array, channels: number): Int16Array {
  const pixels = data.length / channels;
  return data.map((_, i) => data[(i % pixels) * channels + Math.floor(i / pixels)]);
}

const wrap = (bits: number) => (v: number) => (v << (32 - bits)) >> (32 - bits);

/** Writes a folder as a device without a manifest does. */
function write(files: Record<string, Elements>): string {
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  for (const [name, data] of Object.entries(files))
    writeFileSync(join(folder, `${name}.npy`), encodeNpy({ shape: [data.length], data }));
  return folder;
}

/** The first sample of two sides. */
const compareSides = (one: Program, spec: SidesSpec) => openSides(one, spec).compare(0);
const compare = (folder: string) => compareSides(program, { left: 'oracle', right: folder });

test('the plain device computes what the oracle does', () => {
  const { y, z } = { y: device({}), z: channelsFirst(device({}), OUTPUTS) };
  expect(compare(write({ x, y, z }))).toEqual({ compared: 2 });
  expect(compare(write({ x, z }))).toEqual({ compared: 1 });
});

const flat = (k: number, r: number, c: number) => (k * 3 + r) * 3 + c;

const mistakes: Record<string, { rules: Rules; what: string }> = {
  'an arithmetic shift': {
    rules: { scale: (sum) => sum >> SHIFT },
    what: 'rounding floor instead of halfEven',
  },
  'half up': {
    rules: { scale: (sum) => (sum + 64) >> SHIFT },
    what: 'rounding halfTowardPositive instead of halfEven',
  },
  'no saturation': {
    rules: { overflow: wrap(8) },
    what: 'overflow wrap instead of saturate',
  },
  'half up without saturation': {
    rules: { scale: (sum) => (sum + 64) >> SHIFT, overflow: wrap(8) },
    what: 'rounding halfTowardPositive instead of halfEven, and overflow wrap instead of saturate',
  },
  'one bit too far': {
    rules: { scale: (sum) => halfEven(sum / 2 ** (SHIFT + 1)) },
    what: 'shift 1 more to the right (fraction bits of the output -1)',
  },
  'one bit too far, and truncated': {
    rules: { scale: (sum) => Math.trunc(sum / 2 ** (SHIFT + 1)) },
    what: 'rounding towardZero instead of halfEven, and shift 1 more to the right (fraction bits of the output -1)',
  },
  'no bias': { rules: { bias: () => 0 }, what: 'the bias is missing' },
  'no activation': { rules: { activate: (v) => v }, what: 'the clamp (activation) is missing' },
  'an accumulator of 16 bits': {
    rules: { accumulate: wrap(16) },
    what: 'an accumulator of 16 bits with overflow wrap',
  },
  'a turned kernel': {
    rules: { weight: (o, r, c, k) => weights[stored(o, 2 - r, 2 - c, k)] },
    what: 'the kernel is turned by 180 degrees (convolution, not correlation)',
  },
  'weights in another layout': {
    rules: { weight: (o, r, c, k) => weights[o * 9 * CHANNELS + flat(k, r, c)] },
    what: 'weights that lie as OHWI are read as OIHW',
  },
};

describe('the one difference is named', () => {
  test.each(Object.entries(mistakes))('%s', (_, { rules, what }) => {
    const y = device(rules);
    const { different } = compare(write({ x, y }));
    expect(different).toMatchObject({ difference: { instruction: 0, tensor: 'y' } });
    expect(different?.explanation?.explanations).toContain(what);
  });

  test('inputs in another layout, of which the device says nothing', () => {
    const input = Int8Array.from(channelsFirst(Int16Array.from(x), CHANNELS));
    const folder = write({ y: device({ input }) });
    const path = join(temporaryFolder(), 'x.npy');
    writeFileSync(path, encodeNpy({ shape: [1, HEIGHT, WIDTH, CHANNELS], data: x }));
    const spec = {
      path,
      inputs: [{ name: 'x', type: 'float32', shape: [1, HEIGHT, WIDTH, CHANNELS] }],
    } as const;
    const { different } = compareSides(program, { left: 'oracle', right: folder, data: spec });
    expect(different?.explanation?.explanations).toEqual(['"x" lies as NCHW and is read as NHWC']);
    expect(different?.assumed).toEqual(['x']);
  });

  test('the layout of the file', () => {
    const { different } = compare(write({ x, y: channelsFirst(device({}), OUTPUTS) }));
    expect(different?.explanation?.explanations).toEqual([
      'the file has the right elements in the layout NCHW',
    ]);
  });

  test('the sign of what the file holds', () => {
    const y = device({ activate: (v) => v }).map((code) => code & 255);
    const { different } = compareSides(withoutClamp, { left: 'oracle', right: write({ x, y }) });
    expect(different?.explanation?.explanations).toEqual(['the file has the right bits without their sign']);
  });
});

const withoutClamp: Program = {
  ...program,
  instructions: program.instructions.map((one) => (one.op === 'convolution' ? { ...one, clamp: null } : one)),
};

test('what nothing explains is said with the range of the differences', () => {
  const y = device({}).map((code, i) => (i === 17 ? code ^ 1 : code));
  const { different } = compare(write({ x, y }));
  expect(different?.explanation).toMatchObject({
    explanations: [],
    pattern: expect.stringMatching(/^differences from (-1 to 0|0 to 1)$/),
  });
  expect(different?.explanation?.tried).toBeGreaterThan(100);
});

test('every step after a difference is not looked at; the first element is named', () => {
  const y = device({});
  y[OUTPUTS * 7 + 2] += 3;
  const { different } = compare(write({ x, y, z: device({ bias: () => 0 }) }));
  expect(different?.difference).toMatchObject({ tensor: 'y', coordinates: [0, 1, 1, 2], differing: 1 });
});

test('no mistake is looked for in a tensor that is right for its operands', () => {
  const right = write({ x, y: device({}) });
  const left = write({ y: device({ scale: (sum) => sum >> SHIFT }) });
  const { different } = compareSides(program, { left, right });
  expect(different?.difference).toMatchObject({ instruction: 0, tensor: 'y' });
  expect(different?.explanation).toMatchObject({ asDefined: true, explanations: [] });
  expect(recordedDifferenceText(different!)).toMatch(/ has exactly what the program computes; .*$/);
});

test('folders that cannot be compared are refused in one line', () => {
  expect(() => compare('nowhere')).toThrow(UsageError);
  expect(() => compare(write({ other: x }))).toThrow(
    /holds no tensor of the program, expected files such as y.npy/,
  );
  expect(() => compare(write({ y: device({}) }))).toThrow(
    /input "x": is missing, expected a file, or --data/,
  );
  expect(() => compare(write({ x, y: device({}).slice(1) }))).toThrow(InputError);
  expect(() => compare(write({ x, y: Float32Array.from(device({}), (v) => v / 2) }))).toThrow(/is no code/);
});

test('the oracle agrees with itself when its dump is the device', () => {
  const oracle = createOracle(program);
  const outputs: Record<string, Elements> = { x };
  oracle.run([x], (index, { read }) => {
    const { output } = program.instructions[index];
    outputs[program.tensors[output].name] = read(output);
  });
  expect(compare(write(outputs)).different).toBeUndefined();
});
