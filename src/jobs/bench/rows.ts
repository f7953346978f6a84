/** From costs per round to the rows of a result. */
import type { SubjectSpec, Work } from './specification.js';

export interface Row {
  readonly work: string;
  readonly subject: string;
  readonly threads: number;
  readonly median: number;
  readonly best: number;
  readonly unit: Work['unit'];
  /**
   * This row's speed over that of another subject of the work, as the median of per-round ratios; for sizes in memory, the other
   * one's over this one's. A subject on another number of threads is called `SUBJECT (N threads)`.
   */
  readonly ratioTo: Readonly<Record<string, number>>;
}

/** What one subject cost, round by round: seconds of one run, or bytes. */
export interface Measured {
  readonly name: string;
  readonly spec: SubjectSpec;
  readonly costs: readonly number[];
}

/** The middle one; of an even number, the mean of both in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A row per subject; of two with one name and number of threads, the first. */
export function makeRows(work: Work, subjects: readonly Measured[]): Row[] {
  const unique = subjects.filter(
    ({ name, spec }, index) =>
      subjects.findIndex((other) => other.name === name && other.spec.threads === spec.threads) === index,
  );
  return unique.map((subject) => {
    const { name, spec, costs } = subject;
    const unit = spec.kind === 'stream' ? 'GMAC/s' : work.unit;
    const convert = (cost: number) => inUnit(cost, unit, work.macs);
    const others = unique.filter((other) => other !== subject);
    const ratios = others.map((other) => {
      const sameThreads = other.spec.threads === spec.threads;
      const key = sameThreads ? other.name : `${other.name} (${threadsText(other.spec.threads)})`;
      return [key, median(costs.map((cost, round) => other.costs[round] / cost))];
    });
    return {
      work: work.name,
      subject: name,
      threads: spec.threads,
      median: convert(median(costs)),
      best: convert(Math.min(...costs)),
      unit,
      ratioTo: Object.fromEntries(ratios),
    };
  });
}

export function threadsText(threads: number): string {
  return threads === 1 ? '1 thread' : `${threads} threads`;
}

function inUnit(cost: number, unit: Work['unit'], macs: number): number {
  if (unit === 'ms') return 1000 * cost;
  return unit === 'MiB' ? cost / 2 ** 20 : macs / cost / 1e9;
}
