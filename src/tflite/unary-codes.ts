/**
 * Functions of one variable as TFLite's reference kernels compute them on codes. Each gives the exact code for one code;
 * the compiler makes tables of them.
 */
import { exp64, log64, tanh64 } from '../execute/oracle/elementary.js';
import { cutMultiplier } from '../formats/fixed-multiplier.js';
import { roundReal, roundShift } from '../formats/rounding.js';
import { dividePowerOfTwo, inputRadius, logistic, multiplierOf, multiply, tanh } from './fixed-point.js';
import { logistic16, tanh16 } from './lookup-tables.js';

/** Width, scale and zero point of a tensor of codes. */
export interface CodeType {
  readonly bits: number;
  readonly signed: boolean;
  /** A float32. */
  readonly scale: number;
  readonly zeroPoint: number;
}

export type CodeFunction = (code: number) => number;

const { fround } = Math;
const round = (value: number) => roundReal(value, 'halfAwayFromZero');

export function codeLimits({ bits, signed }: Pick<CodeType, 'bits' | 'signed'>) {
  const low = signed ? -(2 ** (bits - 1)) : 0;
  return { low, high: low + 2 ** bits - 1 };
}

function clampTo(type: CodeType): CodeFunction {
  const { low, high } = codeLimits(type);
  return (code) => Math.min(Math.max(code, low), high);
}

/** The code of a real limit of a fused activation: zero point + round(limit / scale) in float32. */
export function limitCode(limit: number, type: CodeType): number {
  return clampTo(type)(type.zeroPoint + round(fround(limit / type.scale)));
}

/** QUANTIZE between codes, and RELU and its kin, whose multiplier comes from a float32 quotient. */
export function rescaled(from: CodeType, to: CodeType, ratio: number): CodeFunction {
  const multiplier = multiplierOf(ratio);
  const clamp = clampTo(to);
  return (code) => clamp(to.zeroPoint + multiply(code - from.zeroPoint, multiplier));
}

export function leakyRelu(from: CodeType, to: CodeType, alpha: number): CodeFunction {
  const identity = multiplierOf(fround(from.scale / to.scale));
  const slope = multiplierOf(fround(fround(from.scale * fround(alpha)) / to.scale));
  const clamp = clampTo(to);
  return (code) => {
    const x = code - from.zeroPoint;
    return clamp(to.zeroPoint + multiply(x, x >= 0 ? identity : slope));
  };
}

/** The kernels of 8-bit functions without an integer definition: float32 at every step. */
function byFloat(from: CodeType, to: CodeType, fn: (x: number) => number): CodeFunction {
  const inverse = fround(1 / to.scale);
  const clamp = clampTo(to);
  return (code) => {
    const transformed = fround(fn(fround(from.scale * (code - from.zeroPoint))));
    return clamp(fround(round(fround(transformed * inverse)) + to.zeroPoint));
  };
}

/** Signed 8-bit LOGISTIC and TANH: fixed point with 4 integer bits; the ends of the range beyond their radius. */
function byFixedPoint(
  from: CodeType,
  to: CodeType,
  fn: (x: number, integerBits: number) => number,
  fractionBits: number,
  offset: number,
): CodeFunction {
  const multiplier = multiplierOf(from.scale * 2 ** 27);
  const radius = inputRadius(4, multiplier.shift);
  const clamp = clampTo(to);
  return (code) => {
    const x = code - from.zeroPoint;
    if (x <= -radius) return clamp(-Infinity);
    if (x >= radius) return clamp(Infinity);
    return clamp(dividePowerOfTwo(fn(multiply(x, multiplier), 4), 31 - fractionBits) + offset);
  };
}

export function logisticCodes(from: CodeType, to: CodeType): CodeFunction {
  if (from.bits === 16) return logistic16(from.scale);
  if (!from.signed) return byFloat(from, to, (x) => 1 / fround(1 + fround(exp64(-x))));
  return byFixedPoint(from, to, logistic, 8, -128);
}

export function tanhCodes(from: CodeType, to: CodeType): CodeFunction {
  if (from.bits === 16) return tanh16(from.scale);
  if (!from.signed) return byFloat(from, to, tanh64);
  return byFixedPoint(from, to, tanh, 7, 0);
}

export function eluCodes(from: CodeType, to: CodeType): CodeFunction {
  return byFloat(from, to, (x) => (x < 0 ? fround(exp64(x)) - 1 : x));
}

export function expCodes(from: CodeType, to: CodeType): CodeFunction {
  return byFloat(from, to, exp64);
}

/** The logarithm of what is not above 0 is the smallest code. */
export function logCodes(from: CodeType, to: CodeType): CodeFunction {
  const least = fround(fround(codeLimits(to).low - to.zeroPoint) * to.scale);
  return byFloat(from, to, (x) => (x <= 0 ? least : log64(x)));
}

/** ABS: with equal scales without a multiplication. */
export function absoluteCodes(from: CodeType, to: CodeType): CodeFunction {
  const multiplier = multiplierOf(fround(from.scale / to.scale));
  const clamp = clampTo(to);
  return (code) => {
    const x = Math.abs(code - from.zeroPoint);
    return clamp(to.zeroPoint + (from.scale === to.scale ? x : multiply(x, multiplier)));
  };
}

/** NEG: the negative of the smallest code is the smallest code. */
export function negatedCodes(type: CodeType): CodeFunction {
  const { low } = codeLimits(type);
  return (code) => (code === low ? low : 0 - code);
}

/** SQRT of codes from the zero point on, in float32 and cut to an integer. */
export function rootCodes(from: CodeType, to: CodeType): CodeFunction {
  const clamp = clampTo(to);
  return (code) => {
    const root = fround(Math.sqrt(fround(from.scale * (code - from.zeroPoint))));
    return clamp(Math.trunc(fround(root / to.scale)) + to.zeroPoint);
  };
}

const clamp16 = (value: number) => Math.min(Math.max(value, -32768), 32767);

/** SaturatingRoundingDoublingHighMul of 16-bit integers: a * b / 2^15, rounded, ties up. */
function saturatingHighProduct16(a: number, b: number): number {
  return Math.min(roundShift(a * b, 15, 'halfTowardPositive'), 32767);
}

/** HARD_SWISH on 8 bits, in 16-bit fixed point. Undefined where the output's scale is too fine for the kernel. */
export function hardSwishCodes(from: CodeType, to: CodeType): CodeFunction | undefined {
  const fine = fround(from.scale / 128);
  const output = multiplierOf(fround(fine / to.scale));
  const gate = multiplierOf(fround(fine / fround(3 / 32768)));
  if (output.shift > 0) return undefined;
  const [outputMultiplier, gateMultiplier] = [output, gate].map(({ value }) => cutMultiplier(value, 15));
  const clamp = clampTo(to);
  return (code) => {
    const x = (code - from.zeroPoint) * 128;
    const scaled = saturatingHighProduct16(x, outputMultiplier);
    let open = x;
    if (gate.shift > 0) open = clamp16(open * 2 ** (gate.shift - 1));
    open = saturatingHighProduct16(open, gateMultiplier);
    if (gate.shift > 0) open = clamp16(open * 2);
    if (gate.shift < 0) open = dividePowerOfTwo(open, -gate.shift);
    open = (open + 32768) >> 1;
    const product = roundShift(open * scaled, 15, 'towardZero');
    return clamp(dividePowerOfTwo(product, -output.shift) + to.zeroPoint);
  };
}
