import type { Accumulator } from './instructions.js';

/**
 * True where the accumulator holds the exact sum whatever its order, so that it need not be emulated step by step:
 * docs/arithmetic.md section 4.1.
 */
export function isExact({ provedBits, bits, treeBits, partialSum }: Accumulator): boolean {
  return (
    provedBits > 0 && provedBits <= bits && (treeBits === 0 || treeBits >= provedBits) && partialSum === null
  );
}
