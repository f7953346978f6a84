/** Rules of the kernels that multiply or add up codes, and of softmax. */
import { doublingScaling, multiplierScaling } from '../compile/scaling.js';
import type { FixedMultiplier } from '../formats/fixed-multiplier.js';
import { floatAttribute, intAttribute } from '../graph/attributes.js';
import { plainAccumulator } from '../program/accumulator.js';
import { multiplierOf } from './fixed-point.js';
import { alignedSum, concatenated, meanOf, productMultipliers, softmaxOf, sumOf } from './given.js';
import {
  floatOperand,
  isNear,
  isSame,
  isSameType,
  mixedTypes,
  onPlainCodes,
  otherOutput,
  otherScales,
  type Rule,
  type Ruled,
} from './rule.js';
import { codeLimits } from './unary-codes.js';

const { fround } = Math;

/** MultiplyByQuantizedMultiplier of sums of 64 bits, or of 32. */
function requantized(multipliers: FixedMultiplier | readonly FixedMultiplier[], wide: boolean): Ruled {
  if (!wide) return { given: { kind: 'scaling', scaling: doublingScaling(multipliers) } };
  const scaling = multiplierScaling(multipliers, 15, 'halfTowardPositive');
  return { given: { kind: 'scaling', scaling }, biasBits: 64, accumulator: plainAccumulator(64) };
}

/** conv.cc, depthwise_conv.cc, transpose_conv.cc, fully_connected.cc. */
export const product: Rule = (node, [x, weights, bias], y) => {
  if (!x?.type || !weights?.table.quantization) return floatOperand;
  const { scales } = weights.table.quantization;
  const legacy = !x.type.signed || (node.operator === 'Gemm' && scales.length === 1);
  return requantized(productMultipliers(x.type, scales, y, legacy), bias?.table.type === 'int64');
};

/** batch_matmul.cc: 16-bit codes have 64-bit sums. */
export const matrixProduct: Rule = (_, [a, b], y) => {
  if (!a?.type || !b?.type) return floatOperand;
  if (!isSameType(a.type, y) || !isSameType(b.type, y) || !y.signed) return mixedTypes;
  return requantized(productMultipliers(a.type, [b.type.scale], y, true), y.bits === 16);
};

/** add.cc and sub.cc. */
export const sum: Rule = (node, [a, b], y) => {
  if (!a?.type || !b?.type) return floatOperand;
  if (!isSameType(a.type, y) || !isSameType(b.type, y)) return mixedTypes;
  if (y.bits !== 16 || intAttribute(node, 'pot_scale_int16', 1) === 0)
    return { given: sumOf(a.type, b.type, y) };
  const aligned = alignedSum(a.type, b.type, y);
  if (aligned === 'unaligned')
    return { refused: 'of powers of two, TFLite shifts one operand only, and only to the right' };
  return { given: aligned ?? sumOf(a.type, b.type, y) };
};

/** mul.cc. */
export const multiplication: Rule = (_, [a, b], y) => {
  if (!a?.type || !b?.type) return floatOperand;
  if (!isSameType(a.type, y) || !isSameType(b.type, y)) return mixedTypes;
  return requantized(multiplierOf(fround(fround(a.type.scale * b.type.scale) / y.scale)), false);
};

/** reference/integer_ops/pooling.h, reference/pooling.h. */
export const average: Rule = (_, [x], y) => {
  if (!x?.type || !isSame(x.type, y)) return otherScales;
  if (!y.signed) return { rounding: 'halfTowardPositive' };
  return y.zeroPoint === 0 ? {} : { given: { kind: 'codeAverage' } };
};

/** QuantizedMeanOrSum of reference/reduce.h. */
const reduction =
  (isMean: boolean): Rule =>
  (node, [x], y) => {
    if (!x?.type) return floatOperand;
    if (!isSameType(x.type, y)) return mixedTypes;
    if (!isMean) return requantized(multiplierOf(x.type.scale / y.scale), false);
    const count = intAttribute(node, 'elements', 0);
    return count > 0 ? { given: meanOf(x.type, y, count) } : { refused: 'there is nothing to average' };
  };

export const mean = reduction(true);
export const sumOfElements = reduction(false);

/** reference/concatenation.h: unsigned codes are converted in float32, of others the scales are equal. */
export const concatenation: Rule = (node, inputs, y) => {
  if (y.signed) return onPlainCodes(node, inputs, y);
  const types = inputs.map((input) => input?.type);
  if (types.some((type) => !type)) return floatOperand;
  if (types.some((type) => type && !isSameType(type, y))) return mixedTypes;
  return { conversions: types.map((type) => (type && !isSame(type, y) ? concatenated(type, y) : undefined)) };
};

/** The result has the scale of a share: 2^-8 in 8 bits, 2^-15 in 16. */
export const softmax: Rule = (node, [x], y) => {
  if (!x?.type) return floatOperand;
  const { low } = codeLimits(y);
  const fits = y.bits === 8 ? isNear(y.scale, 2 ** -8) && y.zeroPoint === low : isNear(y.scale, 2 ** -15);
  const narrows = x.type.bits === 16 && y.bits !== 16;
  const beta = floatAttribute(node, 'beta', 1);
  // TFLite demands that the multiplier is above 1.
  const tiny = x.type.bits === 8 && x.type.scale * beta <= 2 ** -26;
  return fits && !narrows && !tiny && beta > 0 ? { given: softmaxOf(x.type, beta) } : otherOutput;
};

/** QUANTIZE: from float32 a quantisation, from codes a conversion. */
export const conversion: Rule = (_, [x], y) => {
  if (!x?.type || isSame(x.type, y)) return {};
  return requantized(multiplierOf(x.type.scale / y.scale), false);
};
