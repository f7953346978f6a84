/**
 * The kernels' ABI: every export takes i32 addresses into the one imported memory and plain numbers; docs/kernels.md
 * describes them and src/execute/wasm/kernels.ts holds the table. Kernels own no memory.
 */
export {
  convolution_i16_i8_i32,
  convolution_i16_i16_i32,
  convolutionSums_i16_i8_i32,
  convolutionSums_i16_i16_i32,
} from './convolution';
export {
  convolution_i16_i16_i40,
  convolution_i16_i16_i64,
  convolutionSums_i16_i16_i64,
} from './convolution-segments';
export { convolutionBroad_i16_i16_i32 } from './convolution-broad';
export { convolutionRow_i16_i8_i32, convolutionRow_i16_i16_i32 } from './row';
export { convolution_f32_f32_f32, convolutionRow_f32_f32_f32 } from './convolution-float';
export {
  depthwise_i16_i16_i32,
  depthwise_i16_i16_i64,
  depthwiseSums_i16_i16_i32,
  depthwiseSums_i16_i16_i64,
} from './depthwise';
export { depthwise_i16_i16_i40 } from './depthwise-joined';
export { depthwise_f32_f32_f32 } from './depthwise-float';
export {
  winogradInput2_i16_i16,
  winogradInput4_i16_i16,
  winogradProduct_i16_i16_i32,
  winogradOutput2_i32_i16,
  winogradOutput4_i32_i16,
} from './winograd';
export {
  winogradInputLong_i16_i16,
  winogradExcess_i16_i32,
  winogradOutputLong_i32_i16,
} from './winograd-long';
export { packPairs_i8_i16, packPairs_i8_i8 } from './pack-pairs';
export { winogradWeights2_i8_i16, winogradWeights4_i8_i16, winogradWeightsLong_i8_i16 } from './winograd-weights';
export { depthwise3x3_i16_i16_i32, depthwise3x3Half_i16_i16_i32 } from './depthwise3';
export { depthwise3x3_i16_i16_i16, depthwise3x3Half_i16_i16_i16 } from './depthwise-short';
export {
  maxPool_i16_i16,
  maxPool_f32_f32,
  averagePool_i16_i64,
  averagePool_f32_f32,
  averagePoolSums_i16_i64,
} from './pool';
export {
  add_i16_i16_i32,
  add_i16_i16_i64,
  multiply_i16_i16_i32,
  multiply_i16_i16_i64,
  leakyRelu_i16_i16_i32,
  leakyRelu_i16_i16_i64,
  extremum_i16_i16_i16,
} from './code-pairs';
export {
  add_f32_f32_f32,
  multiply_f32_f32_f32,
  leakyRelu_f32_f32_f32,
  extremum_f32_f32_f32,
  divide_f32_f32_f32,
  equal_f32_f32_f32,
  notEqual_f32_f32_f32,
  less_f32_f32_f32,
  lessOrEqual_f32_f32_f32,
} from './float-pairs';
export { scaledPair_i16_i16_i16 } from './scaled-pair';
export {
  requantize_i16_i32,
  requantize_i16_i64,
  clamp_i16_i16,
  clamp_f32_f32,
  lookup_i16_i16,
} from './elementwise';
export {
  quantize_f32_i16,
  quantize_f32_i32,
  quantizeChecked_f32_i16,
  quantizeChecked_f32_i32,
  quantizeShift_f32_i16,
  dequantize_i16_f32,
  dequantize_i32_f32,
} from './quantize';
export {
  fill_i16_i16,
  fill_i32_i32,
  fill_f32_f32,
  move_i16_i16,
  move_f32_f32,
  transpose_i16_i16,
  transpose_f32_f32,
} from './move';
export { gather_i16_i16, gather_f32_f32 } from './gather';
export { matmul_f32_f32_f32, matmul_i16_i16_i32, matmulSums_i16_i16_i64, matmulWeights_i16_i32 } from './matmul';
export {
  reduce_f32_f32,
  reduce_i16_i16,
  reduceSums_i16_i64,
  reduceSums_i32_i64,
  argMax_i16_i16,
  argMax_i16_f32,
  argMax_f32_i16,
  argMax_f32_f32,
} from './reduce';
export {
  resample_i16_i16_i32,
  resample_i16_i16_i64,
  resample_f32_f32_f32,
  resampleSums_i16_i32_i64,
  resampleSums_i32_i32_i64,
} from './resample';
export {
  sigmoid_f32_f32,
  tanh_f32_f32,
  exp_f32_f32,
  hardSigmoid_f32_f32,
  hardSwish_f32_f32,
  negate_f32_f32,
  absolute_f32_f32,
} from './unary';
export { softmax_f32_f32, localResponseNormalization_f32_f32, normalize_f32_f32 } from './normalization';
export { softmaxNewton_i16_i16, softmaxTable_i16_i16 } from './softmax';
export {
  log_f32_f32,
  erf_f32_f32,
  softplus_f32_f32,
  gelu_f32_f32,
  geluTanh_f32_f32,
  elu_f32_f32,
  squareRoot_f32_f32,
  reciprocal_f32_f32,
  floor_f32_f32,
  ceiling_f32_f32,
  truncate_f32_f32,
  isZero_f32_f32,
  isNotZero_f32_f32,
} from './functions';
export { power_f32_f32_f32, select_f32_f32_f32 } from './selection';
export {
  rescale_i32_i16,
  rescale_i64_i16,
  rescale_i32_i32,
  rescale_i64_i32,
} from './rescale';
export { accumulate_i16_i32_i32, accumulate_i16_i32_i64 } from './accumulate';
export {
  addSums_i16_i16_i64,
  addSums_i32_i32_i64,
  multiplySums_i16_i16_i64,
  leakyReluSums_i16_i16_i64,
  requantizeSums_i16_i32,
  multiplySums_i16_i16_i32,
} from './sums';
export { addScaled_i16_i16_i16 } from './add-scaled';
export { rescaleLanes_i32_i16, rescaleLanes_i64_i16 } from './rescale-vector';
export { observe_f32_f64 } from './observe';
