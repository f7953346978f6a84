/** The operators that dynafix knows, by the name that ONNX gives them. */
import type { Node } from '../graph/graph.js';
import { argMax } from './arg-max.js';
import { add, div, max, min, mod, mul, pow, sub, sum } from './arithmetic.js';
import { batchNormalization } from './batch-normalization.js';
import { cast } from './cast.js';
import { clip, relu } from './clip.js';
import { and, equal, greater, greaterOrEqual, less, lessOrEqual, not, or } from './comparison.js';
import { concat } from './concat.js';
import { constant, constantOfShape, range } from './constant.js';
import { abs, ceil, floor, neg, sqrt } from './constant-functions.js';
import { conv } from './conv.js';
import { convTranspose } from './conv-transpose.js';
import { depthToSpace, spaceToDepth } from './depth-to-space.js';
import { expand, tile, where } from './expand.js';
import { gather } from './gather.js';
import { gemm } from './gemm.js';
import { globalAveragePool, globalLpPool, globalMaxPool } from './global-pool.js';
import { dropout, identity } from './identity.js';
import {
  groupNormalization,
  instanceNormalization,
  layerNormalization,
  meanVarianceNormalization,
} from './layer-normalization.js';
import { leakyRelu, pRelu } from './leaky-relu.js';
import { matMul } from './mat-mul.js';
import { logSoftmax, lpNormalization, lrn, softmax } from './normalization.js';
import type { Operator } from './operator.js';
import { pad } from './pad.js';
import { averagePool, lpPool, maxPool } from './pool.js';
import { qonnxOperators } from './qonnx.js';
import { quantizedOperators } from './quantized.js';
import { reduceMax, reduceMean, reduceMin, reduceProd, reduceSum } from './reduce.js';
import { flatten, reshape, squeeze, unsqueeze } from './reshape.js';
import { resize, upsample } from './resize.js';
import { shape, size } from './shape.js';
import { slice, split } from './slice.js';
import { transpose } from './transpose.js';
import {
  elu,
  erf,
  exp,
  gelu,
  hardSigmoid,
  hardSwish,
  log,
  reciprocal,
  selu,
  sigmoid,
  softplus,
  tanh,
} from './unary.js';

const all: readonly Operator[] = [
  abs,
  add,
  and,
  argMax,
  averagePool,
  batchNormalization,
  cast,
  ceil,
  clip,
  concat,
  constant,
  constantOfShape,
  conv,
  convTranspose,
  depthToSpace,
  div,
  dropout,
  elu,
  equal,
  erf,
  exp,
  expand,
  flatten,
  floor,
  gather,
  gelu,
  gemm,
  globalAveragePool,
  globalLpPool,
  globalMaxPool,
  greater,
  greaterOrEqual,
  groupNormalization,
  hardSigmoid,
  hardSwish,
  identity,
  instanceNormalization,
  layerNormalization,
  leakyRelu,
  less,
  lessOrEqual,
  log,
  logSoftmax,
  lpNormalization,
  lpPool,
  lrn,
  matMul,
  max,
  maxPool,
  meanVarianceNormalization,
  min,
  mod,
  mul,
  neg,
  not,
  or,
  pad,
  pow,
  pRelu,
  range,
  reciprocal,
  reduceMax,
  reduceMean,
  reduceMin,
  reduceProd,
  reduceSum,
  relu,
  reshape,
  resize,
  selu,
  shape,
  sigmoid,
  size,
  slice,
  softmax,
  softplus,
  spaceToDepth,
  split,
  sqrt,
  squeeze,
  sub,
  sum,
  tanh,
  tile,
  transpose,
  unsqueeze,
  upsample,
  where,
];

/** By full name; a name that is missing here is not supported. */
export const operators: ReadonlyMap<string, Operator> = new Map(
  [...all, ...quantizedOperators, ...qonnxOperators].map((operator) => {
    const { name, domain = '' } = operator;
    return [fullName({ operator: name, domain }), operator];
  }),
);

/** `Conv` in ai.onnx, `com.microsoft::QGemm` elsewhere. */
export function fullName({ domain, operator }: Pick<Node, 'domain' | 'operator'>): string {
  return domain === '' ? operator : `${domain}::${operator}`;
}

/** What is known of a node's operator; undefined where it is not supported. */
export function operatorOf(node: Pick<Node, 'domain' | 'operator'>): Operator | undefined {
  return operators.get(fullName(node));
}
