/** What the kernels' binary is allowed to hold: code, and one imported memory. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { REPORTING } from '#src/execute/wasm/failure.js';
import { kernels } from '#src/execute/wasm/kernels.js';
import { compileVariant, instantiate, VARIANTS } from '#src/execute/wasm/variants.js';
import { createMemory } from '#src/execute/wasm/webassembly.js';

const folder = new URL('../dist/execute/wasm/', import.meta.url);
const modules = readdirSync(folder)
  .filter((name) => name.endsWith('.wasm'))
  .map((name) => [name, readFileSync(new URL(name, folder))] as const);

/** Payloads of a module's sections by id, custom sections left out. */
function sections(module: Uint8Array): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  for (let at = 8; at < module.length; ) {
    const id = module[at++];
    let length = 0;
    for (let shift = 0, more = true; more; shift += 7) {
      const byte = module[at++];
      length |= (byte & 127) << shift;
      more = byte > 127;
    }
    if (id !== 0) found.set(id, module.subarray(at, at + length));
    at += length;
  }
  return found;
}

const GLOBAL = 6;
const START = 8;
const DATA = 11;

test.each(modules)('%s owns no memory: no globals, no data, no start function', (_, bytes) => {
  const present = sections(bytes);
  expect([GLOBAL, START, DATA].filter((id) => present.has(id))).toEqual([]);
});

test.each(modules)('the only import of %s is the shared memory', (_, bytes) => {
  const IMPORT = 2;
  const [count, ...rest] = sections(bytes).get(IMPORT)!;
  expect(count).toBe(1);
  // The module's and the memory's names, the kind (2: memory) and its limits (3: shared, with a maximum).
  const name = (text: string) => [text.length, ...Buffer.from(text)];
  expect(rest.slice(0, 13)).toEqual([...name('env'), ...name('memory'), 2, 3]);
});

test('exports of all variants are the kernels of the table, with as many arguments', () => {
  const memory = createMemory();
  const exports = Object.assign(
    {},
    ...VARIANTS.map((name) => instantiate(compileVariant(name, true), memory)),
  );
  const functions = Object.entries(exports).filter(([, value]) => typeof value === 'function');
  const arity = Object.fromEntries(functions.map(([name, value]) => [name, (value as () => void).length]));
  expect(arity).toEqual(
    Object.fromEntries(Object.entries(kernels).map(([name, names]) => [name, names.length])),
  );
});

/** The functions that a module exports, and whether they return a number. */
function results(bytes: Uint8Array): Map<string, boolean> {
  const [TYPE, FUNCTION, EXPORT] = [1, 3, 7];
  const reader = (payload: Uint8Array) => {
    let at = 0;
    const number = () => {
      let value = 0;
      for (let shift = 0, more = true; more; shift += 7) {
        const byte = payload[at++];
        value |= (byte & 127) << shift;
        more = byte > 127;
      }
      return value;
    };
    const bytes = (length: number) => {
      at += length;
      return payload.subarray(at - length, at);
    };
    return { number, bytes, list: <T>(read: () => T) => Array.from({ length: number() }, read) };
  };
  const parts = sections(bytes);
  const types = reader(parts.get(TYPE)!);
  const returns = types.list(() => {
    types.number();
    types.bytes(types.number());
    return types.bytes(types.number()).length > 0;
  });
  const functions = reader(parts.get(FUNCTION)!);
  const typeOf = functions.list(functions.number);
  const exports = reader(parts.get(EXPORT)!);
  const found = exports.list(() => {
    const name = Buffer.from(exports.bytes(exports.number())).toString();
    const [kind, index] = [exports.number(), exports.number()];
    return { name, kind, index };
  });
  return new Map(
    found.filter(({ kind }) => kind === 0).map(({ name, index }) => [name, returns[typeOf[index]]]),
  );
}

test('what counts is a module of its own, so that the other kernels are those of a build without it', () => {
  const exported = (file: string) => [...results(modules.find(([name]) => name === file)![1]).keys()];
  const counts = /Counted|^count|^compare/;
  expect(exported('kernels.wasm').filter((name) => counts.test(name))).toEqual([]);
  expect(exported('counting.wasm').filter((name) => !counts.test(name))).toEqual([]);
});

test.each(modules)(
  'the kernels of %s that report an element are those whose instructions run again',
  (_, bytes) => {
    for (const [name, returned] of results(bytes)) {
      // An observation fails by itself.
      if (name !== 'observe_f32_f64') expect(REPORTING.test(name), name).toBe(returned);
    }
  },
);

test('every kernel is described in docs/kernels.md', () => {
  const text = readFileSync(new URL('../docs/kernels.md', import.meta.url), 'utf8');
  expect(Object.keys(kernels).filter((name) => !text.includes(name))).toEqual([]);
});

test('kernels allocate nothing', () => {
  const folder = new URL('../assembly/', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((name) => name.endsWith('.ts'))) {
    const text = readFileSync(new URL(file, folder), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    expect(text, file).not.toMatch(/\bnew\b|memory\.data|__alloc|StaticArray|^(export )?let /m);
  }
});
