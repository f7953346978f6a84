/** The scripts in examples/ run as they are, against the built package. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../examples/', import.meta.url));

const run = (script: string) => execFileSync(process.execPath, [folder + script], { encoding: 'utf8' });

test('every example is run here', () => {
  const scripts = readdirSync(folder).filter((name) => name.endsWith('.mjs'));
  expect(scripts).toEqual(['1-inspect.mjs', '2-quantize.mjs', '3-run-program.mjs']);
});

test('1-inspect counts the network of the demo and prints its graph', () => {
  const lines = run('1-inspect.mjs').split('\n');
  expect(lines[0]).toMatch(/^\d+ multiply-accumulates, \d+ parameters$/);
  expect(lines[1]).toMatch(/^in float whatever the formats: \S+$/);
  expect(lines.some((line) => line.includes('Conv'))).toBe(true);
});

test('2-quantize says where the report is', () => {
  const [, report] = /report: (.+)\n$/.exec(run('2-quantize.mjs'))!;
  expect(existsSync(report)).toBe(true);
  rmSync(dirname(report), { recursive: true });
});

test('3-run-program gives the codes worked out by hand', () => {
  // (3 * 4 - 5 * 2) / 8 = 0.25 and (7 * 4 + 1 * 2) / 8 = 3.75, to the nearest; a code is a sixteenth.
  expect(run('3-run-program.mjs')).toBe('codes Int8Array(2) [ 0, 4 ] values Float32Array(2) [ 0, 0.25 ]\n');
});
