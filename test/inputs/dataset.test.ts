import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { encode as encodePng } from 'fast-png';
import { afterAll, describe, expect, test } from 'vitest';
import { DynafixError, InputError } from '#src/errors.js';
import { type DatasetSpec, openDataset } from '#src/inputs/dataset.js';
import { encodeNpy } from '#src/inputs/npy.js';
import { encodeNpz } from '#src/inputs/npz.js';
import { sha256 } from '#src/platform/files.js';
import { shared, sharedTest } from '../shared.js';

const inputs = (...shapes: number[][]) =>
  shapes.map((shape, i) => ({ name: `in${i}`, type: 'float32' as const, shape }));
const temporary = mkdtempSync(join(tmpdir(), 'dynafix-inputs-'));
afterAll(() => rmSync(temporary, { recursive: true }));

let folders = 0;
function folder(files: Record<string, Uint8Array>): string {
  const path = join(temporary, String(folders++));
  mkdirSync(path);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return path;
}
const names = (spec: DatasetSpec) => openDataset(spec).samples.map(({ name }) => name);
const png = (...data: number[]) =>
  encodePng({ width: data.length, height: 1, channels: 1, depth: 8, data: Uint8Array.from(data) });
const npy = (shape: number[], data: Float32Array | Int8Array) => encodeNpy({ shape, data });

describe('shared data', () => {
  sharedTest('650 photographs decode to 227x227, each with its own digest', () => {
    const dataset = openDataset({ path: shared('imagenet/validation'), inputs: inputs([1, 3, 227, 227]) });
    expect(dataset.count).toBe(650);
    const digests = new Set<string>();
    for (let i = 0; i < dataset.count; i++) {
      const [values] = dataset.load(i);
      expect(values).toHaveLength(3 * 227 * 227);
      digests.add(dataset.digest(i));
    }
    expect(digests.size).toBe(650);
    const { name } = dataset.samples[649];
    expect(dataset.digest(649)).toBe(sha256(readFileSync(shared(`imagenet/validation/${name}`))));
  });

  sharedTest('10,000 digits, the folder or the file, gray or flattened', () => {
    const file = 't10k-images-idx3-ubyte.gz';
    const bytes = gunzipSync(readFileSync(shared(`mnist/${file}`)));
    const dataset = openDataset({ path: shared('mnist'), inputs: inputs([1, 1, 28, 28]) });
    expect(dataset.count).toBe(10000);
    expect(dataset.samples[9999].name).toBe(`${file}#9999`);
    expect([0, 1, 2, 3, 4].map((i) => dataset.label(i))).toEqual([7, 2, 1, 0, 4]);
    const flat = openDataset({ path: shared(`mnist/${file}`), inputs: inputs([1, 784]), limit: 7 });
    expect(flat.count).toBe(7);
    const pixels = bytes.subarray(16 + 6 * 784, 16 + 7 * 784);
    expect([...dataset.load(6)[0]]).toEqual([...pixels]);
    expect([...flat.load(6)[0]]).toEqual([...pixels]);
    expect(flat.digest(6)).toBe(sha256(pixels));
  });

  sharedTest('CIFAR-10: planes stay planes or are interleaved', () => {
    const path = shared('cifar10/test_1000.bin.gz');
    const record = gunzipSync(readFileSync(path)).subarray(3 * 3073, 4 * 3073);
    const planes = openDataset({ path, inputs: inputs([1, 3, 32, 32]) });
    expect(planes.count).toBe(1000);
    expect(planes.label(3)).toBe(record[0]);
    expect([...planes.load(3)[0]]).toEqual([...record.subarray(1)]);
    const pixels = openDataset({ path, inputs: inputs([1, 32, 32, 3]) }).load(3)[0];
    expect([...pixels.subarray(3, 6)]).toEqual([record[2], record[2 + 1024], record[2 + 2048]]);
  });

  sharedTest('500 keyword clips: codes as they are, real values with a preprocessing', () => {
    const raw = { type: 'int8' as const, shape: [1, 49, 10] };
    const spec = { path: shared('keywords'), inputs: inputs([1, 49, 10, 1]), raw };
    const codes = openDataset(spec);
    const real = openDataset({ ...spec, preprocess: { offset: -83, scale: 0.5847029 } });
    expect(codes.count).toBe(500);
    for (let i = 0; i < 500; i++) {
      const bytes = readFileSync(shared(`keywords/${codes.samples[i].name}`));
      const stored = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
      expect(codes.load(i)[0]).toEqual(Int8Array.from(stored));
      expect(real.load(i)[0]).toEqual(Float32Array.from(stored, (q) => (q - 83) * 0.5847029));
    }
  });

  sharedTest('test data of the ONNX zoo, one folder per sample', () => {
    const spec = { path: shared('vectors/onnx-zoo/mnist_8'), inputs: inputs([1, 1, 28, 28]) };
    expect(names(spec)).toEqual(['0', '1', '2']);
    expect(openDataset(spec).load(1)[0]).toHaveLength(784);
  });
});

describe('sources', () => {
  test('order is that of code points, limit takes the first, other files and hidden ones are left out', () => {
    const files = ['b.png', 'a10.png', 'a9.png', 'B.png', '\u{1f600}.png', '\uff5e.png', '.c.png'];
    const path = folder({
      ...Object.fromEntries(files.map((name) => [name, png(1)])),
      'labels.txt': Buffer.from('no image'),
    });
    const spec = { path, inputs: inputs([1, 1, 1, 1]) };
    const order = ['B.png', 'a10.png', 'a9.png', 'b.png', '\uff5e.png', '\u{1f600}.png'];
    expect(names(spec)).toEqual(order);
    expect(names({ ...spec, limit: 2 })).toEqual(order.slice(0, 2));
    expect(names({ ...spec, path: `${path}/a*.png` })).toEqual(['a10.png', 'a9.png']);
    expect(names({ ...spec, path: `${path}/b.png` })).toEqual(['b.png']);
  });

  test('arrays: many samples along the first dimension, floats real, integers codes', () => {
    const path = folder({
      'a.npy': npy([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6)),
      'b.npy.gz': gzipSync(npy([1, 3], Int8Array.of(-7, 8, 9))),
    });
    const spec = { path, inputs: inputs([1, 3]) };
    const dataset = openDataset(spec);
    expect(dataset.samples.map(({ name }) => name)).toEqual(['a.npy#0', 'a.npy#1', 'b.npy.gz']);
    expect([2, 0, 1].map((i) => dataset.load(i)[0])).toEqual([
      Int8Array.of(-7, 8, 9),
      Float32Array.of(1, 2, 3),
      Float32Array.of(4, 5, 6),
    ]);
    expect(dataset.digest(2)).toBe(sha256(Uint8Array.of(0xf9, 8, 9)));
    const scaled = openDataset({ ...spec, preprocess: { scale: 2, mean: [1, 0, 0] } });
    expect(scaled.load(2)[0]).toEqual(Float32Array.of(-15, 16, 18));
  });

  test('several inputs: .npz by name, or by position', () => {
    const array = (name: string, ...data: number[]) => ({
      name,
      shape: [data.length, 1],
      data: Float32Array.from(data),
    });
    const path = folder({
      'a.npz': encodeNpz([array('in1', 1, 2), array('other', 3), array('in0', 5, 6)]),
      'b.npz': encodeNpz([array('arr_0', 7), array('arr_1', 8)]),
    });
    const dataset = openDataset({ path, inputs: inputs([1, 1], [1, 1]) });
    expect([0, 1, 2].map((i) => dataset.load(i).map(([value]) => value))).toEqual([
      [5, 1],
      [6, 2],
      [7, 8],
    ]);
  });

  test('several inputs: folders of input_K.pb, by name or by K', () => {
    // A TensorProto as bytes: dims 1 and 1, type float, name, raw data.
    const tensor = (name: string, value: number) => {
      const raw = new Uint8Array(Float32Array.of(value).buffer);
      return Uint8Array.of(8, 1, 8, 1, 16, 1, 0x42, name.length, ...Buffer.from(name), 0x4a, 4, ...raw);
    };
    const path = folder({
      'x/input_0.pb': tensor('in1', 1),
      'x/input_1.pb': tensor('in0', 2),
      'x/output_0.pb': tensor('out', 9),
      'y/input_0.pb': tensor('', 3),
      'y/input_1.pb.gz': gzipSync(tensor('', 4)),
    });
    const dataset = openDataset({ path, inputs: inputs([1, 1], [1, 1]) });
    expect(dataset.samples.map(({ name }) => name)).toEqual(['x', 'y']);
    expect([0, 1].map((i) => dataset.load(i).map(([value]) => value))).toEqual([
      [2, 1],
      [3, 4],
    ]);
  });
});

test('bad data: one clear error each', () => {
  const idx = (bytes: number[], length: number) => Uint8Array.from([...bytes, ...new Array(length).fill(0)]);
  const image = inputs([1, 1, 1, 1]);
  const cases: [DatasetSpec, RegExp][] = [
    [{ path: folder({}), inputs: image }, /holds no samples.*empty folder/],
    [{ path: folder({ 'a.txt': png(1) }), inputs: image }, /holds no samples.*a\.txt/],
    [{ path: '/no/such/folder', inputs: image }, /no such file or folder/],
    [{ path: `${folder({ 'a.png': png(1) })}/*.jpg`, inputs: image }, /matches no file/],
    [
      { path: folder({ 'a.png': png(1), 'b.npy': png(1) }), inputs: image },
      /several kinds.*a\.png and b\.npy/,
    ],
    [
      { path: folder({ 'a.png': Buffer.from('text') }), inputs: image },
      /a\.png: is neither a JPEG nor a PNG/,
    ],
    [
      { path: folder({ 'a.png.gz': gzipSync(png(1)).subarray(0, 30) }), inputs: image },
      /not a whole gzip file/,
    ],
    [{ path: folder({ 'a.png.gz': png(1) }), inputs: image }, /not a whole gzip file/],
    [{ path: folder({ 'a.png': png(1, 2) }), inputs: image }, /expected \[1,1,1,1\], got \[1,1,1,2\]/],
    [{ path: folder({ 'a.png': png(1) }), inputs: [...image, ...image] }, /the network has more/],
    [{ path: folder({ 'a.bin': png(1) }), inputs: image }, /need --raw/],
    [
      { path: folder({ 'a.bin': png(1) }), inputs: image, raw: { type: 'int16', shape: [1, 1] } },
      /not one sample of int16 \[1,1\], expected 2 bytes/,
    ],
    [
      {
        path: folder({ 'a-idx3-ubyte': idx([0, 0, 8, 3, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 1], 5) }),
        inputs: image,
      },
      /expected 9 bytes, got 5/,
    ],
    [{ path: folder({ 'a-idx3-ubyte': idx([0, 0, 8, 3], 2) }), inputs: image }, /header is cut off/],
    [
      { path: folder({ 'a-idx3-ubyte': idx([0, 0, 13, 3], 12) }), inputs: image },
      /not an idx file of unsigned bytes/,
    ],
    [
      {
        path: folder({
          'images-idx3-ubyte': idx([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1], 2),
          'labels-idx1-ubyte': idx([0, 0, 8, 1, 0, 0, 0, 1], 1),
        }),
        inputs: image,
      },
      /labels-idx1-ubyte: is not one label per image.*expected \[2\], got \[1\]/,
    ],
    [
      { path: folder({ 'a.npy': npy([2], Float32Array.of(1, 2)) }), inputs: inputs([1, 3]) },
      /expected \[1,3\].*got \[2\]/,
    ],
    [
      { path: folder({ 'a.npy': npy([1], Float32Array.of(NaN)) }), inputs: inputs([1, 1]) },
      /element 0 is not a finite/,
    ],
    [
      {
        path: folder({ 'a.npy': npy([1], Float32Array.of(1)) }),
        inputs: inputs([1, 1]),
        preprocess: { crop: 3 },
      },
      /"crop" of the preprocessing needs images/,
    ],
    [{ path: folder({ 'a.pb': Uint8Array.of(8, 200, 255) }), inputs: image }, /a\.pb/],
    [
      {
        path: folder({ 'a.npz': encodeNpz([{ name: 'q', shape: [1], data: Int8Array.of(1) }]) }),
        inputs: inputs([1], [1]),
      },
      /expected in0, in1, got q/,
    ],
  ];
  for (const [spec, expected] of cases) {
    let message = 'nothing was refused';
    try {
      openDataset(spec).load(0);
    } catch (error) {
      expect(error, String(error)).toBeInstanceOf(DynafixError);
      expect(error).toBeInstanceOf(InputError);
      message = (error as Error).message;
    }
    expect(message).toMatch(expected);
    expect(message).not.toContain('\n');
  }
});
