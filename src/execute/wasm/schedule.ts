/**
 * Which kernel calls of one run several threads share out. Calls lie in units, which one thread runs in order; units lie in
 * stages, whose units are independent of each other and wait for those of all earlier stages.
 */
import type { Address } from './context.js';
import type { Kernel } from './kernels.js';
import type { Unit } from './prepared.js';
import { splitCall } from './split-call.js';

/** A kernel call whose arena addresses are not known yet. */
export interface PendingStep {
  readonly instruction: number;
  readonly kernel: Kernel;
  readonly args: readonly Address[];
  /** Element of the instruction's output that the kernel counts from when it reports one. */
  readonly first: number;
  /** Both ascend from step to step; steps of one unit have the same. */
  readonly stage: number;
  readonly unit: number;
}

/** Units per thread and stage: enough to even out threads that run at different speeds. */
export const UNITS_PER_THREAD = 4;

/** Most units per thread and stage: small ones are run together. */
const MOST_UNITS = 16;

/** Elements, or as many multiply-accumulates by MACS_PER_ELEMENT, that are worth a unit of their own. */
export const GRAIN = 4096;

const MACS_PER_ELEMENT = 32;

export interface Sharing {
  /** Threads that share one run. */
  readonly threads: number;
  /** Elements that are worth a unit of their own. */
  readonly grain: number;
}

/** Number of units for work on `elements` elements, or for so many multiply-accumulates: 1 on one thread. */
export function unitsFor({ threads, grain }: Sharing, elements: number, macs = 0): number {
  if (threads === 1) return 1;
  const work = Math.max(elements, macs / MACS_PER_ELEMENT);
  return Math.max(1, Math.min(threads * UNITS_PER_THREAD, Math.floor(work / grain)));
}

/** The largest step, at most `step` and a multiple of `multiple`, that walks `total` in at least `parts` even parts. */
export function evenStep(total: number, step: number, parts: number, multiple: number): number {
  const count = Math.max(parts, Math.ceil(total / step));
  return Math.min(step, Math.max(1, Math.ceil(total / count / multiple)) * multiple);
}

/**
 * Items of each call, `step` of them or down to half as many, of `rows` rows of `total` items: those for which threads that take one
 * call after the other end soonest.
 */
export function fairStep(total: number, rows: number, step: number, threads: number): number {
  let fairest = step;
  let soonest = endOfCalls(total, rows, step, threads);
  for (let fewer = step - 1; fewer >= step / 2; fewer--) {
    const end = endOfCalls(total, rows, fewer, threads);
    if (end >= soonest) continue;
    fairest = fewer;
    soonest = end;
  }
  return fairest;
}

/** When the last of the threads has ended, in items. */
function endOfCalls(total: number, rows: number, step: number, threads: number): number {
  const ends = new Array<number>(threads).fill(0);
  for (let row = 0; row < rows; row++)
    for (let first = 0; first < total; first += step)
      ends[ends.indexOf(Math.min(...ends))] += Math.min(step, total - first);
  return Math.max(...ends);
}

/** Splits large calls that are units of their own where a stage has fewer units than threads could take. */
export function shareCalls(steps: readonly PendingStep[], sharing: Sharing): PendingStep[] {
  if (sharing.threads === 1) return [...steps];
  const shared: PendingStep[] = [];
  let unit = 0;
  for (const stage of runsOf(steps, (step) => step.stage)) {
    const units = mergeRuns(
      runsOf(stage, (step) => step.unit),
      MOST_UNITS * sharing.threads,
    );
    for (const calls of units) {
      const [call] = calls;
      const parts =
        calls.length > 1 ? [] : splitCall(call, (elements) => unitsFor(sharing, elements) / units.length);
      if (parts.length === 0) for (const step of calls) shared.push({ ...step, unit });
      else for (const part of parts) shared.push({ ...call, ...part, unit: unit++ });
      unit++;
    }
  }
  return shared;
}

/** The units of all steps; stages of one unit that follow each other are one. */
export function listUnits(steps: readonly Pick<PendingStep, 'stage' | 'unit'>[]): Unit[] {
  const units: Unit[] = [];
  let first = 0;
  let alone = false;
  for (const stage of runsOf(steps, (step) => step.stage)) {
    const own = runsOf(stage, (step) => step.unit);
    const last = units.at(-1);
    if (alone && own.length === 1 && last !== undefined) {
      units[units.length - 1] = { ...last, end: last.end + stage.length };
      first += stage.length;
      continue;
    }
    const after = units.length;
    for (const calls of own) {
      units.push({ first, end: first + calls.length, after });
      first += calls.length;
    }
    alone = own.length === 1;
  }
  return units;
}

/** At most `most` runs. */
function mergeRuns<T>(runs: T[][], most: number): T[][] {
  const each = Math.ceil(runs.length / most);
  if (each <= 1) return runs;
  return Array.from({ length: Math.ceil(runs.length / each) }, (_, index) =>
    runs.slice(index * each, (index + 1) * each).flat(),
  );
}

/** Neighbours of equal key. */
function runsOf<T>(items: readonly T[], key: (item: T) => number): T[][] {
  const runs: T[][] = [];
  for (const [index, item] of items.entries()) {
    if (index > 0 && key(items[index - 1]) === key(item)) runs[runs.length - 1].push(item);
    else runs.push([item]);
  }
  return runs;
}
