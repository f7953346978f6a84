/** Bad input and failing machines: the exit code, clear lines on standard error, and nothing else left behind. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { badData } from './bad-data.js';
import { badFiles } from './bad-files.js';
import { badModels } from './bad-models.js';
import {
  calibrationImages,
  dynafix,
  execute,
  folderOfTests,
  listAll,
  main,
  makeDigits,
  model,
  temporaryFolder,
  testImages,
} from './command-line.js';

const folder = folderOfTests();
const made = await makeDigits(folder);
const files = badFiles({
  statistics: new Uint8Array(readFileSync(made.statistics)),
  formats: readFileSync(made.formats, 'utf8'),
  program: new Uint8Array(readFileSync(made.program)),
});

describe.concurrent('exit 2 for', () => {
  test.each([...badModels, ...badData, ...files])('$name', async ({ files = {}, words, lines }) => {
    const cwd = mkdtempSync(join(folder, 'case-'));
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(cwd, name)), { recursive: true });
      writeFileSync(join(cwd, name), content);
    }
    const before = listAll(cwd);
    const { exit, stdout, stderr } = await dynafix(words, { cwd });
    const printed = stderr.split('\n');
    expect(printed.pop()).toBe('');
    expect(printed).toEqual(
      lines.map((line) =>
        typeof line === 'string'
          ? `dynafix: ${line}`
          : expect.stringMatching(new RegExp(line.source.replace('^', '^dynafix: '))),
      ),
    );
    expect({ exit, stdout, left: listAll(cwd) }).toEqual({ exit: 2, stdout: '', left: before });
  });
});

/** One line on standard error, and exit code 3. */
function failed(line: string) {
  return { exit: 3, stdout: '', stderr: `dynafix: ${line}\n` };
}

describe('exit 3 for', () => {
  const killer = fileURLToPath(new URL('../fixtures/kill-worker.cjs', import.meta.url));

  test.each(['at once', 'at work'])('a worker that dies %s', async (when) => {
    const cwd = temporaryFolder();
    const env = { NODE_OPTIONS: `--require ${killer}`, KILL_WORKER: when };
    const words = ['quantize', model, '--data', testImages, '-o', 'out'];
    const line = 'worker thread: stopped unexpectedly: worker exited with code: 9';
    expect(await dynafix(words, { cwd, env })).toEqual(failed(line));
    expect(listAll(cwd)).toEqual(['out']);
  });

  test('a full standard output', async () => {
    const command = `exec "$0" "$1" inspect "$2" > /dev/full`;
    const line = 'standard output: cannot be written: no space left on the disk';
    expect(await execute('sh', ['-c', command, process.execPath, main, model])).toEqual(failed(line));
  });

  /** A file system of 16 kB that only the command sees; it needs the right to make name spaces. */
  const mount = 'mount -t tmpfs -o size=16k none "$0"';
  const mayMount = spawnSync('unshare', ['-rm', 'sh', '-c', mount, folder]).status === 0;

  test.runIf(mayMount).each([
    ['calibrate', '--data', calibrationImages, '-o', 's.pb'],
    ['compile', '-o', 'm.program'],
  ])('a full disk under %s', async (command, ...words) => {
    const cwd = temporaryFolder();
    const script = `${mount} && cd "$0" && { "$@"; code=$?; ls -A; exit $code; }`;
    const line = `${words.at(-1)}: cannot be written: no space left on the disk`;
    const dynafix = [process.execPath, main, command, model, ...words];
    expect(await execute('unshare', ['-rm', 'sh', '-c', script, cwd, ...dynafix])).toEqual(failed(line));
  });
});

test('a reader that goes away is no error', async () => {
  const command = '"$0" "$1" print "$2" | head -n 1';
  const { exit, stderr } = await execute('sh', ['-c', command, process.execPath, main, model]);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
});
