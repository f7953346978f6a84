/** What a worker thread of the pool loads: it imports the module of each task when it first comes. */

/** A task and the module whose default export serves it. */
export interface PooledTask {
  readonly module: string;
  readonly task: unknown;
}

export default async function runTask({ module, task }: PooledTask): Promise<unknown> {
  const { default: handler } = await import(module);
  return handler(task);
}
