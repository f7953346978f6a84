/** Order and bounds of tasks, over a pool whose tasks end when the test says so. */
import { expect, test } from 'vitest';
import { inOrder, runTasks, type WorkerPool } from '#src/platform/pool.js';

test('results wait for a slow task in bounded number, and come in order', async () => {
  const started: number[] = [];
  let endFirst: () => void = () => {};
  const pool: WorkerPool = {
    threads: 2,
    async run<T, R>(_: URL, task: T): Promise<R> {
      started.push(task as number);
      if (task === 0) await new Promise<void>((resolve) => (endFirst = resolve));
      return task as unknown as R;
    },
    async close() {},
  };
  const delivered: number[] = [];
  const keep = inOrder((result: number) => delivered.push(result));
  const work = runTasks<number, number>(pool, new URL('file:///none'), 100, (index) => index, keep);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(delivered).toEqual([]);
  expect(started).toEqual(Array.from({ length: 16 }, (_, index) => index));
  endFirst();
  await work;
  expect(delivered).toEqual(Array.from({ length: 100 }, (_, index) => index));
});
