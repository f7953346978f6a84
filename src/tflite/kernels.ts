/** Which arithmetic TFLite's reference kernels have for the nodes of a graph on codes. */
import type { Node } from '../graph/graph.js';
import { interpolation } from './resize-codes.js';
import { type CodeMeaning, onPlainCodes, type Rule, type Ruled } from './rule.js';
import * as functions from './rules-functions.js';
import * as products from './rules-products.js';
import { type CodeType, eluCodes, expCodes } from './unary-codes.js';

const rules: Readonly<Record<string, Rule>> = {
  Abs: functions.absolute,
  Add: products.sum,
  AveragePool: products.average,
  Clip: functions.clip,
  Concat: products.concatenation,
  Conv: products.product,
  ConvTranspose: products.product,
  DepthToSpace: onPlainCodes,
  Elu: functions.only8Bits(eluCodes),
  Exp: functions.only8Bits(expCodes),
  Expand: onPlainCodes,
  Gather: onPlainCodes,
  Gemm: products.product,
  HardSwish: functions.hardSwish,
  Identity: products.conversion,
  LeakyRelu: functions.leaky,
  Log: functions.logarithm,
  MatMul: products.matrixProduct,
  Max: onPlainCodes,
  MaxPool: onPlainCodes,
  Min: onPlainCodes,
  Mul: products.multiplication,
  Neg: functions.negated,
  PRelu: functions.slopes,
  Pad: onPlainCodes,
  ReduceMax: onPlainCodes,
  ReduceMean: products.mean,
  ReduceMin: onPlainCodes,
  ReduceSum: products.sumOfElements,
  Relu: functions.relu,
  Reshape: onPlainCodes,
  Resize: interpolation,
  Sigmoid: functions.logistic,
  Slice: onPlainCodes,
  Softmax: products.softmax,
  SpaceToDepth: onPlainCodes,
  Split: onPlainCodes,
  Sqrt: functions.root,
  Squeeze: onPlainCodes,
  Sub: products.sum,
  Tanh: functions.tanh,
  Tile: onPlainCodes,
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
