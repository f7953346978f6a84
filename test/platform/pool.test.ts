/** Order and bounds of tasks, over a pool whose tasks end when the test says so; the end of a real pool. */
import { expect, test } from 'vitest';
import { ExecutionError } from '#src/errors.js';
import { createPool, inOrder, runTasks, type WorkerPool } from '#src/platform/pool.js';

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

test('the failure of the first task counts, whichever fails first in time', async () => {
  const ended: number[] = [];
  const pool: WorkerPool = {
    threads: 2,
    async run<T, R>(_: URL, task: T): Promise<R> {
      const index = task as number;
      await new Promise((resolve) => setTimeout(resolve, index === 1 ? 40 : 1));
      ended.push(index);
      if (index === 1 || index === 3) throw new Error(`task ${index}`);
      return task as unknown as R;
    },
    async close() {},
  };
  const work = runTasks<number, number>(pool, new URL('file:///none'), 100, Number, () => {});
  await expect(work).rejects.toThrow('task 1');
  expect(ended.indexOf(3)).toBeLessThan(ended.indexOf(1));
  expect(ended.length).toBeLessThan(10);
});

const task = new URL('../fixtures/exit-task.mjs', import.meta.url);

test('a task that waits at a worker that dies is run by another', async () => {
  const pool = createPool(1);
  const runs = ['exit', 'a', 'b'].map((name) => pool.run<string, string>(task, name, { ahead: true }));
  const results = await Promise.allSettled(runs);
  expect(results[0]).toMatchObject({ reason: { message: expect.stringContaining('stopped unexpectedly') } });
  expect(results.slice(1)).toMatchObject([{ value: 'answer to a' }, { value: 'answer to b' }]);
  await pool.close();
});

test('tasks that wait at workers and tasks that wait for idle ones all end', async () => {
  const pool = createPool(2);
  const names = Array.from({ length: 60 }, (_, index) => `${index}`);
  const runs = names.map((name, index) => pool.run<string, string>(task, name, { ahead: index % 3 !== 0 }));
  expect(await Promise.all(runs)).toEqual(names.map((name) => `answer to ${name}`));
  await pool.close();
});

test('a pool that ends fails the tasks that wait at its workers', async () => {
  const pool = createPool(1);
  const runs = ['a', 'b', 'c'].map((name) => pool.run<string, string>(task, name, { ahead: true }));
  const results = Promise.allSettled(runs);
  await pool.close();
  for (const result of await results) expect(result).toMatchObject({ reason: expect.any(ExecutionError) });
});

test('a pool ends at any moment of the start of its threads', async () => {
  for (let delay = 0; delay < 60; delay += 2) {
    const pool = createPool(2);
    await new Promise((resolve) => setTimeout(resolve, delay));
    await pool.close();
  }
});
