/** The schema of windows: limits of sums of fraction bits and widths. docs/hardware.md describes every field. */
import { z } from 'zod';
import { expected } from './arithmetic-schema.js';
import { RULED_OPERATORS } from './operators.js';

/** What a window counts, each times an integer. */
export const TERMS = {
  input:
    'Fraction bits of the input; with several inputs the window holds for each. Constant operands count.',
  inputs: 'Sum of the fraction bits of all inputs.',
  finestInput: 'Greatest fraction bits among the inputs.',
  coarsestInput: 'Least fraction bits among the inputs.',
  output: 'Fraction bits of the output.',
  weights: 'Fraction bits of the weights; the window holds for every channel.',
  bias: 'Fraction bits of a bias with a position of its own.',
  inputBits: 'Width of the input.',
  outputBits: 'Width of the output.',
  weightsBits: 'Width of the weights.',
} as const;
export type Term = keyof typeof TERMS;

const factor = z.int().min(-16).max(16);

const terms = z
  .strictObject(
    Object.fromEntries(
      Object.entries(TERMS).map(([name, text]) => [name, factor.optional().describe(text)]),
    ) as Record<Term, z.ZodOptional<typeof factor>>,
  )
  .refine((factors) => Object.values(factors).some((entry) => entry !== 0), 'counts nothing');

const affine = z.strictObject({
  constant: z.int().optional().describe('Added to the terms; left out: 0.'),
  terms: terms.describe('What is added up, each with its factor.'),
});
const simple = z.union([z.int(), affine], expected('INTEGER | {"constant", "terms"}'));

const bound = z.union(
  [
    z.int(),
    affine,
    z.strictObject({ least: z.array(simple).min(1).describe('The bound is the least of these.') }),
    z.strictObject({ greatest: z.array(simple).min(1).describe('The bound is the greatest of these.') }),
  ],
  expected('INTEGER | {"constant", "terms"} | {"least"} | {"greatest"}'),
);

const operators = z.array(z.enum(RULED_OPERATORS)).min(1);

const condition = z
  .strictObject({
    followedBy: operators.optional().describe('An operator of these reads the output.'),
    notFollowedBy: operators.optional().describe('No operator of these reads the output.'),
    fedBy: operators.optional().describe('An operator of these computes an input.'),
    notFedBy: operators.optional().describe('No operator of these computes an input.'),
  })
  .refine((fields) => Object.keys(fields).length > 0, 'says nothing');

export const window = z
  .strictObject({
    terms: terms.describe('What is limited: a sum of fraction bits and widths, each with its factor.'),
    min: bound
      .optional()
      .describe('The sum is at least this: a number, an expression, or the least or greatest of several.'),
    max: bound.optional().describe('The sum is at most this.'),
    when: condition
      .optional()
      .describe('Nodes that the window holds for; left out: all. All fields must hold.'),
  })
  .refine(
    ({ min, max }) => typeof min !== 'number' || typeof max !== 'number' || min <= max,
    'min is above max',
  )
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'has neither min nor max');

const windowName = z.string().regex(/^[A-Za-z][A-Za-z0-9]*$/, 'is not a name of letters and digits');
export const windows = z.record(windowName, window);
export const liftedWindows = z.record(windowName, window.nullable());

export type Terms = z.infer<typeof terms>;
export type Affine = z.infer<typeof affine>;
export type Bound = z.infer<typeof bound>;
export type Condition = z.infer<typeof condition>;
export type Window = z.infer<typeof window>;
export type Windows = z.infer<typeof windows>;

/** All terms that a window counts, those of its bounds included. */
export function windowTerms({ terms, min = 0, max = 0 }: Window): Set<Term> {
  const counted = [
    terms,
    ...[min, max].flatMap(boundsOf).map((bound) => (typeof bound === 'number' ? {} : bound.terms)),
  ];
  return new Set(counted.flatMap((entry) => Object.keys(entry) as Term[]));
}

/** The numbers and expressions that a bound is the least or greatest of. */
export function boundsOf(bound: Bound): readonly (number | Affine)[] {
  if (typeof bound === 'number' || 'terms' in bound) return [bound];
  return 'least' in bound ? bound.least : bound.greatest;
}
