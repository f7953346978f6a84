/** Builds dist/: protobuf code, TypeScript, kernels, and the data files that ship. `build.mjs proto|ts|wasm` does one part. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
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

const parts = {
  proto() {
    for (const [name, folder] of Object.entries(schemas)) {
      const script = `${folder}/${name}.proto.js`;
      run(
        'pbjs',
        '-t',
        'static-module',
        '-w',
        'es6',
        '--no-service',
        '--es6',
        '--dependency',
        'protobufjs/minimal.js',
        '-o',
        script,
        `proto/${name}.proto`,
      );
      run('pbts', '-o', `${folder}/${name}.proto.d.ts`, script);
    }
  },
  ts() {
    run('tsc', '-p', 'tsconfig.json');
    for (const [name, folder] of Object.entries(schemas)) copy(`${folder}/${name}.proto.js`);
    for (const folder of ['src/hardware/profiles'])
      for (const file of list(folder)) copy(`${folder}/${file}`);
  },
  wasm() {
    mkdirSync(join(root, 'dist/execute/wasm'), { recursive: true });
    mkdirSync(join(root, 'build'), { recursive: true });
    run('asc', '--config', 'asconfig.json', '--target', 'release');
  },
};

function list(folder) {
  return existsSync(join(root, folder)) ? readdirSync(join(root, folder)) : [];
}

function copy(source) {
  const target = join(root, source.replace(/^src/, 'dist'));
  mkdirSync(dirname(target), { recursive: true });
  if (existsSync(join(root, source))) cpSync(join(root, source), target);
}

const chosen = process.argv.slice(2);
for (const part of chosen.length > 0 ? chosen : Object.keys(parts)) parts[part]();
