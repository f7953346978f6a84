/** The schema of a hardware profile. docs/hardware.md describes every field; unknown keys are refused. */
import { z } from 'zod';
import {
  expected,
  overflow,
  profileAccumulator,
  reciprocal,
  requantize,
  rounding,
  table,
} from './arithmetic-schema.js';
import { BUILT_IN_PROFILES } from './built-in.js';
import { withoutRequired } from './extend.js';
import { RULED_OPERATORS } from './operators.js';
import { liftedWindows, windows } from './window-schema.js';

const widths = z
  .array(z.int().min(2).max(16))
  .min(1)
  .refine((bits) => new Set(bits).size === bits.length, 'lists a width twice');

const glob = z.string().min(1);

const activations = z.strictObject({
  bits: widths.describe('Allowed widths, the preferred one first.'),
  signed: z
    .enum(['always', 'asNeeded', 'never'])
    .describe(
      '`always`: every tensor is signed. `asNeeded`: one without negative values is unsigned. `never`: all are unsigned.',
    ),
  narrow: z.boolean().describe('The most negative code is not used.'),
  zeroPoints: z
    .array(z.int().min(2).max(16))
    .describe('Widths at which a tensor has a zero point of its own; at others it is 0.'),
});

const weights = z.strictObject({
  bits: widths.describe('Allowed widths, the preferred one first. Weights are signed.'),
  narrow: z.boolean().describe('The most negative code is not used.'),
  perChannel: z.boolean().describe('Each output channel may have a scale of its own.'),
});

const bias = z.discriminatedUnion('position', [
  z.strictObject({
    position: z.literal('accumulator').describe('Added to the accumulator as it is.'),
    bits: z.int().min(8).max(64).describe('Width of a bias.'),
  }),
  z.strictObject({
    position: z
      .literal('own')
      .describe("Stored with fraction bits of its own, shifted to the accumulator's."),
    bits: z.int().min(2).max(24).describe('Width of a bias.'),
  }),
]);

const slopes = z.strictObject({
  bits: z.int().min(2).max(16).describe('Width of a slope, which is signed.'),
  fractionBits: z.int().min(0).max(30).optional().describe('Left out: those with the least error.'),
});

/** Rules for some nodes; what is left out holds as for all. */
const nodeRules = z.strictObject({
  activations: activations.partial().optional().describe('Of what the operator writes.'),
  weights: weights.partial().optional().describe('Of its constant weights.'),
  bias: bias.optional().describe('Of its bias.'),
  accumulator: profileAccumulator.partial().optional().describe('Of its sums.'),
  requantize: requantize.partial().optional().describe('Of its results.'),
  reciprocals: z
    .array(reciprocal)
    .optional()
    .describe('What averaging takes for 1 / count instead of the nearest multiplier of 16 bits.'),
  slopes: slopes
    .optional()
    .describe('Format of the slopes of leaky rectifiers; left out: 16 bits, least error.'),
  table: table.optional().describe('How a function of one variable is computed; left out: by a full table.'),
  windows: windows.optional().describe('Limits of fraction bits and shifts, by name.'),
});

/** The error of an operator that there are no rules for; undefined: the usual one. */
function listOperators({ code, keys = [] }: { readonly code?: string; readonly keys?: readonly string[] }) {
  if (code !== 'unrecognized_keys') return undefined;
  return `Unrecognized key: ${keys.map((key) => JSON.stringify(key))}, expected ${RULED_OPERATORS.join(' | ')}`;
}

const override = nodeRules.extend({
  nodes: glob.describe('Names of nodes after the passes; `*` is any text, `?` any character.'),
  windows: liftedWindows
    .optional()
    .describe('Limits by name, in the place of those of the operator; null: none.'),
});

const pin = z.strictObject({
  tensors: glob.describe('Names of values and constants; `*` is any text, `?` any character.'),
  bits: z.int().min(2).max(16).optional().describe('Width of their codes.'),
  signed: z.boolean().optional().describe('Whether their codes are signed.'),
  fractionBits: z.int().min(-64).max(64).optional().describe('Their fraction bits.'),
});

const budgets = z.strictObject({
  weightBytes: z
    .number()
    .min(0)
    .optional()
    .describe('Bytes of all weights and biases, each with its own width, not rounded up to bytes.'),
  activationBytes: z
    .number()
    .min(0)
    .optional()
    .describe('Bytes of the values that are alive together, where they are most.'),
  bitOperations: z
    .number()
    .min(0)
    .optional()
    .describe('Sum over all multiplications of the width of the input times that of the weights.'),
  wideMacShare: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('Share of the multiplications in which either operand has more than 8 bits.'),
});

const scaleKinds = expected('powerOfTwo | float32 | {"mantissaBits": INTEGER}');
const scales = z.union(
  [
    z.literal('powerOfTwo').describe('2^-fractionBits.'),
    z.literal('float32').describe('Any float32.'),
    z.strictObject({
      mantissaBits: z
        .int()
        .min(2)
        .max(24)
        .describe('mantissa * 2^-fractionBits, with a mantissa of so many bits.'),
    }),
  ],
  scaleKinds,
);

export const profileSchema = z.strictObject({
  $schema: z.string().optional().describe('Where an editor finds the schema.'),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'is not a name of letters, digits, dots and dashes')
    .describe('Letters, digits, dots and dashes.'),
  description: z.string().describe('One sentence.'),
  scales: scales.describe('What the scale of a tensor can be.'),
  activations: activations.describe('Of everything that is computed, and of inputs.'),
  weights: weights.describe('Of constant weights.'),
  bias: bias.describe('Of biases.'),
  accumulator: profileAccumulator.describe('The register of a sum of products.'),
  requantize: requantize.describe('From accumulators to codes.'),
  conversions: z
    .strictObject({
      rounding: rounding.describe('How real inputs are rounded.'),
      overflow: overflow.describe('What an input does that does not fit its format.'),
    })
    .describe('Of real inputs to codes, and of codes from one format to another outside of any operator.'),
  sharedFormat: z
    .array(z.enum(RULED_OPERATORS))
    .describe('Operators whose inputs and outputs all have one format.'),
  sharedInputs: z
    .array(z.enum(RULED_OPERATORS))
    .describe('Operators whose inputs have one format, which the output need not have.'),
  channelAlignment: z
    .strictObject({
      multiple: z.int().min(1).describe('Channels come in groups of so many.'),
      rule: z
        .enum(['pad', 'require'])
        .describe('`pad`: others are filled up, which counts in budgets. `require`: others are refused.'),
    })
    .describe('Of the channels that convolutions and matrix products read and write.'),
  operators: z
    .partialRecord(z.enum(RULED_OPERATORS), nodeRules, { error: listOperators })
    .describe('Rules for single operators.'),
  overrides: z.array(override).describe('Rules for single nodes, by name; the last one that matches counts.'),
  pins: z.array(pin).describe('Formats that are given, by name of the tensor.'),
  budgets: budgets.describe('Limits of the whole network.'),
});

export type Profile = z.infer<typeof profileSchema>;
export type NodeRules = z.infer<typeof nodeRules>;
export type Override = z.infer<typeof override>;
export type Pin = z.infer<typeof pin>;
export type Budgets = z.infer<typeof budgets>;
export type Scales = z.infer<typeof scales>;

/** The JSON Schema that editors check and complete a profile with; one that extends another may leave out any field. */
export function profileJsonSchema(): object {
  const { $schema, ...whole } = z.toJSONSchema(profileSchema, { io: 'input' });
  const base = {
    description: 'The built-in profile whose fields stand where this one has none.',
    enum: BUILT_IN_PROFILES,
  };
  const properties = { ...whole.properties, extends: base };
  return {
    $schema,
    if: { required: ['extends'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { ...withoutRequired({ ...whole, properties }), required: ['name', 'description'] },
    else: whole,
  };
}
