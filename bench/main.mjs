/**
 * `npm run bench -- [--nodes 22,24,26] [--record] [options of dynafix bench]`: measures with `dynafix bench`, whole networks of the shared
 * data included. `--nodes` does so on other versions of Node, which come from npm into build/. `--record` puts the rows in the place of
 * the last ones of the same works in bench/results/, one network or layer after the other, and writes docs/performance.md and its chart
 * anew from all that is there. What fails leaves its rows as they were; the others are measured, and the exit code says so.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePerformance } from './performance.mjs';
import { root } from './shared-data.mjs';

const results = join(root, 'bench/results');
const words = process.argv.slice(2);

/** Takes an option out of the words. */
function take(name, hasValue) {
  const index = words.indexOf(name);
  if (index < 0) return undefined;
  const [, value] = words.splice(index, hasValue ? 2 : 1);
  return value ?? true;
}

/** The executable of a version of Node, installed by npm where it is not there yet. */
function findNode(version) {
  const folder = join(root, `build/node-${version}`);
  const name = `node-${process.platform}-${process.arch}`;
  const path = join(folder, 'node_modules', name, 'bin/node');
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    execFileSync('npm', ['install', '--prefix', folder, '--ignore-scripts', `${name}@${version}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  return path;
}

/** Runs `dynafix bench` on a Node and gives its standard output where it is to be read; undefined where it fails. */
function bench(node, read, ...more) {
  const line = [join(root, 'dist/cli/main.js'), 'bench', ...words, ...more, ...(read ? ['--json'] : [])];
  const options = { stdio: ['ignore', read ? 'pipe' : 'inherit', 'inherit'], maxBuffer: 2 ** 28 };
  const { status, signal, stdout } = spawnSync(node, line, options);
  if (signal === 'SIGINT' || status === 130) process.exit(130);
  if (status !== 0) process.exitCode = status ?? 3;
  return status === 0 ? (stdout ?? '') : undefined;
}

/** A network or a layer at a time, so that what one lacks or breaks costs nothing of the others. */
function recordAll(node) {
  const names = JSON.parse(bench(node, true, '--list') ?? '[]');
  const subjects = [...new Set(names.map((name) => name.slice(0, name.lastIndexOf(' '))))];
  for (const subject of subjects) {
    const works = names.filter((name) => name.slice(0, name.lastIndexOf(' ')) === subject);
    const exactly = works.map((name) => name.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|');
    const output = bench(node, true, '--filter', `^(${exactly})$`);
    if (output !== undefined) recordRows(JSON.parse(output));
  }
}

function recordRows(result) {
  const cpu = result.cpu.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const path = join(results, `${cpu}-node${/\d+/.exec(result.node)[0]}.json`);
  const known = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).rows : [];
  const renewed = new Set(result.rows.map(({ work }) => work));
  const rows = [...known.filter(({ work }) => !renewed.has(work)), ...result.rows];
  mkdirSync(results, { recursive: true });
  writeFileSync(path, `${JSON.stringify({ ...result, rows }, null, 1)}\n`);
}

const nodes = take('--nodes', true)?.split(',').map(findNode) ?? [process.execPath];
const record = take('--record', false);
for (const node of nodes) {
  if (record) recordAll(node);
  else bench(node, false);
}
if (record) writePerformance(root);
