/** Variants of the kernels: the same bytes, and none that gives others serves. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { UsageError } from '#src/errors.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import { answersRight, readAnswers } from '#src/execute/wasm/known-answers.js';
import { prepareProgram } from '#src/execute/wasm/prepare.js';
import { loadKernels } from '#src/execute/wasm/select-variant.js';
import { compileVariant, kernelsOf, VARIANTS, type VariantName } from '#src/execute/wasm/variants.js';
import { createMemory } from '#src/execute/wasm/webassembly.js';
import { type Format, fixed } from '#src/formats/format.js';
import { findNode, toolTest } from '../tools.js';
import { type Case, fills, roundings, single } from './wasm-cases.js';
import { eightBits, product } from './wasm-product-cases.js';

const node24 = findNode(24);
/** Packs weights for every variant. */
const plain = compileVariant('simd', false);

function kernelsCalled({ program }: Pick<Case, 'program'>, variant: VariantName): Set<string> {
  return new Set(
    prepareProgram(program, createMemory(), { kernels: { ...plain, variant } }).steps.map(
      ({ kernel }) => kernel,
    ),
  );
}

test('the known answers reach every kernel that programs run', () => {
  const called = new Set([...readAnswers()].flatMap(({ calls }) => calls.map(({ kernel }) => kernel)));
  const all = new Set(VARIANTS.flatMap((variant) => [...kernelsOf(variant)]));
  // Those that calibration and validation ask for.
  const others = ['observe_f32_f64', 'compare_i16_f32', 'compare_i32_f32', 'compare_f32_f32'];
  expect([...all].filter((kernel) => !called.has(kernel))).toEqual(others);
});

test('one bit of one answer rules the kernels out', () => {
  const [first, ...answers] = readAnswers();
  expect(answersRight(plain, [first])).toBe(true);
  const [{ address, bytes }] = first.after;
  const wrong = { address, bytes: bytes.map((byte, index) => (index === 0 ? byte ^ 1 : byte)) };
  expect(answersRight(plain, [...answers, { ...first, after: [wrong] }])).toBe(false);
});

const sevenBits: Format = { ...fixed(7, 4), signed: false };

const layers: fc.Arbitrary<Case> = fc
  .record({
    seed: fc.nat(),
    size: fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 6 })),
    channels: fc.integer({ min: 1, max: 40 }),
    outputs: fc.integer({ min: 1, max: 50 }),
    groups: fc.constantFrom(1, 1, 2),
    kernel: fc.constantFrom(1, 1, 3),
    stride: fc.constantFrom(1, 2),
    x: fc.constantFrom(fixed(8, 4), fixed(12, 4), sevenBits, sevenBits),
    weights: fc.constantFrom(fixed(8, 3), fixed(8, 3), fixed(7, 3), fixed(5, 3), fixed(11, 3)),
    xFill: fills,
    weightFill: fills,
    rounding: roundings,
    shift: fc.integer({ min: 0, max: 16 }),
  })
  .map(({ size: [height, width], channels, outputs, groups, kernel, stride, ...values }) => {
    const shape = [1, height, width, channels * groups];
    const weights = [outputs * groups, kernel, kernel, channels];
    const { operands, arithmetic, clamp, format } = product({ ...eightBits, ...values }, shape, weights);
    const pad = (kernel - 1) / 2;
    const window = {
      kernel: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      dilations: [1, 1],
    } as const;
    const output = [1, Math.ceil(height / stride), Math.ceil(width / stride), outputs * groups];
    const fields = { op: 'convolution', window, groups, clamp, arithmetic } as const;
    return single<'convolution'>(fields, operands, { shape: output, format });
  });

test.each(VARIANTS)('%s gives the bytes of the oracle', (variant) => {
  const seen = new Set<string>();
  const check = (one: Case) => {
    for (const kernel of kernelsCalled(one, variant)) seen.add(kernel);
    const expected = createOracle(one.program).run(one.inputs);
    const executor = createWasmExecutor(one.program, { variant, v8Flags: true });
    expect(executor.run(one.inputs)).toEqual(expected);
    expect(executor.run(one.inputs)).toEqual(expected);
  };
  fc.assert(fc.property(layers, check), { numRuns: 400 });
  const added = [...kernelsOf(variant)].filter((kernel) => !kernelsOf('simd').has(kernel));
  const missing = () => added.filter((kernel) => !seen.has(kernel));
  // Some kernels are for one layer in a hundred.
  for (let round = 0; round < 10 && missing().length > 0; round++)
    fc.assert(fc.property(layers, check), { numRuns: 400 });
  expect(missing()).toEqual([]);
});

test('a variant that does not serve is refused by name, with those that do', () => {
  expect(() => loadKernels({ variant: 'sse' as VariantName })).toThrow(UsageError);
  expect(() => loadKernels({ variant: 'sse' as VariantName })).toThrow(/variant: .*simd.*got sse/);
});

test('a variant that this V8 compiles only under a flag names the option that allows it', () => {
  const pinned = () => loadKernels({ variant: 'relaxed' });
  if (Number.parseFloat(process.versions.v8) >= 11.4) expect(pinned().variant).toBe('relaxed');
  else
    expect(pinned).toThrow(
      /^variant: cannot serve: does not compile without V8's flags, expected --v8-flags \(v8Flags: true\), or simd, simd256, got relaxed$/,
    );
});

const root = fileURLToPath(new URL('../..', import.meta.url));
const out = mkdtempSync(join(tmpdir(), 'dynafix-'));
afterAll(() => rmSync(out, { recursive: true }));

function runCommand(
  node: string,
  words: readonly string[],
): { readonly digest: string; readonly variant: string } {
  const command = ['dist/cli/main.js', ...words, '--limit', '120', '--json'];
  const { stdout, stderr } = spawnSync(node, command, { cwd: root, encoding: 'utf8' });
  expect(stdout, stderr).not.toBe('');
  return JSON.parse(stdout);
}

const calibration = ['--calibration', 'examples/digits/calibration-images-idx3-ubyte.gz'];
const data = [
  '--data',
  'examples/digits/test-images-idx3-ubyte.gz',
  '--preprocess',
  '{"scale":0.00392156862745098}',
];

function expectDigests(node: string, variants: readonly VariantName[]): void {
  const { digest } = runCommand(process.execPath, [
    'quantize',
    'examples/digits/digits.onnx',
    ...data,
    ...calibration,
    '-o',
    out,
  ]);
  for (const variant of variants) {
    const words = ['run', join(out, 'model.program'), ...data, '--v8-flags', '--variant', variant];
    expect(runCommand(node, words)).toMatchObject({ variant, digest });
  }
}

test('the example gives the same digest on every variant', () => expectDigests(process.execPath, VARIANTS));

toolTest(node24)('the example gives the same digest on every variant of Node.js 24', () => {
  expectDigests(node24!, VARIANTS);
});
