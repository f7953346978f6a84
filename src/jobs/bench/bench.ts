/** Works side by side: every subject once per round, so that what the machine does at the moment meets all of them. */
import { setMaxListeners } from 'node:events';
import { cpus } from 'node:os';
import { AbortedError } from '../../errors.js';
import { makeRows, type Row } from './rows.js';
import type { Subject, Work, WorkGroup, Workshop } from './specification.js';
import { type RunningSubject, startSubject } from './subjects.js';

export interface BenchOptions extends Workshop {
  /** Works whose name matches are measured. */
  readonly filter: RegExp;
  readonly rounds: number;
  readonly onProgress?: (done: number, total: number, works: string) => void;
  /** Called once for each subject of ONNX Runtime that does not run, which is left out. */
  readonly onLeftOut?: (subject: string, reason: string) => void;
}

export interface BenchResult {
  readonly cpu: string;
  readonly node: string;
  readonly rows: readonly Row[];
}

/** Measures the works that match, group by group. Throws the first error of a subject that is dynafix, an AbortedError when aborted. */
export async function bench(groups: readonly WorkGroup[], options: BenchOptions): Promise<BenchResult> {
  // Each process of a work waits for the same signal.
  if (options.signal) setMaxListeners(0, options.signal);
  const rows: Row[] = [];
  for (const { works, prepare } of groups) {
    const wanted = new Set(works.filter((name) => options.filter.test(name)));
    if (wanted.size === 0) continue;
    options.onProgress?.(0, options.rounds, [...wanted].join(', '));
    rows.push(...(await measureTogether(await prepare(wanted, options), options)));
  }
  return { cpu: cpus()[0]?.model ?? 'unknown', node: process.version, rows };
}

/** Subjects of equal specification are one process, and one measurement per round. */
async function measureTogether(works: readonly Work[], options: BenchOptions): Promise<Row[]> {
  const { rounds, signal, onProgress } = options;
  const title = works.map(({ name }) => name).join(', ');
  const measured = new Map<string, RunningSubject & { readonly costs: number[] }>();
  const chosen: typeof measured = new Map();
  try {
    for (const work of works) {
      for (const subject of work.subjects) {
        const key = JSON.stringify(subject.spec);
        if (measured.has(key)) continue;
        const running = await start(work, subject, options);
        if (running === undefined) continue;
        // Where the engine has chosen a variant that is measured already, that is the measurement.
        const resolved = JSON.stringify({ ...subject.spec, variant: running.variant });
        const same = chosen.get(resolved);
        if (same !== undefined) running.end();
        chosen.set(resolved, same ?? { ...running, costs: [] });
        measured.set(key, chosen.get(resolved)!);
      }
    }
    for (let round = 0; round < rounds; round++) {
      for (const { measure, costs } of chosen.values()) {
        if (signal?.aborted) throw new AbortedError({ where: 'bench', what: 'was cancelled' });
        costs.push(await measure());
      }
      onProgress?.(round + 1, rounds, title);
    }
    return works.flatMap((work) => {
      const subjects = work.subjects.flatMap(({ name, spec }) => {
        const found = measured.get(JSON.stringify(spec));
        if (found === undefined) return [];
        return [{ name: name.replace('VARIANT', found.variant ?? ''), spec, costs: found.costs }];
      });
      return makeRows(work, subjects);
    });
  } finally {
    for (const { end } of chosen.values()) end();
  }
}

/** Undefined where ONNX Runtime does not run the subject. */
async function start(
  work: Work,
  { name, spec }: Subject,
  { signal, onLeftOut }: BenchOptions,
): Promise<RunningSubject | undefined> {
  try {
    return await startSubject(spec, signal);
  } catch (error) {
    if (!spec.kind.startsWith('onnxruntime') || error instanceof AbortedError) throw error;
    onLeftOut?.(`${work.name} ${name}`, (error as Error).message);
    return undefined;
  }
}
