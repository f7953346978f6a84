/** Unfinished statistics on disk, so that a process that is killed loses little. */
import { writeStatistics } from '../calibrate/file.js';
import type { Statistics } from '../calibrate/statistics.js';

/** Writing takes at most one part in so many of the time. */
const SHARE = 20;

/** Seconds between two writes, at least, unless others are asked for. */
export const CHECKPOINT_SECONDS = 2;

export interface Checkpoint {
  /** Takes what `calibrate` has finished, and writes it from time to time. */
  readonly onCheckpoint: (read: () => Statistics) => void;
  /** Writes everything that is finished. */
  flush(): void;
}

/** Writes to `file`; after every piece of work where `seconds` is 0. */
export function createCheckpoint(file: string, seconds = CHECKPOINT_SECONDS): Checkpoint {
  let readFinished: (() => Statistics) | undefined;
  let due = performance.now() + 1000 * seconds;
  return {
    onCheckpoint(read) {
      readFinished = read;
      const start = performance.now();
      if (start < due) return;
      writeStatistics(file, read());
      const end = performance.now();
      due = seconds === 0 ? end : end + Math.max(1000 * seconds, SHARE * (end - start));
    },
    flush() {
      if (readFinished !== undefined) writeStatistics(file, readFinished());
    },
  };
}
