/**
 * Worker threads: piscina owns them, this file gives each task a typed result and each failure a DynafixError.
 * A task's module exports `default serve(handler)` of serve.ts. Idle workers do not keep the process alive.
 */
import { Piscina } from 'piscina';
import { AbortedError, ExecutionError, fromPortable } from '../errors.js';
import type { Answer } from './serve.js';
import type runTask from './worker.cjs';

export interface WorkerPool {
  readonly threads: number;
  /** Runs one task in the module at `worker`. Rejects with the task's own DynafixError. */
  run<T, R>(worker: URL, task: T, options?: TaskOptions): Promise<R>;
  close(): Promise<void>;
}

export interface TaskOptions {
  /**
   * True: where all workers are busy, the task is posted to one of them, which goes on with it as soon as it has ended its own, without
   * the main thread. Default false: it is posted to the worker that is idle first.
   */
  readonly ahead?: boolean;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** Called with the number of finished items and of all items. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Tasks that a worker has at most: the one that it runs and the next. */
const TASKS_PER_WORKER = 2;

/** Chooses the worker of a task by the task's name. */
const balance: NonNullable<ConstructorParameters<typeof Piscina>[0]>['loadBalancer'] = (
  { name },
  workers,
) => {
  const most = name === 'ahead' ? TASKS_PER_WORKER : 1;
  const [least] = [...workers].sort((a, b) => a.currentUsage - b.currentUsage);
  return least !== undefined && least.currentUsage < most ? least : null;
};

/** Starts `threads` workers; they load a task's module when it is first used. */
export function createPool(threads: number): WorkerPool {
  const piscina = new Piscina({
    filename: new URL('./worker.cjs', import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: Infinity,
    concurrentTasksPerWorker: TASKS_PER_WORKER,
    loadBalancer: balance,
    stricterFIFO: true,
    recordTiming: false,
  });
  /** What ends the unfinished tasks, which keep the process alive, when the last worker is gone. */
  const unfinished = new Set<(cause: Error) => void>();
  let closed = false;
  const alive = setInterval(() => {}, 2 ** 30).unref();
  // An idle worker that fails is replaced.
  piscina.on('error', () => {});
  // Piscina gives up on workers that fail while they start, and leaves the tasks in its queue.
  piscina.on('workerDestroy', () =>
    setImmediate(() => {
      if (piscina.threads.length > 0) return;
      for (const lose of unfinished) lose(new Error('no worker thread starts'));
    }),
  );

  return {
    threads,
    async run<T, R>(worker: URL, task: T, { ahead = false }: TaskOptions = {}) {
      if (closed) throw new ExecutionError({ where: 'worker threads', what: 'have ended' });
      let answer: Answer<R>;
      let lose: (cause: Error) => void = () => {};
      const lost = new Promise<never>((_, reject) => {
        lose = reject;
      });
      unfinished.add(lose);
      alive.ref();
      try {
        const begun = new Int32Array(new SharedArrayBuffer(4));
        const pooled: Parameters<typeof runTask>[0] = { module: worker.href, task, begun };
        const post = () => Promise.race([piscina.run(pooled, ahead ? { name: 'ahead' } : {}), lost]);
        answer = await post().catch((cause) => {
          // It waited at a worker that has gone.
          if (ahead && !closed && Atomics.load(begun, 0) === 0) return post();
          throw cause;
        });
      } catch (cause) {
        const what = `stopped unexpectedly: ${cause instanceof Error ? cause.message : String(cause)}`;
        throw new ExecutionError({ where: 'worker thread', what, cause });
      } finally {
        unfinished.delete(lose);
        if (unfinished.size === 0) alive.unref();
      }
      if ('error' in answer) throw fromPortable(answer.error);
      return answer.value;
    },
    async close() {
      closed = true;
      clearInterval(alive);
      await piscina.destroy();
    },
  };
}

/** Takes results with their indices as they come and hands them to `next` in the order of the indices, from 0. */
export function inOrder<R>(next: (result: R, index: number) => void): (result: R, index: number) => void {
  const waiting = new Map<number, R>();
  let index = 0;
  return (result, at) => {
    waiting.set(at, result);
    for (; waiting.has(index); index++) {
      next(waiting.get(index)!, index);
      waiting.delete(index);
    }
  };
}

/** Tasks per thread that may be started while an earlier one still runs: bounds what waits for `inOrder`. */
const AHEAD = 8;

/**
 * Runs `count` tasks, at most two per thread at once, and hands each result to `onResult` as it comes. A failure or an
 * abort stops further tasks; running ones are awaited before the promise rejects, with the failure of the lowest index:
 * tasks start in order, so that it is the same for any number of threads.
 */
export async function runTasks<T, R>(
  pool: WorkerPool,
  worker: URL,
  count: number,
  makeTask: (index: number) => T,
  onResult: (result: R, index: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  let next = 0;
  let failure: { readonly index: number; readonly error: unknown } | undefined;
  const fail = (index: number, error: unknown) => {
    if (failure === undefined || index < failure.index) failure = { index, error };
  };
  // In the order of their start: the first key is the oldest.
  const running = new Map<number, Promise<R>>();
  const lane = async () => {
    while (next < count && failure === undefined) {
      if (signal?.aborted) return fail(-1, new AbortedError({ where: 'run', what: 'was cancelled' }));
      const [oldest] = running.entries();
      if (oldest !== undefined && next - oldest[0] >= AHEAD * pool.threads) {
        await oldest[1].catch(() => {});
        continue;
      }
      const index = next++;
      try {
        const result = pool.run<T, R>(worker, makeTask(index));
        running.set(index, result);
        onResult(await result, index);
      } catch (error) {
        fail(index, error);
      } finally {
        running.delete(index);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, 2 * pool.threads) }, lane));
  if (failure !== undefined) throw failure.error;
}
