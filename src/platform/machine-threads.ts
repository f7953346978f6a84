import { availableParallelism } from 'node:os';

/** Number of threads that the machine runs at once. */
export function machineThreads(): number {
  return availableParallelism();
}
