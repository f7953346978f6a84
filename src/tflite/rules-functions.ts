/** Rules of the kernels that compute a function of one code, most of them as tables. */
import { floatAttribute } from '../graph/attributes.js';
import { slopesOf } from './given.js';
import { floatOperand, isNear, isSame, isSameType, mixedTypes, type Rule, table } from './rule.js';
import {
  absoluteCodes,
  type CodeFunction,
  type CodeType,
  codeLimits,
  hardSwishCodes,
  leakyRelu,
  limitCode,
  logCodes,
  logisticCodes,
  negatedCodes,
  rescaled,
  rootCodes,
  tanhCodes,
} from './unary-codes.js';

const { fround } = Math;
const otherScale = 'TFLite computes it with another scale only';
const negativeCodes = 'TFLite computes it of codes from the zero point on';

/** RELU and its kin: rescaled, then limited to the codes of the limits. */
const limited = (low: number, high: number): Rule =>
  table((x, y) => {
    const rescale = rescaled(x, y, fround(x.scale / y.scale));
    const [least, most] = [limitCode(low, y), limitCode(high, y)];
    return (code) => Math.min(Math.max(rescale(code), least), most);
  });

export const relu = limited(0, Number.POSITIVE_INFINITY);

export const clip: Rule = (node, inputs, y) =>
  limited(floatAttribute(node, 'min', -Infinity), floatAttribute(node, 'max', Infinity))(node, inputs, y);

export const only8Bits = (make: (x: CodeType, y: CodeType) => CodeFunction | string): Rule =>
  table((x, y) => (y.bits === 8 ? make(x, y) : 'TFLite computes it on 8 bits only'));

const onlySigned = (make: (x: CodeType, y: CodeType) => CodeFunction | string): Rule =>
  table((x, y) => (y.signed ? make(x, y) : 'TFLite computes it on signed codes only'));

/** The output has the scale and zero point that the kernel takes for granted. */
const isShare = (y: CodeType, scale: number, zeroPoint: number) =>
  isNear(y.scale, scale) && y.zeroPoint === zeroPoint;

export const logistic: Rule = table((x, y) => {
  const [scale, zero] = y.bits === 16 ? [2 ** -15, 0] : [2 ** -8, codeLimits(y).low];
  return isShare(y, scale, zero) ? logisticCodes(x, y) : otherScale;
});

export const tanh: Rule = table((x, y) =>
  !y.signed || isShare(y, 2 ** (1 - y.bits), 0) ? tanhCodes(x, y) : otherScale,
);

export const hardSwish: Rule = only8Bits((x, y) => hardSwishCodes(x, y) ?? otherScale);

export const leaky: Rule = table((x, y, node) => leakyRelu(x, y, floatAttribute(node, 'alpha', 0)));

export const absolute: Rule = onlySigned(absoluteCodes);

/** neg.cc negates codes, whatever their scale. */
export const negated: Rule = onlySigned((x, y) =>
  isSame(x, y) && y.zeroPoint === 0 ? negatedCodes(y) : otherScale,
);

export const logarithm: Rule = only8Bits((x, y) => (y.signed ? logCodes(x, y) : 'TFLite has no such kernel'));

/** SqrtEvalQuantized of elementwise.cc. */
export const root: Rule = onlySigned((x, y) =>
  x.zeroPoint === codeLimits(x).low ? rootCodes(x, y) : negativeCodes,
);

/** reference/prelu.h. */
export const slopes: Rule = (_, [x, alpha], y) => {
  if (!x?.type || !alpha?.type) return floatOperand;
  if (!isSameType(x.type, y) || !isSameType(alpha.type, y)) return mixedTypes;
  return y.bits === 8
    ? { given: slopesOf(x.type, alpha.type, y) }
    : { refused: 'TFLite computes it on 8 bits only' };
};
