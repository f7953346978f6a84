import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import { InputError, UsageError } from '../../errors.js';
import { VARIANTS, type VariantName } from '../../execute/wasm/variants.js';
import { loadPreprocess, parseRawType } from '../../inputs/preprocess.js';
import { type BenchResult, bench as measure } from '../../jobs/bench/bench.js';
import { fileGroup, shippedGroups } from '../../jobs/bench/catalogue.js';
import { hasOnnxRuntime } from '../../jobs/bench/onnxruntime.js';
import type { WorkGroup } from '../../jobs/bench/specification.js';
import type { Settings } from '../../jobs/bench/subject-lists.js';
import { fileExists } from '../../platform/files.js';
import { machineThreads } from '../../platform/machine-threads.js';
import { packageFile } from '../../platform/package.js';
import { describeFlags } from '../engine.js';
import { interruptible } from '../interrupt.js';
import {
  addDataOptions,
  addJsonOption,
  addModelOptions,
  type DataOptions,
  type ModelOptions,
  patternOption,
  wholeNumber,
} from '../options.js';
import { createProgress, print, printJson, say, table } from '../terminal.js';

interface Options extends ModelOptions, Partial<DataOptions> {
  readonly filter: RegExp;
  readonly rounds: number;
  readonly threads: readonly number[];
  readonly variant?: VariantName;
  readonly works: string;
  readonly list?: boolean;
  readonly json?: boolean;
}

function parseThreads(text: string): number[] {
  const counts = text.split(',').map(Number);
  if (counts.every((count) => Number.isInteger(count) && count >= 1)) return [...new Set(counts)];
  throw new InvalidArgumentError('Expected whole numbers of at least 1, as in 1,2.');
}

const command = new Command('bench')
  .description(
    'measure throughput beside ONNX Runtime, where it is installed, and beside what the machine can do',
  )
  .argument('[files...]', 'models or programs; default: the example and the layers that ship')
  .addOption(patternOption('--filter <regexp>', 'only works whose name matches'))
  .option('--rounds <n>', 'measurements of each subject', wholeNumber(1), 9)
  .option('--threads <n,...>', 'numbers of threads, each measured', parseThreads, [
    ...new Set([1, machineThreads()]),
  ])
  .addOption(
    new Option('--variant <name>', 'pin a kernel variant; default: the plain and the fastest').choices(
      VARIANTS,
    ),
  )
  .addOption(
    new Option('--works <module>', 'module that exports workGroups(settings), further works').default(
      packageFile('bench/networks.mjs'),
      'bench/networks.mjs of a checkout',
    ),
  )
  .option('--list', 'print the names of the works instead');

export default addJsonOption(addModelOptions(addDataOptions(command, false))).action(
  async (files: string[], options: Options) => {
    const groups = await findGroups(files, settingsOf(options), options);
    const names = groups.flatMap(({ works }) => works).filter((name) => options.filter.test(name));
    if (names.length === 0) {
      const [expected, got] = ['a pattern that matches a name of --list', String(options.filter)];
      throw new UsageError({ where: '--filter', what: 'matches no work', expected, got });
    }
    if (options.list) {
      if (options.json) printJson(names);
      else print(names.join('\n'));
      return;
    }
    const result = await run(groups, options);
    if (options.json) printJson(result);
    else print(describe(result));
  },
);

function settingsOf({ threads, variant }: Options): Settings {
  const runtimes = (['onnxruntime-web', 'onnxruntime-node'] as const).filter((name) => {
    const found = hasOnnxRuntime(name);
    if (!found) say(`${name} is not installed: its rows are left out`);
    return found;
  });
  return { threads, variants: variant === undefined ? ['simd', undefined] : [variant], runtimes };
}

async function findGroups(files: string[], settings: Settings, options: Options): Promise<WorkGroup[]> {
  const { data: path, preprocess, raw, limit, shape: shapes, works } = options;
  if (files.length === 0) return [...shippedGroups(settings), ...(await importGroups(works, settings))];
  const data =
    path === undefined
      ? undefined
      : {
          path,
          preprocess: preprocess === undefined ? undefined : loadPreprocess(preprocess),
          raw: raw === undefined ? undefined : parseRawType(raw),
          limit,
        };
  return files.map((file) => fileGroup(file, { shapes, data }, settings));
}

async function importGroups(path: string, settings: Settings): Promise<WorkGroup[]> {
  if (!fileExists(path)) {
    if (path === packageFile('bench/networks.mjs')) return [];
    throw new InputError({ where: path, what: 'cannot be read: no such file or folder' });
  }
  const { workGroups } = await import(pathToFileURL(resolve(path)).href);
  return workGroups(settings);
}

async function run(groups: readonly WorkGroup[], { filter, rounds, variant }: Options): Promise<BenchResult> {
  say(describeFlags(variant));
  const scratch = mkdtempSync(join(tmpdir(), 'dynafix-bench-'));
  let progress = createProgress('');
  let current = '';
  const onProgress = (done: number, total: number, works: string) => {
    if (works !== current) {
      progress.stop();
      progress = createProgress(works);
      current = works;
    }
    progress.update(done, total);
  };
  const onLeftOut = (subject: string, reason: string) => say(`${subject} is left out: ${reason}`);
  try {
    return await interruptible((signal) =>
      measure(groups, { filter, rounds, scratch, signal, onProgress, onLeftOut }),
    );
  } finally {
    progress.stop();
    rmSync(scratch, { recursive: true });
  }
}

/** A line per row; the last column says how the first subject of a work on as many threads compares. */
function describe({ cpu, node, rows }: BenchResult): string {
  const lines = rows.map(({ work, subject, threads, median, best, unit }) => {
    const first = rows.find((row) => row.work === work && row.threads === threads)!;
    const ratio = first.subject === subject ? 1 : first.ratioTo[subject];
    const figures = [median, best].map((value) => Number(value.toPrecision(4)));
    return [work, subject, threads, ...figures, unit, ratio.toFixed(2)];
  });
  const headings = ['work', 'subject', 'threads', 'median', 'best', 'unit', 'first / this'];
  return `${cpu}, Node ${node}\n\n${table(headings, lines)}`;
}
