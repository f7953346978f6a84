/** Which arithmetic TFLite's reference kernels have for the nodes of a graph on codes. */
import type { GivenArithmetic, NodeArithmetic } from '../compile/model-formats.js';
import { doublingScaling, multiplierScaling } from '../compile/scaling.js';
import { floatAttribute, intAttribute, intsAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import { plainAccumulator } from '../program/accumulator.js';
import type { TensorTable } from './file.js';
import { multiplierOf } from './fixed-point.js';
import { meanOf, productMultipliers, softmaxOf, sumOf, tableOf } from './given.js';
import {
  type CodeFunction,
  type CodeType,
  codeLimits,
  eluCodes,
  expCodes,
  hardSwishCodes,
  leakyRelu,
  limitCode,
  logisticCodes,
  rescaled,
  tanhCodes,
} from './unary-codes.js';

/** What is known of an operand: the tensor of the file that it holds, and its codes where it has one scale. */
export interface CodeMeaning {
  readonly table: TensorTable;
  readonly type: CodeType | null;
  readonly constant: boolean;
}

/** What a node has beside what all have in common, or why it cannot be computed. */
interface Ruled extends Partial<NodeArithmetic> {
  readonly refused?: string;
}

/** The rule of an operator: `inputs` are its operands on codes, `y` its output. */
type Rule = (node: Node, inputs: readonly (CodeMeaning | undefined)[], y: CodeType) => Ruled;

const { fround } = Math;

const isSame = (a: CodeType, b: CodeType) =>
  a.bits === b.bits && a.signed === b.signed && a.scale === b.scale && a.zeroPoint === b.zeroPoint;

/** Kernels that move codes, or compare them, without a look at what they mean. */
const onPlainCodes: Rule = (_, inputs, y) => {
  const others = inputs.filter((input) => input?.type && !isSame(input.type, y));
  if (others.length > 0) return { refused: 'operands and output have different scales' };
  return {};
};

const product: Rule = (node, [x, weights, bias], y) => {
  if (!x?.type || !weights?.table.quantization) return { refused: 'an operand is float32' };
  const { scales } = weights.table.quantization;
  const perChannel = scales.length > 1;
  const legacy = !x.type.signed || (node.operator === 'Gemm' && !perChannel);
  const multipliers = productMultipliers(x.type, scales, y, legacy);
  const wide = bias?.table.type === 'int64';
  const given: GivenArithmetic = {
    kind: 'scaling',
    scaling: wide ? multiplierScaling(multipliers, 15, 'halfTowardPositive') : doublingScaling(multipliers),
  };
  return wide ? { given, biasBits: 64, accumulator: plainAccumulator(64) } : { given };
};

const sum: Rule = (node, [a, b], y) => {
  if (!a?.type || !b?.type) return { refused: 'an operand is float32' };
  return { given: sumOf(a.type, b.type, y, intAttribute(node, 'pot_scale_int16', 1) !== 0) };
};

const multiplication: Rule = (_, [a, b], y) => {
  if (!a?.type || !b?.type) return { refused: 'an operand is float32' };
  const ratio = fround(fround(a.type.scale * b.type.scale) / y.scale);
  return { given: { kind: 'scaling', scaling: doublingScaling(multiplierOf(ratio)) } };
};

const average: Rule = (_, [x], y) => {
  if (!x?.type || !isSame(x.type, y)) return { refused: 'operands and output have different scales' };
  if (!y.signed) return { rounding: 'halfTowardPositive' };
  return y.zeroPoint === 0 ? {} : { given: { kind: 'codeAverage' } };
};

const mean: Rule = (node, [x], y) => {
  if (!x?.type) return { refused: 'an operand is float32' };
  const { shape } = x.table;
  const count = shape[1] * shape[2];
  if (intsAttribute(node, 'axes')?.join() !== '2,3' || shape.length !== 4 || count === 0)
    return { refused: 'only a mean over height and width is supported' };
  return { given: meanOf(x.type, y, count) };
};

/** A function of one variable as a table of all codes of at most 16 bits. */
function table(make: (x: CodeType, y: CodeType, node: Node) => CodeFunction | string): Rule {
  return (node, [x], y) => {
    if (!x?.type) return { refused: 'an operand is float32' };
    const fn = make(x.type, y, node);
    return typeof fn === 'string' ? { refused: fn } : { given: tableOf(x.type, y, fn) };
  };
}

/** RELU and its kin: rescaled, then limited to the codes of the limits. */
const limited = (low: number, high: number) =>
  table((x, y) => {
    const rescale = rescaled(x, y, fround(x.scale / y.scale));
    const [least, most] = [limitCode(low, y), limitCode(high, y)];
    return (code) => Math.min(Math.max(rescale(code), least), most);
  });

const clip: Rule = (node, inputs, y) =>
  limited(floatAttribute(node, 'min', -Infinity), floatAttribute(node, 'max', Infinity))(node, inputs, y);

const only8Bits = (make: (x: CodeType, y: CodeType) => CodeFunction) =>
  table((x, y) => (x.bits === 8 && y.bits === 8 ? make(x, y) : 'TFLite computes it on 8 bits only'));

/** The result has the scale of a share: 2^-8 in 8 bits, 2^-15 in 16. */
const softmax: Rule = (_, [x], y) => {
  if (!x?.type) return { refused: 'an operand is float32' };
  const { low } = codeLimits(y);
  const fits = y.bits === 8 ? y.scale === 2 ** -8 && y.zeroPoint === low : y.scale === 2 ** -15;
  const narrows = x.type.bits === 16 && y.bits !== 16;
  // TFLite demands that the multiplier is above 1.
  const tiny = x.type.bits === 8 && x.type.scale <= 2 ** -26;
  return fits && !narrows && !tiny
    ? { given: softmaxOf(x.type) }
    : { refused: 'TFLite computes it with another scale only' };
};

/** QUANTIZE: from float32 a quantisation, from codes a conversion. */
const identity: Rule = (_, [x], y) => {
  if (!x?.type || isSame(x.type, y)) return {};
  const scaling = doublingScaling(multiplierOf(x.type.scale / y.scale));
  return { given: { kind: 'scaling', scaling } };
};

const rules: Readonly<Record<string, Rule>> = {
  Add: sum,
  AveragePool: average,
  Clip: clip,
  Concat: onPlainCodes,
  Conv: product,
  ConvTranspose: product,
  DepthToSpace: onPlainCodes,
  Elu: only8Bits(eluCodes),
  Exp: only8Bits(expCodes),
  Gather: onPlainCodes,
  Gemm: product,
  HardSwish: only8Bits(hardSwishCodes),
  Identity: identity,
  LeakyRelu: table((x, y, node) => leakyRelu(x, y, floatAttribute(node, 'alpha', 0))),
  Max: onPlainCodes,
  MaxPool: onPlainCodes,
  Min: onPlainCodes,
  Mul: multiplication,
  Pad: onPlainCodes,
  ReduceMean: mean,
  Relu: limited(0, Number.POSITIVE_INFINITY),
  Reshape: onPlainCodes,
  Sigmoid: table(logisticCodes),
  Slice: onPlainCodes,
  Softmax: softmax,
  SpaceToDepth: onPlainCodes,
  Split: onPlainCodes,
  Squeeze: onPlainCodes,
  Sub: sum,
  Tanh: table(tanhCodes),
  Transpose: onPlainCodes,
  Unsqueeze: onPlainCodes,
};

/** The arithmetic of a node whose output is codes, or why there is none. */
export function findRule(node: Node, inputs: readonly (CodeMeaning | undefined)[], y: CodeType): Ruled {
  const rule = rules[node.operator];
  const wide = [y, ...inputs.map((input) => (input?.constant ? null : input?.type))];
  const isWide = (type: CodeType | null | undefined) => type && type.bits > 16;
  if (node.operator === 'Identity' && wide.some((type) => isWide(type) && type!.zeroPoint !== 0))
    return { refused: 'codes of more than 16 bits have a zero point' };
  if (node.operator !== 'Identity' && wide.some(isWide))
    return { refused: 'activations of more than 16 bits' };
  return rule === undefined
    ? { refused: 'no kernel of TFLite that computes it on codes is known here' }
    : rule(node, inputs, y);
}
