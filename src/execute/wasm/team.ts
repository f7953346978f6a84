/**
 * Several threads that share the units of one run. A thread takes the next unit by adding to a counter, waits until the units before
 * its stage have ended, and runs it; so threads that come late, or not at all, delay nobody.
 */
import type { Unit } from './prepared.js';

/** Words of the control block, in cache lines of their own where threads meet. */
const NEXT = 0;
const DONE = 16;
const FAILED = 32;
const SLEEPERS = 33;
const WORDS = 48;

/** No unit has failed. */
const NONE = 2 ** 31 - 1;

/** How long a thread looks for work before it sleeps: longer than most stages that run on one thread. */
const SPIN_MILLISECONDS = 1;

/** Looks between two looks at the clock. */
const TURNS = 64;

export type TeamControl = Int32Array<SharedArrayBuffer>;

export function createTeamControl(): TeamControl {
  return new Int32Array(new SharedArrayBuffer(WORDS * 4));
}

/**
 * Starts a run, which threads may join from here on; every unit of the run before has ended, or all threads have left it. Units wait
 * for `openRun`, so that threads wake up while the inputs are written.
 */
export function startRun(control: TeamControl): void {
  Atomics.store(control, FAILED, NONE);
  Atomics.store(control, DONE, -1);
  // Last: a thread that comes late to the run before may take units from here on.
  Atomics.store(control, NEXT, 0);
}

/** Lets the units of a run begin whose inputs are in place. */
export function openRun(control: TeamControl): void {
  endUnit(control);
}

/** Makes every thread leave the run. */
export function stopRun(control: TeamControl): void {
  stop(control, -1);
}

/** How a run ends for a thread. `failed`: a unit of its own, and why. */
export type RunEnd = 'done' | 'stopped' | { readonly failed: number; readonly error: unknown };

/**
 * Runs units until all have ended on some thread, or one has failed on any: units before it still run, so that the first failure is
 * the same for any number of threads.
 */
export function shareRun(
  control: TeamControl,
  units: readonly Unit[],
  runUnit: (unit: number) => void,
): RunEnd {
  for (;;) {
    const unit = Atomics.add(control, NEXT, 1);
    const left = unit < units.length;
    if (!awaitUnits(control, left ? units[unit].after : units.length, unit)) return 'stopped';
    if (!left) return 'done';
    try {
      runUnit(unit);
    } catch (error) {
      stop(control, unit);
      return { failed: unit, error };
    }
    endUnit(control);
  }
}

/** Waits for `count` units to end; false where the run stops at `unit` or before. */
function awaitUnits(control: TeamControl, count: number, unit: number): boolean {
  const sleep = createPatience();
  for (;;) {
    const done = Atomics.load(control, DONE);
    if (Atomics.load(control, FAILED) <= unit) return false;
    if (done >= count) return true;
    if (!sleep()) continue;
    Atomics.add(control, SLEEPERS, 1);
    Atomics.wait(control, DONE, done);
    Atomics.sub(control, SLEEPERS, 1);
  }
}

/** Makes threads leave at `unit` and after it. */
function stop(control: TeamControl, unit: number): void {
  let failed = Atomics.load(control, FAILED);
  while (unit < failed) failed = Atomics.compareExchange(control, FAILED, failed, unit);
  endUnit(control);
}

function endUnit(control: TeamControl): void {
  Atomics.add(control, DONE, 1);
  if (Atomics.load(control, SLEEPERS) > 0) Atomics.notify(control, DONE);
}

/** A function that is true once it has been asked for SPIN_MILLISECONDS. */
function createPatience(): () => boolean {
  let turn = 0;
  let end = 0;
  return () => {
    if (++turn % TURNS !== 0) return false;
    const now = performance.now();
    if (end === 0) end = now + SPIN_MILLISECONDS;
    return now >= end;
  };
}
