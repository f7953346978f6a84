/** The schemas of arithmetic: registers, roundings and how scales become integers. docs/hardware.md describes every field. */
import { z } from 'zod';
import { isRounding, OVERFLOWS, ROUNDINGS } from '../formats/rounding.js';

/** The error of a value that is none of several kinds. */
export function expected(kinds: string): { error: (issue: { readonly input?: unknown }) => string } {
  return {
    error: ({ input }) => `Invalid input: expected ${kinds}, received ${JSON.stringify(input) ?? 'nothing'}`,
  };
}

const roundings = expected(`${ROUNDINGS.join(' | ')} | stochastic(SEED) with a seed of 32 bits`);
export const rounding = z.union([z.enum(ROUNDINGS), z.string().refine(isRounding, roundings)], roundings);
export const overflow = z.enum(OVERFLOWS);

/** A register as profiles and formats.json describe it. */
export const accumulator = z.strictObject({
  bits: z.int().min(8).max(64).describe('Width of the register, sign included.'),
  overflow: overflow.describe('What a sum does that leaves the register.'),
  order: z
    .array(z.enum(['row', 'column', 'inputBlock', 'inputChannel', 'inputLane']))
    .min(1)
    .describe('Order of the loops of a sum, the outermost first.'),
  productsPerStep: z.int().min(1).describe('Products that are added up before they enter the register.'),
  treeBits: z.int().min(0).max(64).describe('Width of the adders before the register; 0: exact.'),
  bias: z.enum(['first', 'last']).describe('Whether the bias is added before or after the products.'),
  partialSum: z
    .strictObject({
      every: z.int().min(1).describe('Products after which the register is stored.'),
      bits: z.int().min(8).max(64).describe('Width of what is stored.'),
      rounding: rounding.describe('How what is stored is rounded.'),
      overflow: overflow.describe('What a stored sum does that does not fit.'),
    })
    .nullable()
    .describe('How partial sums are stored; null: they stay in the register.'),
});

/** The register of a profile, which may have to hold every sum. */
export const profileAccumulator = accumulator.extend({
  proof: z
    .enum(['required', 'emulated'])
    .describe(
      '`required`: formats are chosen so that no sum can leave the register. `emulated`: one that may is computed as it happens.',
    ),
});

export const requantize = z.strictObject({
  style: z
    .enum(['shift', 'multiplier', 'doubling', 'scale', 'division'])
    .describe('How scales become integers: docs/arithmetic.md section 4.2.'),
  multiplierBits: z
    .int()
    .min(2)
    .max(31)
    .optional()
    .describe('Width of the multiplier of the style `multiplier`.'),
  rounding: rounding.describe('From accumulators to codes; also that of constants.'),
  overflow: overflow.describe('What a result does that does not fit its format.'),
});

export const reciprocal = z.strictObject({
  count: z.int().min(1).describe('How many values are averaged.'),
  multiplier: z.int().min(1).max(65535).describe('1 / count is multiplier * 2^-shift.'),
  shift: z.int().min(0).max(31).describe('1 / count is multiplier * 2^-shift.'),
});

export const table = z.discriminatedUnion('style', [
  z.strictObject({
    style: z
      .enum(['full', 'thresholds'])
      .describe('`full`: one entry for each code. `thresholds`: how many thresholds a code reaches.'),
  }),
  z.strictObject({
    style: z.literal('interpolated').describe('Straight lines between entries.'),
    indexBits: z.int().min(1).max(16).describe('The table has 2^indexBits + 1 entries.'),
  }),
]);
