/** What instructions count while they run, in the arena of the thread that runs them. */
import type { InstructionCounters } from '../executor.js';
import { align } from '../memory-plan.js';

/** minimum, maximum, clipped, wraps, saturations: i64 each. */
const WORDS = 5;

/** Bytes of the counters of one instruction. */
export const COUNTER_BYTES = align(WORDS * 8);

export function resetCounters(words: BigInt64Array): void {
  words.set([2n ** 63n - 1n, -(2n ** 63n), 0n, 0n, 0n]);
}

export function viewCounters(buffer: SharedArrayBuffer, address: number): BigInt64Array {
  return new BigInt64Array(buffer, address, WORDS);
}

export function readCounters(words: BigInt64Array, outputs: number): InstructionCounters {
  const [minimum, maximum, clipped, wraps, saturations] = Array.from(words, Number);
  return { outputs, clipped, wraps, saturations, minimum, maximum };
}
