/** The shape of the code base, held by rules that run: who may import whom, how long a file may be, who may touch node:. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));
const source = join(root, 'src');

/** Layers from the bottom up; folders of one line may not import each other. See ARCHITECTURE.md. */
const layers = [
  ['errors', 'shape'],
  ['platform'],
  ['formats'],
  ['graph', 'program'],
  ['execute'],
  ['operators'],
  ['onnx', 'passes', 'hardware'],
  ['inputs'],
  ['compile'],
  ['tflite', 'lift'],
  ['calibrate'],
  ['assign'],
  ['recover'],
  ['validate'],
  ['report', 'export', 'tune', 'train'],
  ['jobs'],
  ['cli', 'index'],
];
const level = new Map(layers.flatMap((folders, index) => folders.map((folder) => [folder, index] as const)));

/** What a folder may import where that is less than everything below it. */
const narrow: Record<string, string[]> = { execute: ['program', 'formats', 'errors', 'shape', 'platform'] };

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending) && !file.endsWith('.proto.d.ts'))
    .map((file) => join(folder, file));
}

function imports(file: string): string[] {
  return [...readFileSync(file, 'utf8').matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => match[1]);
}

/** The folder of src, or the file at its top, that a path belongs to. */
const folderOf = (path: string) => relative(source, path).split('/')[0].replace(/\.ts$/, '');

test('imports go downwards only', () => {
  const wrong: string[] = [];
  for (const file of filesBelow(source, '.ts')) {
    const from = folderOf(file);
    for (const specifier of imports(file).filter((name) => name.startsWith('.'))) {
      const to = folderOf(resolve(dirname(file), specifier).replace(/\.js$/, '.ts'));
      if (from === to) continue;
      const allowed = narrow[from]?.includes(to) ?? (level.get(to) ?? 99) < (level.get(from) ?? -1);
      if (!allowed) wrong.push(`${relative(root, file)} imports ${specifier}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('node: modules are imported only in platform, jobs and cli', () => {
  const users = filesBelow(source, '.ts').filter((file) =>
    imports(file).some((name) => name.startsWith('node:')),
  );
  expect(users.map(folderOf).filter((folder) => !['platform', 'jobs', 'cli'].includes(folder))).toEqual([]);
});

test('no file is longer than 400 lines, and the median stays near 150', () => {
  const files = [...filesBelow(source, '.ts'), ...filesBelow(join(root, 'assembly'), '.ts')];
  const lengths = files.map((file) => ({
    file: relative(root, file),
    lines: readFileSync(file, 'utf8').split('\n').length - 1,
  }));
  expect(lengths.filter(({ lines }) => lines > 400)).toEqual([]);
  const sorted = lengths.map(({ lines }) => lines).sort((a, b) => a - b);
  expect(sorted[sorted.length >> 1]).toBeLessThan(200);
});

test('the only dependencies are those that were chosen', () => {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(Object.keys(dependencies).sort()).toEqual([
    'cli-progress',
    'commander',
    'fast-png',
    'fflate',
    'flatbuffers',
    'highs',
    'jpeg-js',
    'piscina',
    'protobufjs',
    'tinyglobby',
    'uplot',
    'zod',
  ]);
});
