/**
 * What a worker thread of the pool loads: it imports the module of each task when it first comes.
 *
 * CommonJS, because piscina loads it by `require`: Node 20 aborts the process where a thread is ended while it requires an
 * ES module.
 */
export = async function runTask({ module, task }: { module: string; task: unknown }): Promise<unknown> {
  const { default: handler } = await import(module);
  return handler(task);
};
