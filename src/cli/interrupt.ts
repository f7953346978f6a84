/** Ctrl-C as an AbortSignal: the first one cancels the work, which cleans up; a second one ends the process. */

/**
 * Runs `work` with a signal that Ctrl-C or a termination request aborts. What follows the work can still be ended, but
 * not in the middle of writing a file.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let working = true;
  const abort = () => {
    if (!working || controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on('SIGINT', abort);
  process.on('SIGTERM', abort);
  try {
    return await work(controller.signal);
  } finally {
    working = false;
  }
}
