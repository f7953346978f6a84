/** The command line as a user meets it: a child process, its exit code and what it printed. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, onTestFinished } from 'vitest';

export const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Path of a file of the example that ships. */
export function digits(name: string): string {
  return fileURLToPath(new URL(`../../examples/digits/${name}`, import.meta.url));
}

export const model = digits('digits.onnx');
export const calibrationImages = digits('calibration-images-idx3-ubyte.gz');
export const testImages = digits('test-images-idx3-ubyte.gz');

export interface Outcome {
  readonly exit: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Surroundings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Sent once, as soon as `when` holds, which is asked every few milliseconds. */
  readonly kill?: { readonly signal: NodeJS.Signals; readonly when: () => boolean };
}

/** Runs any command to its end. */
export function execute(
  command: string,
  words: readonly string[],
  { cwd, env, kill }: Surroundings = {},
): Promise<Outcome> {
  const child = spawn(command, words, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const timer = setInterval(() => {
    if (!kill?.when()) return;
    clearInterval(timer);
    child.kill(kill.signal);
  }, 2);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearInterval(timer);
      resolve({ exit: code ?? signal, stdout, stderr });
    });
  });
}

/** Runs `dynafix` with these words. */
export function dynafix(words: readonly string[], surroundings?: Surroundings): Promise<Outcome> {
  return execute(process.execPath, [main, ...words], surroundings);
}

/** The one JSON document of a command that must succeed. */
export async function json(words: readonly string[]): Promise<ReturnType<typeof JSON.parse>> {
  const { exit, stdout, stderr } = await dynafix([...words, '--json']);
  if (exit !== 0) throw new Error(`${words.join(' ')}: exit ${exit}: ${stderr}`);
  return JSON.parse(stdout);
}

/** The kernels that the worker threads of a command instantiate. */
export async function kernelsOfWorkers(words: readonly string[]): Promise<Set<string>> {
  const recorder = fileURLToPath(new URL('../fixtures/record-kernels.cjs', import.meta.url));
  const file = join(temporaryFolder(), 'kernels');
  const env = { NODE_OPTIONS: `--require "${recorder}"`, KERNELS_FILE: file };
  const { exit, stderr } = await dynafix(words, { env });
  if (exit !== 0) throw new Error(`${words.join(' ')}: exit ${exit}: ${stderr}`);
  return new Set(readFileSync(file, 'utf8').split('\n'));
}

/** An empty folder that goes away with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dynafix-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A folder for all tests of a file, which goes away after them. */
export function folderOfTests(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dynafix-tests-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Paths of all files and folders below a folder, hidden ones too. */
export function listAll(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
}

/** Statistics, formats and program of the digits, made by the commands in a folder. */
export async function makeDigits(folder: string, hardware = 'generic-int8') {
  const [statistics, formats, program] = ['s.pb', 'f.json', 'p.program'].map((name) => join(folder, name));
  await json(['calibrate', model, '--data', calibrationImages, '-o', statistics]);
  await json(['assign', model, '--statistics', statistics, '--hardware', hardware, '-o', formats]);
  await json(['compile', model, '--formats', formats, '-o', program]);
  return { statistics, formats, program };
}
