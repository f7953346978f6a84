/** The operators of quantised models, by themselves because they are not computed as such: src/lift replaces them. */
import { bitShift } from './bit-shift.js';
import { dynamicQuantizeLinear } from './dynamic-quantize-linear.js';
import type { Operator } from './operator.js';
import { dequantizeLinear, quantizeLinear } from './quantize-linear.js';
import {
  qLinearAdd,
  qLinearAveragePool,
  qLinearConcat,
  qLinearGlobalAveragePool,
  qLinearLeakyRelu,
  qLinearMul,
  qLinearSigmoid,
} from './quantized-elementwise.js';
import { convInteger, matMulInteger, qGemm, qLinearConv, qLinearMatMul } from './quantized-products.js';

export const quantizedOperators: readonly Operator[] = [
  bitShift,
  convInteger,
  dequantizeLinear,
  dynamicQuantizeLinear,
  matMulInteger,
  qGemm,
  qLinearAdd,
  qLinearAveragePool,
  qLinearConcat,
  qLinearConv,
  qLinearGlobalAveragePool,
  qLinearLeakyRelu,
  qLinearMatMul,
  qLinearMul,
  qLinearSigmoid,
  quantizeLinear,
];
