/**
 * What a worker thread of the pool loads: it imports the module of each task when it first comes.
 *
 * CommonJS, because piscina loads it by `require`: Node 20 aborts the process where a thread is ended while it requires an
 * ES module.
 */
type Handler = (task: unknown) => Promise<unknown>;

/** An import takes a tenth of a millisecond also where the module is there. */
const handlers = new Map<string, Handler>();

export = async function runTask({ module, task }: { module: string; task: unknown }): Promise<unknown> {
  let handler = handlers.get(module);
  if (handler === undefined) {
    handler = (await import(module)).default as Handler;
    handlers.set(module, handler);
  }
  return handler(task);
};
