import type { Accumulator } from './instructions.js';

/**
 * A register that wraps around, over one channel after the other in row-major order, without partial sums; `provedBits`
 * is the width that its sums can reach, 0 where it was not proved.
 */
export function plainAccumulator(bits: number, provedBits = 0): Accumulator {
  return {
    bits,
    overflow: 'wrap',
    order: ['row', 'column', 'inputChannel'],
    productsPerStep: 1,
    treeBits: 0,
    bias: 'last',
    partialSum: null,
    provedBits,
  };
}

/**
 * True where the accumulator holds the exact sum whatever its order, so that it need not be emulated step by step:
 * docs/arithmetic.md section 4.1.
 */
export function isExact({ provedBits, bits, treeBits, partialSum }: Accumulator): boolean {
  return (
    provedBits > 0 && provedBits <= bits && (treeBits === 0 || treeBits >= provedBits) && partialSum === null
  );
}
