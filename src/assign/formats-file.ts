/**
 * formats.json: every format, the arithmetic of every node, and why they are what they are. Made to be read
 * and edited.
 */
import { z } from 'zod';
import type { ModelFormats } from '../compile/model-formats.js';
import { checkFormat } from '../formats/format.js';
import { accumulator, expected, overflow, rounding } from '../hardware/arithmetic-schema.js';
import { parseJson } from '../inputs/parse-json.js';
import { readText, writeFile } from '../platform/files.js';
import { METHODS } from './fraction-bits.js';

const field = z.union([z.int(), z.array(z.int()).min(1)], expected('INTEGER | a list of INTEGER'));
const format = z.strictObject({
  bits: z.int().min(2).max(64),
  signed: z.boolean(),
  narrow: z.boolean(),
  fractionBits: field,
  mantissa: field,
  zeroPoint: field,
  axis: z.int().min(0).nullable(),
});
const scalingRule = z.discriminatedUnion('style', [
  z.strictObject({ style: z.enum(['shift', 'doubling', 'scale', 'division']) }),
  z.strictObject({ style: z.literal('multiplier'), bits: z.int().min(2).max(31) }),
]);

const arithmetic = z.strictObject({
  accumulator,
  biasBits: z.int().min(2).max(64),
  biasFormat: format.optional(),
  scaling: scalingRule,
  rounding,
  overflow,
  reciprocals: z
    .array(z.strictObject({ count: z.int().min(1), multiplier: z.int().min(1), shift: z.int() }))
    .optional(),
  table: z
    .discriminatedUnion('style', [
      z.strictObject({ style: z.enum(['full', 'thresholds']) }),
      z.strictObject({ style: z.literal('interpolated'), indexBits: z.int().min(1).max(16) }),
    ])
    .optional(),
});

const reason = z.strictObject({
  /** How the fraction bits were found; `zeros` where nothing but 0 was seen. */
  method: z.enum([...METHODS, 'zeros']),
  /** Extremes of all values that have the format. */
  minimum: z.number(),
  maximum: z.number(),
  /** Share of the values outside of the range. */
  clipped: z.number(),
  /** Predicted signal to noise ratio of storing the values, in dB; null where nothing is lost. */
  sqnr: z.number().nullable(),
  /** The values whose statistics were used, where they are not the value itself. */
  sources: z.array(z.string()).optional(),
});

const move = z.strictObject({
  /** Value or constant whose fraction bits were changed; `channel` null: all of it. */
  name: z.string(),
  channel: z.int().nullable(),
  from: z.int(),
  to: z.int(),
  node: z.string(),
  constraint: z.string(),
});

const prediction = z.strictObject({
  /** Power of the noise at the outputs relative to their own, as far as rounding and clipping make it. */
  noise: z.number(),
  /** The same in dB; null without noise. */
  sqnr: z.number().nullable(),
  /** False where the statistics have no sensitivities: every noise then counts relative to its own value. */
  measured: z.boolean(),
});

/** What a rule costs: the predicted noise that goes when the rule goes, everything else being chosen anew. */
const price = z.strictObject({
  /** Relative to the power of the outputs, as that of the prediction. */
  noise: z.number().min(0),
  /** Gain of the predicted SQNR in dB; null where no noise is left. */
  sqnr: z.number().nullable(),
});

const rulePrice = price.extend({
  /** Of the profile, e.g. `windows.shiftCut.max 16 of Conv`. */
  rule: z.string(),
  /** SQNR of the outputs in dB with the rule and without it, measured by running; null where the outputs are exact. */
  measured: z
    .strictObject({ samples: z.int().min(1), with: z.number().nullable(), without: z.number().nullable() })
    .optional(),
});

/** Of all rules of one node. */
const nodePrice = price.extend({ node: z.string(), operator: z.string() });

const prices = z.strictObject({
  /** Every rule of the profile that can be lifted, the dearest first. */
  rules: z.array(rulePrice),
  /** The dearest nodes, the dearest first. */
  nodes: z.array(nodePrice),
});

const formatsSchema = z.strictObject({
  version: z.literal(1),
  /** SHA-256 of the model. */
  model: z.string(),
  /** Name of the hardware profile. */
  hardware: z.string(),
  conversions: z.strictObject({ rounding, overflow, scaling: scalingRule.optional() }),
  tensors: z.record(z.string(), format),
  constants: z.record(z.string(), format),
  nodes: z.record(z.string(), arithmetic),
  reasons: z.record(z.string(), reason),
  moves: z.array(move),
  prediction: prediction.optional(),
  prices: prices.optional(),
});

export type Reason = z.infer<typeof reason>;
export type Move = z.infer<typeof move>;
export type Prediction = z.infer<typeof prediction>;
export type Price = z.infer<typeof price>;
export type RulePrice = z.infer<typeof rulePrice>;
export type NodePrice = z.infer<typeof nodePrice>;
export type Prices = z.infer<typeof prices>;

/** What formats.json holds. */
export interface FormatsFile extends ModelFormats {
  readonly version: 1;
  readonly model: string;
  readonly hardware: string;
  readonly reasons: Readonly<Record<string, Reason>>;
  readonly moves: readonly Move[];
  /** What the assignment expects of the whole network; absent where formats were not assigned. */
  readonly prediction?: Prediction;
  /** What the rules of the profile cost; absent where formats were not assigned or prices not asked for. */
  readonly prices?: Prices;
}

/** Throws an InputError that lists what is wrong with the file, or a FormatError naming the tensor. */
export function readFormats(path: string): FormatsFile {
  const formats = parseJson(formatsSchema, readText(path), path);
  for (const table of [formats.tensors, formats.constants]) {
    for (const [name, entry] of Object.entries(table)) checkFormat(entry, `${path}: "${name}"`);
  }
  return formats;
}

export function writeFormats(path: string, formats: FormatsFile): void {
  writeFile(path, formatsJson(formats));
}

/** JSON with one line for each tensor, constant, node, reason and move. */
export function formatsJson(formats: FormatsFile): string {
  const sections = Object.entries(formats).map(
    ([key, value]) => `  ${JSON.stringify(key)}: ${section(value)}`,
  );
  return `{\n${sections.join(',\n')}\n}\n`;
}

function section(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const lines = Array.isArray(value)
    ? value.map((entry) => JSON.stringify(entry))
    : Object.entries(value).map(([key, entry]) => `${JSON.stringify(key)}: ${JSON.stringify(entry)}`);
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  return lines.length === 0 ? open + close : `${open}\n    ${lines.join(',\n    ')}\n  ${close}`;
}
