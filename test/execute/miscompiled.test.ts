/** An engine that compiles a kernel wrongly: the baseline compiler of V8 11.3 doubles sums of a relaxed instruction. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'dynafix-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The kernels of relaxed256 with the instruction that multiplies and adds at once. */
function buildKernels(): string {
  cpSync(join(root, 'assembly'), join(folder, 'assembly'), { recursive: true });
  const tile = join(folder, 'assembly/simd256/tile.ts');
  const plain = 'i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.relaxed_dot_i8x16_i7x16_s(weights, codes), ones))';
  const source = readFileSync(tile, 'utf8');
  expect(source).toContain(plain);
  writeFileSync(tile, source.replace(plain, 'i32x4.relaxed_dot_i8x16_i7x16_add_s(weights, codes, sum)'));
  const enable = ['simd', 'threads', 'relaxed-simd'].flatMap((feature) => ['--enable', feature]);
  const memory = ['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'];
  const options = ['--config', 'none', '-o', 'kernels.wasm', '--runtime', 'stub', '--noAssert', '-O3'];
  const words = [join(root, 'node_modules/assemblyscript/bin/asc.js'), 'assembly/relaxed256/index.ts'];
  execFileSync(process.execPath, [...words, ...options, ...enable, ...memory], { cwd: folder });
  return join(folder, 'kernels.wasm');
}

const script = `
  import { readFileSync } from 'node:fs';
  const [kernels, folder] = process.argv.slice(-2);
  const { answersRight } = await import(new URL('known-answers.js', folder));
  const { compileVariant } = await import(new URL('variants.js', folder));
  const { modules } = compileVariant('simd256', false);
  const relaxed = new WebAssembly.Module(readFileSync(kernels));
  console.log(answersRight({ variant: 'relaxed256', modules: [...modules, relaxed] }));
`;

test('the known answers find what a compiler does wrong', () => {
  const kernels = buildKernels();
  const early = Number.parseFloat(process.versions.v8) < 11.4;
  const dist = new URL('../../dist/execute/wasm/', import.meta.url).href;
  const answersRight = (...flags: string[]) => {
    const relaxed = early ? ['--experimental-wasm-relaxed-simd'] : [];
    const words = ['--input-type=module', '-e', script, '--', kernels, dist];
    return execFileSync(process.execPath, [...flags, ...relaxed, ...words], { encoding: 'utf8' }).trim();
  };
  expect(answersRight('--no-liftoff')).toBe('true');
  expect(answersRight('--liftoff-only')).toBe(early ? 'false' : 'true');
});
