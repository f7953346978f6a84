/** From formats to the numbers of a scaling: one rule per convention, docs/arithmetic.md section 4.2. */
import { FormatError } from '../errors.js';
import { cutMultiplier, type FixedMultiplier, quantizeMultiplier } from '../formats/fixed-multiplier.js';
import { at, type Format, formatText, stepSize } from '../formats/format.js';
import { type Rounding, roundReal } from '../formats/rounding.js';
import type { PerChannel, Scaling } from '../program/instructions.js';

/** How a hardware's multiplication by a real scale is made from that scale. */
export type ScalingRule =
  /** Scales are powers of two. */
  | { readonly style: 'shift' }
  /** An integer of `bits` bits (at most 31) and a shift; one rounding. Below 31 bits the multiplier is cut from that of 31. */
  | { readonly style: 'multiplier'; readonly bits: number }
  /** A 31-bit multiplier and a shift as TFLite and gemmlowp use them; two roundings. */
  | { readonly style: 'doubling' }
  /** One float32. */
  | { readonly style: 'scale' }
  /** Averages as exact quotients, between equal scales. */
  | { readonly style: 'division' };

/** 1 / count as multiplier * 2^-shift. */
export interface Reciprocal {
  readonly count: number;
  readonly multiplier: number;
  readonly shift: number;
}

/** The real scales of the operands that multiply each other, over that of the result. */
export interface ScaleRatio {
  readonly operands: readonly Format[];
  readonly result: Format;
  /** How many codes were added up to be averaged; default 1. */
  readonly divisor?: number;
  /** What a hardware with powers of two takes for 1 / divisor; default: the nearest with 16 bits. */
  readonly reciprocals?: readonly Reciprocal[];
}

/**
 * The scaling that turns products of codes of the operands into codes of the result, per channel where a format is. Throws
 * a FormatError naming `where` for scales that the rule cannot express.
 */
export function createScaling(
  rule: ScalingRule,
  rounding: Rounding,
  ratio: ScaleRatio,
  where: string,
): Scaling {
  const { operands, result, divisor = 1 } = ratio;
  const perChannel = <T>(compute: (channel: number) => T): T | T[] => {
    const channels = channelCount([...operands, result]);
    return channels === undefined
      ? compute(0)
      : Array.from({ length: channels }, (_, channel) => compute(channel));
  };
  const refuse = (expected: string, channel: number): never => {
    const got = [...operands, result].map(formatText).join(', ');
    throw new FormatError({
      where: `"${where}"`,
      what: `the scales of channel ${channel} do not fit`,
      expected,
      got,
    });
  };
  const real = (channel: number) =>
    operands.reduce((product, format) => product * stepSize(format, channel), 1) /
    (stepSize(result, channel) * divisor);
  switch (rule.style) {
    case 'shift': {
      const given = ratio.reciprocals?.find(({ count }) => count === divisor);
      const { multiplier, shift: scaled } = given ?? nearestReciprocal(divisor);
      const shift = perChannel((channel) => {
        if ([...operands, result].some((format) => at(format.mantissa, channel) !== 1))
          refuse('powers of two', channel);
        const position = operands.reduce((sum, format) => sum + at(format.fractionBits, channel), 0);
        return position - at(result.fractionBits, channel) + scaled;
      });
      return multiplier === 1
        ? { style: 'shift', shift, rounding }
        : { style: 'multiplier', multiplier, shift, rounding };
    }
    case 'multiplier':
    case 'doubling': {
      const multipliers = perChannel((channel) => quantizeMultiplier(real(channel)));
      return ruleScaling(rule, multipliers, rounding);
    }
    case 'scale':
      return {
        style: 'scale',
        scale: perChannel((channel) => {
          const steps = operands.map((format) => Math.fround(stepSize(format, channel)));
          const product = steps.reduce((a, b) => Math.fround(a * b), 1);
          const scale = Math.fround(product / Math.fround(stepSize(result, channel) * divisor));
          return scale > 0 && Number.isFinite(scale) ? scale : refuse('a ratio that float32 holds', channel);
        }),
        rounding,
      };
    case 'division': {
      const [operand] = operands;
      const same = operands.length === 1 && stepSize(operand) === stepSize(result);
      if (!same) refuse('one operand with the scale of the result', 0);
      return { style: 'division', divisor, rounding };
    }
  }
}

/** How a sum of two operands with scales of their own is computed. */
export interface SumScaling {
  readonly shifts: readonly [number, number];
  readonly scalings: readonly [Scaling, Scaling] | null;
  readonly output: Scaling;
}

/** Bits by which TFLite's kernels shift the operands of a sum to the left: 20 for codes of 8 bits, 15 for wider ones. */
const sumShift = (bits: number) => (bits <= 8 ? 20 : 15);

/**
 * The scalings of a sum. By shifts, the operands are aligned exactly; with multipliers, as TFLite does it, both are
 * brought to half the step of the coarser one, `sumShift` bits finer. Throws a FormatError naming `where` for scales that the rule cannot
 * express.
 */
export function createSumScaling(
  rule: ScalingRule,
  rounding: Rounding,
  operands: readonly [Format, Format],
  result: Format,
  where: string,
): SumScaling {
  const [a, b] = operands;
  if (rule.style === 'shift') {
    const common = Math.max(at(a.fractionBits, 0), at(b.fractionBits, 0));
    const finer = at(a.fractionBits, 0) === common ? a : b;
    const output = createScaling(rule, rounding, { operands: [finer], result }, where);
    for (const format of operands) createScaling(rule, rounding, { operands: [format], result }, where);
    return {
      shifts: [common - at(a.fractionBits, 0), common - at(b.fractionBits, 0)],
      scalings: null,
      output,
    };
  }
  if (rule.style === 'scale' || rule.style === 'division')
    throw new FormatError({
      where: `"${where}"`,
      what: 'the style of scaling does not fit a sum',
      expected: 'shift, multiplier or doubling',
      got: rule.style,
    });
  const shift = sumShift(result.bits);
  const coarse = 2 * Math.max(stepSize(a), stepSize(b));
  const scaled = (real: number) => ruleScaling(rule, quantizeMultiplier(real), rounding);
  return {
    shifts: [shift, shift],
    scalings: [scaled(stepSize(a) / coarse), scaled(stepSize(b) / coarse)],
    output: scaled(coarse / (2 ** shift * stepSize(result))),
  };
}

/** 1 / count with a multiplier of 16 bits: nearest, ties to even, in lowest terms. Exact for powers of two. */
export function nearestReciprocal(count: number): Reciprocal {
  let shift = 15 + 32 - Math.clz32(count - 1);
  let multiplier = roundReal(2 ** shift / count, 'halfEven');
  for (; multiplier % 2 === 0; multiplier /= 2) shift--;
  return { count, multiplier, shift };
}

/** Number of channels of formats that have scales per channel; undefined where all have one for the whole tensor. */
export function channelCount(formats: readonly Format[]): number | undefined {
  const fields = formats.flatMap(({ fractionBits, mantissa }) => [fractionBits, mantissa]);
  return fields.find((field) => typeof field !== 'number')?.length;
}

type FixedMultipliers = FixedMultiplier | readonly FixedMultiplier[];

function ruleScaling(
  rule: Extract<ScalingRule, { style: 'multiplier' | 'doubling' }>,
  multipliers: FixedMultipliers,
  rounding: Rounding,
): Scaling {
  return rule.style === 'doubling'
    ? doublingScaling(multipliers)
    : multiplierScaling(multipliers, rule.bits, rounding);
}

/** The scaling with these multipliers that rounds twice, as TFLite and gemmlowp do. */
export function doublingScaling(multipliers: FixedMultipliers): Scaling {
  return {
    style: 'doubling',
    multiplier: perMultiplier(multipliers, ({ value }) => value),
    shift: perMultiplier(multipliers, ({ shift }) => 0 - shift),
  };
}

/** The scaling with these multipliers, cut to `bits` bits, that rounds once. */
export function multiplierScaling(multipliers: FixedMultipliers, bits: number, rounding: Rounding): Scaling {
  return {
    style: 'multiplier',
    multiplier: perMultiplier(multipliers, ({ value }) => cutMultiplier(value, bits)),
    shift: perMultiplier(multipliers, ({ shift }) => bits - shift),
    rounding,
  };
}

function perMultiplier(
  multipliers: FixedMultipliers,
  number: (multiplier: FixedMultiplier) => number,
): PerChannel {
  return 'value' in multipliers ? number(multipliers) : multipliers.map(number);
}
