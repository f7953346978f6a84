/**
 * The kernels of assembly/ and the names of their arguments, in order. docs/kernels.md explains names and arguments.
 * To add a kernel, export it from assembly/index.ts and add its row here.
 */
/** Windows of pixels, by a table of taps. */
const pixelwise = [
  'x',
  'y',
  'table',
  'weights',
  'blocks',
  'layer',
  'padding',
  'pixels',
  'channels',
  'yStride',
] as const;
const convolution = [...pixelwise, 'turns', 'taps'] as const;
const convolutionSegments = [...pixelwise, 'panelBytes', 'taps'] as const;
const convolutionTiles = [...convolution, 'spare'] as const;
const accumulate = [
  'x',
  'y',
  'offsets',
  'weights',
  'biases',
  'plan',
  'zero',
  'spread',
  'rows',
  'columns',
  'rowStep',
  'columnStep',
  'channels',
  'yStride',
  'first',
] as const;
const rescale = ['x', 'y', 'layer', 'selectors', 'period', 'inner', 'first', 'length'] as const;
const vectors = ['x', 'y', 'layer', 'blocks', 'pixels', 'channels'] as const;
const depthwise = [...pixelwise, 'taps'] as const;
/** Rows that a window of 3 x 3 slides along. */
const slidingRows = ['padding', 'height', 'width', 'columns', 'left', 'channels', 'stride'] as const;
const depthwise3x3 = ['x', 'y', 'rows', 'weights', 'blocks', 'layer', ...slidingRows] as const;
const depthwise3x3Short = ['x', 'y', 'rows', 'records', 'limits', ...slidingRows] as const;
const winogradInput = [
  'x',
  'y',
  'table',
  'scratch',
  'tiles',
  'channels',
  'xRow',
  'xStride',
  'plane',
] as const;
const winogradInputLong = [
  'x',
  'y',
  'list',
  'table',
  'scratch',
  'tiles',
  'channels',
  'xRow',
  'xStride',
  'plane',
  'weightPlane',
  'sumPlane',
] as const;
const winogradWeights = ['x', 'y', 'outputs', 'channels', 'turns', 'plane', 'scratch'] as const;
const packPairs = ['x', 'y', 'outputs', 'depth', 'width'] as const;
const winogradProduct = [
  'x',
  'y',
  'weights',
  'positions',
  'tiles',
  'panels',
  'turns',
  'xStride',
  'xPlane',
  'yPlane',
] as const;
const winogradOutput = [
  'x',
  'y',
  'table',
  'blocks',
  'layer',
  'scratch',
  'tiles',
  'channels',
  'plane',
  'yRow',
  'yStride',
] as const;
const pool = ['x', 'y', 'table', 'padding', 'pixels', 'channels', 'yStride', 'taps'] as const;
const average = [...pool, 'selectors'] as const;
const broadcast = ['rows', 'length', 'aRow', 'bRow', 'aStep', 'bStep'] as const;
const binary = ['a', 'b', 'y', 'layer', 'block', ...broadcast] as const;
const binaryWide = ['a', 'b', 'y', 'records', 'channels', 'aShift', 'bShift', 'sign', ...broadcast] as const;
const binaryReal = ['a', 'b', 'y', 'low', 'high', 'sign', ...broadcast] as const;
const pair = ['a', 'b', 'y', ...broadcast] as const;
const extremum = ['a', 'b', 'y', 'largest', ...broadcast] as const;
const scales = ['aZero', 'bZero', 'aScale', 'bScale', 'offset', 'low', 'high'] as const;
const scaledPair = ['a', 'b', 'y', 'product', ...scales, ...broadcast] as const;
const gather = ['x', 'y', 'table', 'outer', 'count', 'run', 'xOuter'] as const;
const resample = ['x', 'y', 'table', 'weights', 'outer', 'count', 'inner', 'xOuter'] as const;
const quantize = ['x', 'y', 'steps', 'channels', 'inner', 'single', 'rounding'] as const;
const dequantize = ['x', 'y', 'steps', 'channels', 'inner', 'length'] as const;
const zeros = ['aZero', 'bZero', 'aShift'] as const;
const addSums = [
  'a',
  'b',
  'y',
  ...zeros,
  'bShift',
  'sign',
  'aRecord',
  'bRecord',
  ...broadcast,
  'first',
] as const;
const reduceSums = ['x', 'y', 'zero', 'outer', 'length', 'inner'] as const;
const argMax = ['x', 'y', 'outer', 'length', 'inner', 'last', 'base'] as const;
const matmul = ['rows', 'depth', 'columns'] as const;
const move = ['x', 'y', 'n0', 'n1', 'n2', 'n3', 'x0', 'x1', 'x2', 'x3', 'y0', 'y1', 'y2', 'y3'] as const;
const transpose = ['x', 'y', 'rows', 'columns'] as const;
const fill = ['y', 'value', 'length'] as const;
const clamp = ['x', 'y', 'low', 'high', 'length'] as const;
const unary = ['x', 'y', 'length', 'alpha', 'beta'] as const;
const countSums = ['x', 'blocks', 'pixels', 'channels', 'counters'] as const;
const compare = ['x', 'reference', 'steps', 'channels', 'inner', 'sums', 'length'] as const;

export const kernels = {
  convolution_i16_i8_i32: convolution,
  convolution_i16_i16_i32: convolution,
  convolutionBroad_i16_i16_i32: convolution,
  convolution_i16_i16_i40: convolutionSegments,
  convolution_i16_i16_i64: convolutionSegments,
  convolution_f32_f32_f32: convolution,
  convolutionTiles_i16_i8_i32: convolutionTiles,
  convolutionTiles_i16_i16_i32: convolutionTiles,
  convolutionTiles_u8_i8_i32: convolutionTiles,
  convolutionQuads_u8_i8_i32: convolution,
  convolutionDots_u8_i8_i32: convolution,
  narrow_i16_u8: ['x', 'y', 'length'],
  convolutionSums_i16_i8_i32: convolution,
  convolutionSums_i16_i16_i32: convolution,
  convolutionSums_i16_i16_i64: convolutionSegments,
  accumulate_i16_i32_i32: accumulate,
  accumulate_i16_i32_i64: accumulate,
  accumulateCounted_i16_i32_i64: [...accumulate, 'counters'],
  convolutionRow_i16_i8_i32: convolution,
  convolutionRow_i16_i16_i32: convolution,
  convolutionRow_f32_f32_f32: convolution,
  depthwise_i16_i16_i32: depthwise,
  packPairs_i8_i16: packPairs,
  packPairs_i8_i8: packPairs,
  winogradWeights2_i8_i16: winogradWeights,
  winogradWeights4_i8_i16: winogradWeights,
  winogradInput2_i16_i16: winogradInput,
  winogradInput4_i16_i16: winogradInput,
  winogradProduct_i16_i16_i32: winogradProduct,
  winogradOutput2_i32_i16: winogradOutput,
  winogradOutput4_i32_i16: winogradOutput,
  winogradWeightsLong_i8_i16: winogradWeights,
  winogradInputLong_i16_i16: winogradInputLong,
  winogradExcess_i16_i32: ['y', 'weights', 'list', 'panels', 'panel', 'yPanel'],
  winogradOutputLong_i32_i16: winogradOutput,
  depthwise3x3_i16_i16_i32: depthwise3x3,
  depthwise3x3Half_i16_i16_i32: depthwise3x3,
  depthwise3x3_i16_i16_i16: depthwise3x3Short,
  depthwise3x3Half_i16_i16_i16: depthwise3x3Short,
  depthwise_i16_i16_i40: depthwise,
  depthwise_i16_i16_i64: depthwise,
  depthwise_f32_f32_f32: depthwise,
  depthwiseSums_i16_i16_i32: depthwise,
  depthwiseSums_i16_i16_i64: depthwise,
  rescale_i32_i16: rescale,
  rescale_i64_i16: rescale,
  rescale_i32_i32: rescale,
  rescale_i64_i32: rescale,
  rescaleLanes_i32_i16: vectors,
  rescaleLanes_i64_i16: vectors,
  countSums_i32: countSums,
  countSums_i64: countSums,
  rescaleCounted_i32_i16: [...rescale, 'counters'],
  rescaleCounted_i64_i16: [...rescale, 'counters'],
  rescaleCounted_i32_i32: [...rescale, 'counters'],
  rescaleCounted_i64_i32: [...rescale, 'counters'],
  maxPool_i16_i16: pool,
  maxPool_f32_f32: pool,
  averagePool_i16_i64: average,
  averagePool_f32_f32: average,
  averagePoolSums_i16_i64: [...pool, 'zeros'],
  add_i16_i16_i32: binary,
  add_i16_i16_i64: binaryWide,
  add_f32_f32_f32: binaryReal,
  multiply_i16_i16_i32: binary,
  multiply_i16_i16_i64: binaryWide,
  multiply_f32_f32_f32: binaryReal,
  leakyRelu_i16_i16_i32: binary,
  leakyRelu_i16_i16_i64: binaryWide,
  leakyRelu_f32_f32_f32: binaryReal,
  divide_f32_f32_f32: pair,
  power_f32_f32_f32: pair,
  equal_f32_f32_f32: pair,
  notEqual_f32_f32_f32: pair,
  less_f32_f32_f32: pair,
  lessOrEqual_f32_f32_f32: pair,
  select_f32_f32_f32: [
    'condition',
    'a',
    'b',
    'y',
    'rows',
    'length',
    'conditionRow',
    'aRow',
    'bRow',
    'conditionStep',
    'aStep',
    'bStep',
  ],
  extremum_i16_i16_i16: extremum,
  extremum_f32_f32_f32: extremum,
  scaledPair_i16_i16_i16: scaledPair,
  addScaled_i16_i16_i16: ['a', 'b', 'y', 'records', ...broadcast],
  requantize_i16_i32: ['x', 'y', 'layer', 'block', 'length'],
  requantize_i16_i64: ['x', 'y', 'records', 'channels', 'length'],
  multiplySums_i16_i16_i32: ['a', 'b', 'y', ...zeros, ...broadcast],
  requantizeSums_i16_i32: ['x', 'y', 'zeros', 'period', 'inner', 'first', 'length'],
  addSums_i16_i16_i64: addSums,
  addSums_i32_i32_i64: addSums,
  multiplySums_i16_i16_i64: ['a', 'b', 'y', ...zeros, ...broadcast],
  leakyReluSums_i16_i16_i64: ['a', 'b', 'y', ...zeros, ...broadcast],
  clamp_i16_i16: clamp,
  clamp_f32_f32: clamp,
  lookup_i16_i16: ['x', 'y', 'table', 'length'],
  quantize_f32_i16: [...quantize, 'length'],
  quantize_f32_i32: [...quantize, 'length'],
  quantizeChecked_f32_i16: [...quantize, 'seed', 'overflow', 'length'],
  quantizeChecked_f32_i32: [...quantize, 'seed', 'overflow', 'length'],
  quantizeShift_f32_i16: ['x', 'y', 'scale', 'low', 'high', 'length'],
  dequantize_i16_f32: dequantize,
  dequantize_i32_f32: dequantize,
  fill_i16_i16: fill,
  fill_i32_i32: fill,
  fill_f32_f32: fill,
  move_i16_i16: move,
  move_f32_f32: move,
  gather_i16_i16: gather,
  gather_f32_f32: gather,
  resample_i16_i16_i32: [...resample, 'pairs', 'layer', 'block'],
  resample_i16_i16_i64: [...resample, 'pairs', 'records', 'channels'],
  resampleSums_i16_i32_i64: ['x', 'y', 'table', 'weights', 'count', 'inner', 'taps', 'zero'],
  resampleSums_i32_i32_i64: ['x', 'y', 'table', 'weights', 'count', 'inner', 'taps', 'zero'],
  resample_f32_f32_f32: [...resample, 'taps'],
  transpose_i16_i16: transpose,
  transpose_f32_f32: transpose,
  sigmoid_f32_f32: unary,
  tanh_f32_f32: unary,
  exp_f32_f32: unary,
  hardSigmoid_f32_f32: unary,
  hardSwish_f32_f32: unary,
  negate_f32_f32: unary,
  absolute_f32_f32: unary,
  log_f32_f32: unary,
  erf_f32_f32: unary,
  softplus_f32_f32: unary,
  gelu_f32_f32: unary,
  geluTanh_f32_f32: unary,
  elu_f32_f32: unary,
  squareRoot_f32_f32: unary,
  reciprocal_f32_f32: unary,
  floor_f32_f32: unary,
  ceiling_f32_f32: unary,
  truncate_f32_f32: unary,
  isZero_f32_f32: unary,
  isNotZero_f32_f32: unary,
  reduce_f32_f32: ['x', 'y', 'kind', 'outer', 'length', 'inner'],
  reduce_i16_i16: ['x', 'y', 'kind', 'outer', 'length', 'inner'],
  reduceSums_i16_i64: reduceSums,
  reduceSums_i32_i64: reduceSums,
  argMax_i16_i16: argMax,
  argMax_i16_f32: argMax,
  argMax_f32_i16: argMax,
  argMax_f32_f32: argMax,
  matmul_f32_f32_f32: ['a', 'b', 'y', ...matmul],
  matmul_i16_i16_i32: ['a', 'b', 'y', ...matmul, 'layer', 'block'],
  matmulSums_i16_i16_i64: ['a', 'b', 'y', 'aZero', 'bZero', ...matmul],
  matmulWeights_i16_i32: ['b', 'y', 'rows', 'products', 'columns', 'zero'],
  softmax_f32_f32: ['x', 'y', 'outer', 'length', 'inner'],
  softmaxNewton_i16_i16: ['x', 'y', 'outer', 'length', 'inner', 'exponentials', 'bits', 'low', 'high'],
  softmaxTable_i16_i16: [
    'x',
    'y',
    'outer',
    'length',
    'inner',
    'exponentials',
    'reciprocals',
    'offset',
    'high',
  ],
  normalize_f32_f32: ['x', 'y', 'lines', 'length', 'epsilon', 'result'],
  compare_i16_f32: compare,
  compare_i32_f32: compare,
  compare_f32_f32: compare,
  observe_f32_f64: ['x', 'state', 'scratch', 'rows', 'channels'],
  localResponseNormalization_f32_f32: ['x', 'y', 'lines', 'channels', 'size', 'factor', 'beta', 'bias'],
} as const;

export type Kernel = keyof typeof kernels;
export type ArgumentName<K extends Kernel> = (typeof kernels)[K][number];
