/** Docs/arithmetic.md sections 2 to 4 once more, over fractions of unlimited size: what executors are compared with. */
import type { NamedRounding, Overflow, Rounding } from '#src/formats/rounding.js';
import type { Accumulator, Scaling } from '#src/program/instructions.js';

const floor = (n: bigint, d: bigint) => n / d - (n % d !== 0n && n < 0n ? 1n : 0n);
const ceiling = (n: bigint, d: bigint) => -floor(-n, d);

/** A fraction with a positive denominator, by the formula of the rounding. */
export function roundFraction(numerator: bigint, denominator: bigint, rounding: NamedRounding): bigint {
  const sign = numerator < 0n ? -1n : 1n;
  const magnitude = sign * numerator;
  const [twice, unit] = [2n * numerator, 2n * denominator];
  const up = floor(twice + denominator, unit);
  const down = ceiling(twice - denominator, unit);
  const even = down % 2n === 0n ? down : up;
  switch (rounding) {
    case 'floor':
      return floor(numerator, denominator);
    case 'ceiling':
      return ceiling(numerator, denominator);
    case 'towardZero':
      return sign * floor(magnitude, denominator);
    case 'awayFromZero':
      return sign * ceiling(magnitude, denominator);
    case 'halfEven':
      return even;
    case 'halfTowardPositive':
      return up;
    case 'halfTowardNegative':
      return down;
    case 'halfAwayFromZero':
      return sign * floor(2n * magnitude + denominator, unit);
    case 'halfTowardZero':
      return sign * ceiling(2n * magnitude - denominator, unit);
    case 'halfEvenPositiveHalfUpNegative':
      return numerator < 0n ? up : even;
  }
}

/** The element at hand is the first of its tensor: u of a stochastic rounding, times 2^32, for a seed. */
function firstBits(seed: bigint): bigint {
  const mask = 0xffffffffn;
  let bits = (seed + 0x9e3779b9n) & mask;
  bits = ((bits ^ (bits >> 16n)) * 0x85ebca6bn) & mask;
  bits = ((bits ^ (bits >> 13n)) * 0xc2b2ae35n) & mask;
  return bits ^ (bits >> 16n);
}

function round(numerator: bigint, denominator: bigint, rounding: Rounding): bigint {
  const seed = /\d+/.exec(rounding)?.[0];
  if (seed === undefined) return roundFraction(numerator, denominator, rounding as NamedRounding);
  const unit = 2n ** 32n;
  return floor(numerator * unit + firstBits(BigInt(seed)) * denominator, denominator * unit);
}

export class Trapped extends Error {}

/** Brings an integer into `bits` bits, signed. */
export function overflowed(value: bigint, bits: number, overflow: Overflow): bigint {
  const high = 2n ** BigInt(bits - 1) - 1n;
  const low = overflow === 'saturateSymmetric' ? -high : -high - 1n;
  if (value >= low && value <= high) return value;
  if (overflow === 'trap') throw new Trapped();
  if (overflow === 'wrap') return BigInt.asIntN(bits, value);
  return value < low ? low : high;
}

/** Products in the order of the loop nest, one channel after the other. */
export function accumulated(products: readonly bigint[], bias: bigint, accumulator: Accumulator): bigint {
  const { bits, overflow, productsPerStep, treeBits, partialSum } = accumulator;
  let register = accumulator.bias === 'first' ? overflowed(bias, bits, overflow) : 0n;
  const steps = Math.ceil(products.length / productsPerStep);
  for (let step = 0; step < steps; step++) {
    let sum = products
      .slice(step * productsPerStep, (step + 1) * productsPerStep)
      .reduce((total, product) => total + product, 0n);
    if (treeBits !== 0) sum = overflowed(sum, treeBits, overflow);
    register = overflowed(register + sum, bits, overflow);
    if (partialSum === null || step + 1 === steps || (step + 1) % partialSum.every !== 0) continue;
    const unit = 2n ** BigInt(Math.max(0, bits - partialSum.bits));
    const stored = round(register, unit, partialSum.rounding);
    register = overflowed(stored, partialSum.bits, partialSum.overflow) * unit;
  }
  return accumulator.bias === 'last' ? overflowed(register + bias, bits, overflow) : register;
}

/** One scaling of an integer below 2^24, which every float32 holds. */
export function scaled(value: bigint, scaling: Scaling): bigint {
  const power = (exponent: number) => 2n ** BigInt(exponent);
  const byShift = (numerator: bigint, shift: number, rounding: Rounding) =>
    round(numerator * power(Math.max(-shift, 0)), power(Math.max(shift, 0)), rounding);
  switch (scaling.style) {
    case 'shift':
      return byShift(value, scaling.shift as number, scaling.rounding);
    case 'multiplier':
      return byShift(value * BigInt(scaling.multiplier as number), scaling.shift as number, scaling.rounding);
    case 'doubling': {
      const shift = scaling.shift as number;
      const left = value * power(Math.max(-shift, 0));
      if (left !== BigInt.asIntN(32, left)) throw new Trapped();
      const high = roundFraction(
        left * BigInt(scaling.multiplier as number),
        power(31),
        'halfTowardPositive',
      );
      return roundFraction(high, power(Math.max(shift, 0)), 'halfAwayFromZero');
    }
    case 'scale': {
      const product = Math.fround(Number(value) * (scaling.scale as number));
      return round(BigInt(product * 2 ** 40), power(40), scaling.rounding);
    }
    case 'division':
      return round(value, BigInt(scaling.divisor as number), scaling.rounding);
  }
}
