import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ModelError } from '#src/errors.js';
import { readGraph } from '#src/jobs/read-graph.js';
import { decodeModel, readModel } from '#src/onnx/read.js';
import { encodeModel } from '#src/onnx/write.js';
import { encode } from './samples.js';

let folder: string;
let secret: string;

beforeAll(() => {
  const root = mkdtempSync(join(tmpdir(), 'dynafix-external-'));
  folder = join(root, 'model');
  secret = join(root, 'secret.bin');
  mkdirSync(join(folder, 'weights'), { recursive: true });
  writeFileSync(secret, new Uint8Array(64));
  const data = new Uint8Array(Float32Array.of(9, 0.25, -4, 9).buffer);
  writeFileSync(join(folder, 'data.bin'), data);
  writeFileSync(join(folder, 'weights', '..data'), data);
  symlinkSync(secret, join(folder, 'link.bin'));
  symlinkSync('..', join(folder, 'up'));
  symlinkSync('data.bin', join(folder, 'inner.bin'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
});

afterAll(() => rmSync(join(folder, '..'), { recursive: true }));

/** A model whose initializer w, two floats, lies where the entries say. */
function withEntries(entries: Record<string, string>): Uint8Array {
  const externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
  return encode({ initializer: [{ name: 'w', dims: [2], dataType: 1, dataLocation: 1, externalData }] });
}

function read(entries: Record<string, string>) {
  const path = join(folder, 'm.onnx');
  writeFileSync(path, withEntries(entries));
  return readModel(path);
}

test('the digest of a model changes with its external data', () => {
  const entries = { location: 'changing.bin' };
  const path = join(folder, 'digest.onnx');
  writeFileSync(path, withEntries(entries));
  const digestOf = (...values: number[]) => {
    writeFileSync(join(folder, 'changing.bin'), new Uint8Array(Float32Array.from(values).buffer));
    return readGraph(path).digest;
  };
  expect(digestOf(1, 2)).toBe(digestOf(1, 2));
  expect(digestOf(1, 2)).not.toBe(digestOf(1, 3));
});

describe('external data', () => {
  test.each<Record<string, string>>([
    { location: 'data.bin', offset: '4', length: '8' },
    { location: './data.bin', offset: '4' },
    { location: 'weights/..data', offset: '4' },
    { location: 'inner.bin', offset: '4', checksum: 'of another tool' },
  ])('%j is read', (entries) => {
    expect(read(entries).graph.constants.get('w')?.data).toEqual(Float32Array.of(0.25, -4));
  });

  test('starts at 0 unless told otherwise', () => {
    expect(read({ location: 'data.bin' }).graph.constants.get('w')?.data).toEqual(Float32Array.of(9, 0.25));
  });

  test('is inside of a written model', () => {
    const model = read({ location: 'data.bin', offset: '4' });
    expect(decodeModel(encodeModel(model), 'm.onnx')).toEqual(model);
  });

  test.each([
    ['without location', { offset: '0' }, 'without a location'],
    ['missing file', { location: 'none.bin' }, 'cannot be read: no such file'],
    ['folder', { location: 'weights' }, 'is not a file'],
    ['beyond the end', { location: 'data.bin', offset: '12' }, 'expected at least 20 bytes, got 16 bytes'],
    ['offset beyond 2^53', { location: 'data.bin', offset: '99999999999999999999' }, 'bad offset'],
    ['negative offset', { location: 'data.bin', offset: '-4' }, 'bad offset'],
    ['hexadecimal length', { location: 'data.bin', length: '0x8' }, 'bad length'],
    ['length that does not match', { location: 'data.bin', length: '12' }, 'expected 8 bytes, got 12'],
    ['NUL in the name', { location: 'data.bin\0' }, 'cannot be read'],
    ['parent folder', { location: '../secret.bin' }, 'leaves the folder of the model'],
    ['parent folder in between', { location: 'weights/../../secret.bin' }, 'leaves the folder of the model'],
    ['parent folder of Windows', { location: '..\\secret.bin' }, 'leaves the folder of the model'],
    ['drive of Windows', { location: 'C:\\secret.bin' }, 'leaves the folder of the model'],
    ['symbolic link', { location: 'link.bin' }, 'leaves the folder of the model'],
    ['symbolic link to a folder', { location: 'up/secret.bin' }, 'leaves the folder of the model'],
    ['device', { location: '/dev/zero' }, 'leaves the folder of the model'],
  ])('%s is refused', (_, entries, message) => {
    expect(() => read(entries)).toThrow(ModelError);
    expect(() => read(entries)).toThrow(message);
  });

  test('an absolute path is refused', () => {
    expect(() => read({ location: secret })).toThrow('leaves the folder of the model');
    expect(() => read({ location: join(folder, 'data.bin') })).toThrow('leaves the folder of the model');
  });

  test('a named pipe is refused and does not hang', () => {
    expect(() => read({ location: 'pipe' })).toThrow('is not a file');
  });

  test('a model that comes without a file has none', () => {
    expect(() => decodeModel(withEntries({ location: 'data.bin' }), 'm.onnx')).toThrow(
      'm.onnx: initializer "w": has its data in "data.bin", expected a model read from a file',
    );
  });
});
