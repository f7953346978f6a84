/** An engine that compiles a kernel wrongly: the baseline compiler of V8 11.3 doubles sums of the instruction of `dot`. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

const script = `
  const [folder] = process.argv.slice(-1);
  const { answersRight } = await import(new URL('known-answers.js', folder));
  const { compileVariant } = await import(new URL('variants.js', folder));
  for (const variant of ['dot', 'dot256']) console.log(answersRight(compileVariant(variant, false)));
`;

test('the known answers find what a compiler does wrong', () => {
  const early = Number.parseFloat(process.versions.v8) < 11.4;
  const dist = new URL('../../dist/execute/wasm/', import.meta.url).href;
  const answersRight = (...flags: string[]) => {
    const relaxed = early ? ['--experimental-wasm-relaxed-simd'] : [];
    const words = ['--input-type=module', '-e', script, '--', dist];
    return execFileSync(process.execPath, [...flags, ...relaxed, ...words], { encoding: 'utf8' }).trim();
  };
  expect(answersRight('--no-liftoff')).toBe('true\ntrue');
  expect(answersRight('--liftoff-only')).toBe(early ? 'false\nfalse' : 'true\ntrue');
});
