/**
 * What a worker thread of the pool loads: it imports the module of each task when it first comes, and runs one task after the other.
 *
 * CommonJS, because piscina loads it by `require`: Node 20 aborts the process where a thread is ended while it requires an
 * ES module.
 */
type Handler = (task: unknown) => Promise<unknown>;

/** A task as it is posted. */
interface Pooled {
  readonly module: string;
  readonly task: unknown;
  /** Not 0 once the task has begun. */
  readonly begun: Int32Array<SharedArrayBuffer>;
}

/** An import takes a tenth of a millisecond also where the module is there. */
const handlers = new Map<string, Handler>();

/** Tasks that have come and not ended. */
let tasks = 0;
/** Settles once the last of them has ended and its result is on its way. */
let last = Promise.resolve();

async function runTask({ module, task, begun }: Pooled): Promise<unknown> {
  const before = last;
  let end: () => void = () => {};
  last = new Promise((resolve) => {
    end = resolve;
  });
  if (tasks++ > 0) await before;
  Atomics.store(begun, 0, 1);
  try {
    let handler = handlers.get(module);
    if (handler === undefined) {
      handler = (await import(module)).default as Handler;
      handlers.set(module, handler);
    }
    return await handler(task);
  } finally {
    // The next task must not keep back the result of this one.
    if (--tasks > 0) setImmediate(end);
  }
}

/** Under the names that pool.ts gives tasks: `default` is the function itself. */
export = Object.assign(runTask, { ahead: runTask });
