/** Every command on the digits that ship, as a user runs it. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { decodeNpy } from '#src/inputs/npy.js';
import { decodeNpz } from '#src/inputs/npz.js';
import {
  calibrationImages,
  digits,
  dynafix,
  folderOfTests,
  json,
  listAll,
  makeDigits,
  model,
  temporaryFolder,
  testImages,
} from './command-line.js';

const folder = folderOfTests();
const { statistics, formats, program } = await makeDigits(folder);

const data = ['--data', testImages];
const images = gunzipSync(readFileSync(testImages)).subarray(16);
const labels = gunzipSync(readFileSync(digits('test-labels-idx1-ubyte.gz'))).subarray(8);

/** What `run -o` writes for all test images, by name. */
async function outputs(file: string): Promise<Map<string, { shape: readonly number[]; data: number[] }>> {
  const path = join(temporaryFolder(), 'outputs.npz');
  await json(['run', file, ...data, '-o', path]);
  const arrays = decodeNpz(new Uint8Array(readFileSync(path)), path);
  return new Map(arrays.map(({ name, shape, data }) => [name, { shape, data: Array.from(data, Number) }]));
}

/** The index of the largest of each ten values. */
function choices(values: readonly number[]): number[] {
  return Array.from({ length: values.length / 10 }, (_, sample) => {
    const own = values.slice(10 * sample, 10 * sample + 10);
    return own.indexOf(Math.max(...own));
  });
}

describe('--json prints one document and nothing else', () => {
  test.each([
    ['inspect', model],
    ['calibrate', model, ...data, '--limit', '5', '-o', 'OUT/s.pb'],
    ['assign', model, '--statistics', statistics, '--hardware', 'generic-int16', '-o', 'OUT/f.json'],
    ['compile', model, '--formats', formats, '-o', 'OUT/p.program'],
    ['quantize', model, ...data, '--limit', '120', '-o', 'OUT/quantized'],
    ['run', program, ...data, '--limit', '5'],
    ['validate', model, program, ...data, '--limit', '5'],
    ['diff', program, ...data, '--limit', '1'],
    ['print', program],
    ['export', 'c', program, '-o', 'OUT/c'],
    ['export', 'qdq', program, '-o', 'OUT/qdq.onnx'],
    ['export', 'integer', program, '-o', 'OUT/integer.onnx'],
    ['export', 'vectors', program, ...data, '--limit', '1', '-o', 'OUT/vectors'],
    ['demo', '-o', 'OUT/demo'],
  ])('%s', async (...words) => {
    const out = temporaryFolder();
    const { exit, stdout, stderr } = await dynafix([
      ...words.map((word) => word.replace('OUT', out)),
      '--json',
    ]);
    expect(exit, stderr).toBe(0);
    expect(JSON.parse(stdout)).toBeTypeOf('object');
    expect(listAll(out).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});

test('without --json nothing but results is on standard output', async () => {
  const words = ['assign', model, '--statistics', statistics, '--hardware', 'generic-int8'];
  const out = join(temporaryFolder(), 'f.json');
  const { exit, stdout, stderr } = await dynafix([...words, '-o', out]);
  expect({ exit, stdout }).toEqual({ exit: 0, stdout: '' });
  expect(stderr).toMatch(/ tensors for generic-int8\npredicted +SQNR [\d.]+ dB\n/);
  expect(readFileSync(out, 'utf8')).toBe(readFileSync(formats, 'utf8'));
});

test('help and version are results', async () => {
  for (const word of ['--help', '--version', 'help']) {
    const { exit, stdout, stderr } = await dynafix([word]);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout).not.toBe('');
  }
});

test('the help of a command shows no default that is no text', async () => {
  for (const words of [['run'], ['bench'], ['validate'], ['export', 'vectors']]) {
    const { stdout } = await dynafix([...words, '--help']);
    expect(stdout).not.toMatch(/default:\s*(\{|"?\/)/);
  }
});

test('steps of recovery may be listed with spaces; errors are said to be taken before the float tail', async () => {
  const words = ['--recover', 'correct, round', '--no-layers', '--no-prices', '-o', temporaryFolder()];
  const { exit, stdout } = await dynafix(['quantize', model, ...data, '--limit', '120', ...words]);
  expect(exit).toBe(0);
  expect(stdout).toMatch(/^output +probabilities: SQNR .+, before the float tail$/m);
});

test('inspect counts what the network needs', async () => {
  const convolutions = 24 * 24 * 8 * 25 + 8 * 8 * 16 * 200;
  const layers = 256 * 64 + 64 * 10;
  const weights = 8 * 25 + 16 * 200 + layers;
  expect(await json(['inspect', model])).toMatchObject({
    operators: { Conv: 2, Relu: 3, MaxPool: 2, Flatten: 1, Gemm: 2, Softmax: 1 },
    macs: convolutions + layers,
    parameters: weights + 8 + 16 + 64 + 10,
    memory: { weightBytes: expect.any(Number), activationBytes: expect.any(Number) },
    inputs: [{ name: 'image', type: 'float32', shape: [1, 1, 28, 28] }],
    outputs: [{ name: 'probabilities', type: 'float32', shape: [1, 10] }],
    floatIslands: [{ node: 'softmax', operator: 'Softmax' }],
    unsupported: [],
  });
});

test('run on a model gives what onnxruntime gives', async () => {
  const found = await outputs(model);
  expect([...found.keys()]).toEqual(['probabilities']);
  const { shape, data } = found.get('probabilities')!;
  expect(shape).toEqual([400, 10]);
  const session = await InferenceSession.create(model);
  for (let sample = 0; sample < 20; sample++) {
    const image = Float32Array.from(images.subarray(784 * sample, 784 * (sample + 1)));
    const { probabilities } = await session.run({ image: new Tensor('float32', image, [1, 1, 28, 28]) });
    for (const [index, expected] of Array.from(probabilities.data as Float32Array).entries())
      expect(data[10 * sample + index]).toBeCloseTo(expected, 5);
  }
});

test('run gives the same digest for every number of threads; it is that of validate', async () => {
  const runs = await Promise.all(
    ['1', '2', '3'].map((threads) => json(['run', program, ...data, '--threads', threads])),
  );
  const { digest } = await json(['validate', model, program, ...data]);
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect(runs.map((run) => [run.threads, run.samples, run.digest])).toEqual([
    [1, 400, digest],
    [2, 400, digest],
    [3, 400, digest],
  ]);
  expect(runs[0].outputs).toEqual([{ name: 'probabilities', shape: [1, 10] }]);
});

test('validate counts what the outputs say', async () => {
  const summary = await json(['validate', model, program, ...data]);
  const chosen = async (file: string) => choices((await outputs(file)).get('probabilities')!.data);
  const [float, fixed] = [await chosen(model), await chosen(program)];
  const share = (holds: (sample: number) => boolean) =>
    float.filter((_, sample) => holds(sample)).length / float.length;
  expect(summary).toMatchObject({
    samples: 400,
    float: { top1: share((sample) => float[sample] === labels[sample]) },
    fixed: { top1: share((sample) => fixed[sample] === labels[sample]) },
    agreement: share((sample) => float[sample] === fixed[sample]),
    hardware: 'generic-int8',
  });
});

test('validate --fail-below exits 1 where a limit is not kept, and says which', async () => {
  const validate = ['validate', model, program, ...data, '--limit', '50', '--json', '--fail-below'];
  const kept = await dynafix([...validate, 'top1-drop=100,agreement=0.1,sqnr=1']);
  expect(kept).toMatchObject({ exit: 0, stderr: '' });
  const failed = await dynafix([...validate, 'agreement=0.1,sqnr=100']);
  expect(failed.exit).toBe(1);
  expect(failed.stderr).toMatch(/^dynafix: sqnr: expected 100, got [\d.]+\n$/);
  expect(JSON.parse(failed.stdout)).toMatchObject({ samples: 50 });
});

test("V8's flags that --v8-flags sets are named: those of a pinned variant, else those of all that are tried", async () => {
  const run = ['run', program, ...data, '--limit', '1', '--json', '--v8-flags'];
  const optimised = "V8's flags --no-liftoff --no-wasm-lazy-compilation( --no-wasm-inlining)?";
  const pinned = await dynafix([...run, '--variant', 'simd']);
  expect(pinned.stderr).toMatch(
    new RegExp(`^${optimised} are set while kernels are compiled; kernels simd\n$`),
  );
  const v8 = Number.parseFloat(process.versions.v8);
  const relaxed = v8 < 11.4 ? ' --experimental-wasm-relaxed-simd' : '';
  const wide = v8 < 12 ? '' : ' --experimental-wasm-revectorize';
  const chosen = await dynafix(run);
  expect(chosen.stderr).toMatch(
    new RegExp(`^${optimised}${relaxed}${wide} are set while kernels are compiled; kernels [a-z0-9]+\n`),
  );
});

test('diff finds no difference between the oracle and the kernels', async () => {
  for (const file of [program, model])
    expect(await json(['diff', file, ...data, '--limit', '2'])).toEqual({ samples: 2, equal: true });
});

test('quantize writes its files; without --calibration the first 100 samples are left out', async () => {
  const out = join(temporaryFolder(), 'deep', 'out');
  const summary = await json(['quantize', model, ...data, '--limit', '150', '-o', out]);
  expect(readdirSync(out).sort()).toEqual(
    [
      'formats.json',
      'model.integer.onnx',
      'model.program',
      'model.qdq.onnx',
      'refined.onnx',
      'report.html',
      'statistics.pb',
      'summary.json',
    ].sort(),
  );
  expect(JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8'))).toEqual(summary);
  expect(summary).toMatchObject({
    samples: 50,
    calibration: { samples: 100, disjoint: true },
    exports: { qdq: { file: 'model.qdq.onnx' }, integer: { file: 'model.integer.onnx' } },
    macs: { all: (await json(['inspect', model])).macs, wide: 0 },
  });
});

test('quantize counts multiplications that have an operand of more than 8 bits', async () => {
  const words = ['--hardware', 'generic-int16', '--recover', 'none', '--no-layers', '-o', temporaryFolder()];
  const { macs } = await json(['quantize', model, ...data, '--limit', '101', ...words]);
  expect(macs.wide).toBe(macs.all);
});

test('the refined network and the formats of quantize give its program', async () => {
  const out = temporaryFolder();
  const { recovery } = await json(['quantize', model, ...data, '--limit', '120', '-o', out]);
  const steps = recovery.map(({ step }: { step: string }) => step);
  expect(steps).toEqual(expect.arrayContaining(['correct', 'round']));
  const again = join(out, 'again.program');
  await json(['compile', join(out, 'refined.onnx'), '--formats', join(out, 'formats.json'), '-o', again]);
  expect(readFileSync(again).equals(readFileSync(join(out, 'model.program')))).toBe(true);
  for (const kind of ['qdq', 'integer']) {
    const exported = join(out, 'again.onnx');
    await json(['export', kind, again, '-o', exported]);
    expect(readFileSync(exported).equals(readFileSync(join(out, `model.${kind}.onnx`)))).toBe(true);
  }
});

test('a result does not lie beside what an earlier run left', async () => {
  const out = temporaryFolder();
  const quantize = (...words: string[]) =>
    json(['quantize', model, ...data, '--limit', '120', '-o', out, ...words]);
  await quantize();
  writeFileSync(join(out, 'notes.txt'), 'mine');
  const { exports } = await quantize('--hardware', 'onnx-qlinear', '--recover', 'none', '--no-layers');
  expect(exports.integer.reason).toBeDefined();
  const written = ['formats.json', 'model.program', 'model.qdq.onnx', 'statistics.pb', 'summary.json'];
  expect(readdirSync(out).sort()).toEqual([...written, 'notes.txt'].sort());
});

test('demo runs the variant that is pinned, by flags of V8 where they are allowed', async () => {
  const words = ['demo', '--variant', 'simd256', '--v8-flags', '-o', temporaryFolder()];
  const stderr = expect.stringMatching(
    /^V8's flags --.* are set while kernels are compiled; kernels simd256\n/,
  );
  expect(await dynafix(words)).toMatchObject({ exit: 0, stderr });
});

test('quantize with --calibration scores every sample and tells whether it has calibrated with it', async () => {
  const quantize = async (calibration: string) => {
    const files = ['--calibration', calibration, '-o', temporaryFolder()];
    const words = ['quantize', model, ...data, ...files, '--recover', 'none'];
    const { samples, digest, calibration: used } = await json(words);
    return { samples, digest, calibrated: used.samples, disjoint: used.disjoint };
  };
  const { digest } = await json(['run', program, ...data]);
  expect(await quantize(calibrationImages)).toEqual({
    samples: 400,
    calibrated: 100,
    disjoint: true,
    digest,
  });
  expect(await quantize(testImages)).toMatchObject({ samples: 400, calibrated: 400, disjoint: false });
});

test('diff takes a dump for a device, and names what one changed element differs in', async () => {
  const out = temporaryFolder();
  await json(['run', program, ...data, '--limit', '3', '--dump', out, '--dump-as', 'hex', '--word', '32']);
  const diff = ['diff', program, '--left', 'oracle', '--right', out];
  const tensors = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')).tensors.length - 1;
  const same = { samples: 3, equal: true, compared: 3 * tensors };
  for (const words of [[], data, ['--threads', '2']]) expect(await json([...diff, ...words])).toEqual(same);
  const file = join(out, 'sample_1', 'relu1.out.hex');
  const lines = readFileSync(file, 'utf8').split('\n');
  lines[5] = lines[5] === '7f7f7f7f' ? '00000000' : '7f7f7f7f';
  writeFileSync(file, lines.join('\n'));
  for (const threads of ['1', '2']) {
    const { exit, stdout } = await dynafix([...diff, '--threads', threads]);
    expect(exit).toBe(1);
    expect(stdout).toMatch(
      /^sample .*#1\ninstruction 2 differs: relu1.out = convolution .*\nfirst at "relu1.out" \[0, 0, 2, [4-7]\]; /,
    );
  }
});

test('run --dump writes the inputs and the tensors of the layers that match, and a manifest', async () => {
  const out = temporaryFolder();
  await json(['run', program, ...data, '--limit', '2', '--dump', out, '--layers', '^(relu1|logits)']);
  const files = ['image.npy', 'logits@float.npy', 'relu1.out.npy'];
  const folders = ['sample_0', 'sample_1'].flatMap((folder) => [
    folder,
    ...files.map((file) => `${folder}/${file}`),
  ]);
  expect(listAll(out)).toEqual(['manifest.json', ...folders]);
  const { tensors, samples } = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
  expect(samples).toHaveLength(2);
  expect(tensors).toContainEqual({
    tensor: 'relu1.out',
    file: 'relu1.out.npy',
    instruction: 2,
    name: 'relu1',
    operation: 'convolution',
    shape: [1, 24, 24, 8],
    format: expect.stringMatching(/^fixed\(8,/),
  });
  const bytes = new Uint8Array(readFileSync(join(out, 'sample_1', 'relu1.out.npy')));
  expect(decodeNpy(bytes, 'relu1.out.npy')).toMatchObject({
    shape: [1, 24, 24, 8],
    data: expect.any(Int8Array),
  });
});
