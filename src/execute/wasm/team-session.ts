/** The main thread's side of runs that the workers share: it writes the inputs, starts the run and reads the outputs. */
import { AbortedError, ExecutionError, fromPortable } from '../../errors.js';
import type { Codes } from '../../formats/format.js';
import type { WorkerPool } from '../../platform/pool.js';
import type { Elements } from '../executor.js';
import { portResults, type RunResult } from '../ports.js';
import { openArena, type SessionHandle } from './session.js';
import { openRun, startRun, stopRun } from './team.js';
import type { TeamAnswer, TeamTask } from './team-worker.js';

const worker = new URL('./team-worker.js', import.meta.url);

export interface Team {
  /**
   * Runs one sample on all workers; runs wait for each other. Throws an AbortedError where `signal` is aborted, also during the run,
   * and an ExecutionError where a worker fails.
   */
  run(inputs: readonly Elements[], signal?: AbortSignal): Promise<RunResult>;
  /** Settles when no worker uses the session's memory any more. */
  idle(): Promise<void>;
}

export function createTeam(pool: WorkerPool, handle: SessionHandle): Team {
  const control = handle.team!;
  const { program, tensors } = openArena(handle);
  const computed = new Set(program.instructions.map(({ output }) => output));
  /** Tasks that have not ended: those of the present run, and of earlier ones whose workers were busy elsewhere. */
  const tasks = new Set<Promise<TeamAnswer>>();
  let running = false;
  let last: Promise<unknown> = Promise.resolve();

  const join = () => {
    const answer = pool.run<TeamTask, TeamAnswer>(worker, { handle });
    tasks.add(answer);
    const end = () => tasks.delete(answer);
    answer.then(end, () => {
      end();
      // A worker that has gone leaves its unit undone.
      if (running) stopRun(control);
    });
    return answer;
  };

  const runNow = async (inputs: readonly Elements[], signal?: AbortSignal): Promise<RunResult> => {
    const throwIfAborted = () => {
      if (signal?.aborted) throw new AbortedError({ where: 'run', what: 'was cancelled' });
    };
    throwIfAborted();
    // Workers that have not left the run before may take units of this one.
    const late = [...tasks];
    startRun(control);
    running = true;
    const abort = () => stopRun(control);
    signal?.addEventListener('abort', abort);
    try {
      const answers = Array.from({ length: pool.threads }, join);
      tensors.start(inputs);
      openRun(control);
      if (!(await anyDone(answers))) {
        throwIfAborted();
        throw await firstFailure([...late, ...answers]);
      }
    } catch (error) {
      // The next run must not meet what is left of this one.
      stopRun(control);
      await Promise.allSettled(tasks);
      throw error;
    } finally {
      running = false;
      signal?.removeEventListener('abort', abort);
    }
    const elements = program.outputs.map(({ tensor }) => tensors.read(tensor));
    const codesOf = (tensor: number) => (computed.has(tensor) ? (tensors.read(tensor) as Codes) : undefined);
    return portResults(program, elements, codesOf, tensors.counters());
  };

  return {
    run(inputs, signal) {
      const result = last.then(() => runNow(inputs, signal));
      last = result.catch(() => {});
      return result;
    },
    async idle() {
      await last;
      await Promise.allSettled(tasks);
    },
  };
}

/** True as soon as one thread has seen all units end; false where all have left and none has. */
function anyDone(answers: readonly Promise<TeamAnswer>[]): Promise<boolean> {
  return new Promise((resolve) => {
    const settled = answers.map((answer) =>
      answer.then(
        ({ done }) => {
          if (done) resolve(true);
        },
        () => {},
      ),
    );
    void Promise.all(settled).then(() => resolve(false));
  });
}

/** That of the earliest unit, which one thread alone would meet; else why a worker has gone. */
async function firstFailure(answers: readonly Promise<TeamAnswer>[]): Promise<unknown> {
  const settled = await Promise.allSettled(answers);
  const failures = settled.flatMap((answer) =>
    answer.status === 'fulfilled' && answer.value.failure !== undefined ? [answer.value.failure] : [],
  );
  const [earliest] = failures.sort((a, b) => a.unit - b.unit);
  if (earliest !== undefined) return fromPortable(earliest.error);
  const gone = settled.find((answer) => answer.status === 'rejected');
  return gone?.reason ?? new ExecutionError({ where: 'run', what: 'has ended without a result' });
}
