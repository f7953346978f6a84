/**
 * Builds dist/: protobuf code, TypeScript, kernels with their known answers, and the data files that ship. `build.mjs proto|ts|wasm` does
 * one part.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = (command, ...args) =>
  execFileSync(join(root, 'node_modules/.bin', command), args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });

/** Each schema and the folder whose code reads and writes it. */
const schemas = { onnx: 'src/onnx', statistics: 'src/calibrate', program: 'src/program' };

/** Code that encodes and decodes, and nothing else. */
const protoOptions = [
  ...['-t', 'static-module', '-w', 'es6', '--es6', '--dependency', 'protobufjs/minimal.js', '--no-service'],
  ...['--no-create', '--no-verify', '--no-convert', '--no-delimited', '--no-typeurl'],
];

/** Modules of kernels: their file in dist/execute/wasm/, and what they need beside plain SIMD. */
const modules = {
  kernels: { entry: 'assembly/index.ts', options: [] },
  counting: { entry: 'assembly/counting/index.ts', options: [] },
  simd256: { entry: 'assembly/simd256/index.ts', options: [] },
  relaxed: { entry: 'assembly/relaxed/index.ts', options: ['--enable', 'relaxed-simd'] },
  relaxed256: { entry: 'assembly/relaxed256/index.ts', options: ['--enable', 'relaxed-simd'] },
  dot: { entry: 'assembly/dot/index.ts', options: ['--enable', 'relaxed-simd'] },
  dot256: {
    entry: 'assembly/relaxed256/index.ts',
    options: ['--enable', 'relaxed-simd', '--use', 'FUSED=1'],
  },
};

const parts = {
  proto() {
    for (const [name, folder] of Object.entries(schemas)) {
      const script = `${folder}/${name}.proto.js`;
      const generate = (...options) =>
        run('pbjs', ...protoOptions, ...options, '-o', script, `proto/${name}.proto`);
      generate();
      run('pbts', '-o', `${folder}/${name}.proto.d.ts`, script);
      // The types come from the comments.
      generate('--no-comments');
    }
  },
  async ts() {
    run('tsc', '-p', 'tsconfig.json');
    for (const file of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
      if (/\.(json|html|css|js)$/.test(file)) copy(`src/${file}`);
    }
    for (const file of ['uPlot.iife.min.js', 'uPlot.min.css']) {
      cpSync(join(root, 'node_modules/uplot/dist', file), join(root, 'dist/report', file));
    }
    const { profileJsonSchema } = await import('../dist/hardware/schema.js');
    const schema = JSON.stringify(profileJsonSchema(), null, 2);
    writeFileSync(join(root, 'dist/hardware/profile.schema.json'), `${schema}\n`);
    const [kernels, answers] = ['kernels.wasm', 'known-answers.bin'].map((name) =>
      existsSync(join(root, 'dist/execute/wasm', name)),
    );
    if (!kernels || answers) return;
    try {
      recordAnswers();
    } catch {
      process.stderr.write('the kernels in dist/ are of another state: build wasm, too\n');
    }
  },
  wasm() {
    mkdirSync(join(root, 'dist/execute/wasm'), { recursive: true });
    mkdirSync(join(root, 'build'), { recursive: true });
    for (const [name, { entry, options }] of Object.entries(modules)) {
      const outputs = ['-o', `dist/execute/wasm/${name}.wasm`, '--textFile', `build/${name}.wat`];
      run('asc', entry, '--config', 'asconfig.json', '--target', 'release', ...outputs, ...options);
    }
    const memory = ['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'];
    const stream = ['assembly/stream.ts', '-o', 'dist/jobs/bench/stream.wasm', '--config', 'none', ...memory];
    run('asc', ...stream, '--enable', 'simd', '--enable', 'threads', '--runtime', 'stub', '-O3');
    if (existsSync(join(root, 'dist/execute/wasm/prepare.js'))) recordAnswers();
  },
};

function copy(source) {
  const target = join(root, source.replace(/^src/, 'dist'));
  mkdirSync(dirname(target), { recursive: true });
  cpSync(join(root, source), target);
}

/** Of the kernels, for which what runs programs must be compiled too. */
function recordAnswers() {
  execFileSync(process.execPath, [join(root, 'scripts/known-answers.mjs')], { stdio: 'inherit' });
}

const chosen = process.argv.slice(2);
for (const part of chosen.length > 0 ? chosen : Object.keys(parts)) await parts[part]();
