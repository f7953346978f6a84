/** The schema of a hardware profile. docs/hardware.md describes every field; unknown keys are refused. */
import { z } from 'zod';
import { isRounding, OVERFLOWS, ROUNDINGS } from '../formats/rounding.js';

/** Functions of one variable, which are tables of codes. */
export const FUNCTION_OPERATORS = [
  'Sigmoid',
  'Tanh',
  'HardSigmoid',
  'HardSwish',
  'Neg',
  'Abs',
  'Ceil',
  'Elu',
  'Erf',
  'Exp',
  'Floor',
  'Gelu',
  'Log',
  'Reciprocal',
  'Selu',
  'Softplus',
  'Sqrt',
] as const;

/** Operators that a profile can set rules for, as they are called after the passes. */
export const RULED_OPERATORS = [
  'Conv',
  'ConvTranspose',
  'Gemm',
  'MatMul',
  'Add',
  'Sub',
  'Mul',
  'LeakyRelu',
  'PRelu',
  'AveragePool',
  'GlobalAveragePool',
  'ReduceMean',
  'MaxPool',
  'GlobalMaxPool',
  'Relu',
  'Clip',
  'Concat',
  'Pad',
  'Slice',
  'Split',
  'Max',
  'Min',
  'Gather',
  'Expand',
  'Tile',
  'Resize',
  'Upsample',
  'ReduceSum',
  'ReduceMax',
  'ReduceMin',
  ...FUNCTION_OPERATORS,
] as const;
export type RuledOperator = (typeof RULED_OPERATORS)[number];

/** Allowed widths, the preferred one first. */
const widths = z
  .array(z.int().min(2).max(16))
  .min(1)
  .refine((bits) => new Set(bits).size === bits.length, 'lists a width twice');

export const rounding = z.union([
  z.enum(ROUNDINGS),
  z.string().refine(isRounding, 'is not stochastic(SEED) with a seed of 32 bits'),
]);
export const overflow = z.enum(OVERFLOWS);

const window = z
  .strictObject({ min: z.int().optional(), max: z.int().optional() })
  .refine(({ min, max }) => min === undefined || max === undefined || min <= max, 'min is above max')
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'has neither min nor max');

const activations = z.strictObject({
  bits: widths,
  /** `always`: every tensor is signed. `asNeeded`: a tensor without negative values is unsigned. */
  signed: z.enum(['always', 'asNeeded']),
  narrow: z.boolean(),
});

const weights = z.strictObject({
  bits: widths,
  narrow: z.boolean(),
  /** Whether each output channel may have fraction bits of its own. */
  perChannel: z.boolean(),
});

const bias = z.discriminatedUnion('position', [
  /** Added to the accumulator as it is. */
  z.strictObject({ position: z.literal('accumulator'), bits: z.int().min(8).max(64) }),
  /** Stored with fraction bits of its own, shifted to the accumulator's position. */
  z.strictObject({ position: z.literal('own'), bits: z.int().min(2).max(24) }),
]);

/** A register as profiles and formats.json describe it. */
export const accumulator = z.strictObject({
  bits: z.int().min(8).max(64),
  overflow,
  order: z.array(z.enum(['row', 'column', 'inputBlock', 'inputChannel', 'inputLane'])).min(1),
  productsPerStep: z.int().min(1),
  treeBits: z.int().min(0).max(64),
  bias: z.enum(['first', 'last']),
  partialSum: z
    .strictObject({ every: z.int().min(1), bits: z.int().min(8).max(64), rounding, overflow })
    .nullable(),
});

const requantize = z.strictObject({
  /** How scales become integers: docs/arithmetic.md section 4.2. */
  style: z.enum(['shift', 'multiplier', 'doubling', 'scale', 'division']),
  /** Width of the multiplier of the style `multiplier`. */
  multiplierBits: z.int().min(2).max(31).optional(),
  rounding,
  overflow,
});

/** 1 / count as multiplier * 2^-shift. */
const reciprocal = z.strictObject({
  count: z.int().min(1),
  multiplier: z.int().min(1).max(65535),
  shift: z.int().min(0).max(31),
});

const table = z.discriminatedUnion('style', [
  z.strictObject({ style: z.enum(['full', 'thresholds']) }),
  z.strictObject({ style: z.literal('interpolated'), indexBits: z.int().min(1).max(16) }),
]);

/** Windows of fraction bits. */
const positions = z.strictObject({
  input: window.optional(),
  output: window.optional(),
  weights: window.optional(),
  bias: window.optional(),
});

/** Windows of differences between fraction bits. */
const shifts = z.strictObject({
  output: window.optional(),
  bias: window.optional(),
  read: window.optional(),
  write: window.optional(),
});

/** Rules for one operator; what is left out holds as for all. */
const operatorRules = z.strictObject({
  activations: activations.partial().optional(),
  weights: weights.partial().optional(),
  bias: bias.optional(),
  accumulator: accumulator.partial().optional(),
  requantize: requantize.partial().optional(),
  /** What average pooling takes for 1 / count instead of the nearest multiplier of 16 bits. */
  reciprocals: z.array(reciprocal).optional(),
  /** How a function of one variable is computed; left out: by a full table. */
  table: table.optional(),
  positions: positions.optional(),
  shifts: shifts.optional(),
});

export const profileSchema = z.strictObject({
  $schema: z.string().optional(),
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'is not a name of letters, digits, dots and dashes'),
  description: z.string(),
  activations,
  weights,
  bias,
  accumulator,
  requantize,
  /** Real inputs to codes, and codes from one format to another outside of any operator. */
  conversions: z.strictObject({ rounding, overflow }),
  /** Operators whose inputs and outputs all have one format. */
  sharedFormat: z.array(z.enum(RULED_OPERATORS)),
  operators: z.partialRecord(z.enum(RULED_OPERATORS), operatorRules),
});

export type Profile = z.infer<typeof profileSchema>;
export type OperatorRules = z.infer<typeof operatorRules>;
export type Limits = z.infer<typeof window>;

/** The JSON Schema that editors check and complete a profile with. */
export function profileJsonSchema(): object {
  return z.toJSONSchema(profileSchema, { io: 'input' });
}
