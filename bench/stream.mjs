/** The yardstick of the machine and the moment: a stream of register-only multiply-adds, compiled beside the kernels. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const chains = Array.from({ length: 12 }, (_, index) => `x${index}`);

function stream(name, step) {
  const loads = chains.map((chain, index) => `let ${chain} = v128.load(p, ${32 + index * 16});`);
  const turn = chains.map((chain) => `${chain} = ${step(chain)};`);
  const stores = chains.map((chain, index) => `v128.store(p, ${chain}, ${32 + index * 16});`);
  return `export function ${name}(n: i32, p: usize): void {
    const b = v128.load(p), e = v128.load(p, 16);
    ${loads.join('\n')}
    for (let k = 0; k < n; k++) { ${[turn, turn, turn, turn].flat().join('\n')} }
    ${stores.join('\n')}
  }\n`;
}

/** Functions that run for a few hundred microseconds and return multiply-accumulates per nanosecond (GMAC/s). */
export function compileStreams() {
  mkdirSync(`${root}/build`, { recursive: true });
  const source =
    stream('integers', (x) => `i32x4.add(e, i32x4.dot_i16x8_s(${x}, b))`) +
    stream('floats', (x) => `f32x4.add(e, f32x4.mul(${x}, b))`);
  writeFileSync(`${root}/build/stream.ts`, source);
  // Run in build/, where asc does not find the configuration of the kernels.
  const options = [
    '-o',
    'stream.wasm',
    '-O3',
    '--enable',
    'simd',
    '--runtime',
    'stub',
    '--initialMemory',
    '1',
  ];
  execFileSync(`${root}/node_modules/.bin/asc`, ['stream.ts', ...options], { cwd: `${root}/build` });
  const module = new WebAssembly.Module(readFileSync(`${root}/build/stream.wasm`));
  const { exports } = new WebAssembly.Instance(module);
  const measure = (run, lanes) => () => {
    const turns = 30_000;
    const start = performance.now();
    run(turns, 4096);
    return (turns * 48 * lanes) / (performance.now() - start) / 1e6;
  };
  const streams = { integers: measure(exports.integers, 8), floats: measure(exports.floats, 4) };
  for (let i = 0; i < 50; i++) for (const run of Object.values(streams)) run();
  return streams;
}

export function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
