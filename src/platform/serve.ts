/** The worker's side of a task: it loads nothing of what owns the workers. */
import { type PortableError, settleError, toPortable } from '../errors.js';

/** What a task ends with. */
export type Answer<R> = { readonly value: R } | { readonly error: PortableError };

/** Wraps a task's function for the default export of a worker module. */
export function serve<T, R>(handler: (task: T) => R | Promise<R>): (task: T) => Promise<Answer<R>> {
  return async (task) => {
    try {
      return { value: await handler(task) };
    } catch (error) {
      return { error: toPortable(await settleError(error), 'worker thread') };
    }
  };
}
