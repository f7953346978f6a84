/** `dynafix bench` as a user runs it. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dynafix, json, makeDigits, temporaryFolder } from './command-line.js';

const short = ['--rounds', '3', '--threads', '1', '--variant', 'simd'];

test('rows are as the contract says, and ratios are those of speeds', async () => {
  const { cpu, node, rows } = await json(['bench', '--filter', 'digits int8', ...short]);
  expect(cpu).toBeTypeOf('string');
  expect(node).toBe(process.version);
  const find = (subject: string) => rows.find((row: { subject: string }) => row.subject === subject);
  const [ours, web, native] = ['dynafix/simd', 'onnxruntime-web', 'onnxruntime-node'].map(find);
  for (const row of [ours, web, native]) {
    expect(row).toMatchObject({ work: 'digits int8', threads: 1, unit: 'ms' });
    expect(row.best).toBeLessThanOrEqual(row.median);
  }
  // The median of reciprocals is the reciprocal of the median of an odd number of rounds.
  expect(ours.ratioTo['onnxruntime-node'] * native.ratioTo['dynafix/simd']).toBeCloseTo(1, 9);
  expect(Object.keys(ours.ratioTo)).toContain('dot stream');
});

test('a given program is measured on noise, on two threads too', async () => {
  const { program } = await makeDigits(temporaryFolder());
  const { rows } = await json(['bench', program, '--rounds', '1', '--threads', '1,2', '--variant', 'simd']);
  const ours = rows.filter((row: { subject: string }) => row.subject === 'dynafix/simd');
  expect(ours.map((row: { threads: number }) => row.threads)).toEqual([1, 2]);
});

test("V8's flags that are set where it measures are named", async () => {
  const { stderr } = await dynafix(['bench', '--filter', 'digits float', ...short, '--rounds', '1']);
  expect(stderr).toMatch(
    /^V8's flags --no-liftoff --no-wasm-lazy-compilation( --no-wasm-inlining)? are set while kernels are compiled\n$/,
  );
});

test('loading and memory are works', async () => {
  const { rows } = await json(['bench', '--filter', 'digits (load|memory)', ...short, '--rounds', '1']);
  const units = new Map(rows.map((row: { subject: string; unit: string }) => [row.subject, row.unit]));
  expect(units.get('int8 from ONNX and formats, simd')).toBe('ms');
  expect(units.get('int8 resident, simd')).toBe('MiB');
});

test('a filter that matches nothing, and a module of works that is not there, are bad usage', async () => {
  const nothing = await dynafix(['bench', '--filter', 'no such work']);
  expect(nothing).toMatchObject({ exit: 2, stdout: '' });
  const missing = await dynafix(['bench', '--works', join(temporaryFolder(), 'works.mjs')]);
  expect(missing).toMatchObject({ exit: 2, stdout: '' });
  expect(missing.stderr.split('\n')).toHaveLength(2);
});
