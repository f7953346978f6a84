/** What the readers need of TFLite's schema.fbs: the numbers of operators and element types, and the fields of options. */
import { ModelError } from '../errors.js';
import type { ElementType } from '../graph/tensor.js';
import type { Table } from './flatbuffer.js';

/** BuiltinOperator, in the order of its numbers. */
const operatorNames = `
  ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE EMBEDDING_LOOKUP
  FLOOR FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D LOCAL_RESPONSE_NORMALIZATION LOGISTIC
  LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX
  SPACE_TO_DEPTH SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD
  UNIDIRECTIONAL_SEQUENCE_RNN GATHER BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE
  UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX
  DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM ARG_MAX MINIMUM LESS NEG PADV2 GREATER
  GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV SPARSE_TO_DENSE TILE EXPAND_DIMS EQUAL
  NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD REDUCE_MAX PACK LOGICAL_OR ONE_HOT
  LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD RANGE
  RESIZE_NEAREST_NEIGHBOR LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2
  ADD_N GATHER_ND COS WHERE RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND
  HARD_SWISH IF WHILE NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY
  SEGMENT_SUM BATCH_MATMUL PLACEHOLDER CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG REAL COMPLEX_ABS
  HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL CONV_3D_TRANSPOSE VAR_HANDLE
  READ_VARIABLE ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM MULTINOMIAL
  GELU DYNAMIC_UPDATE_SLICE RELU_0_TO_1 UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM
  ATAN2 UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR RIGHT_SHIFT
`
  .trim()
  .split(/\s+/);

/** Name of a builtin operator; those that are newer than the list go by their number. */
export function operatorName(code: number): string {
  return operatorNames[code] ?? `BUILTIN_${code}`;
}

/** TensorType, in the order of its numbers; types that dynafix does not know are left out. */
export const elementTypes: readonly (ElementType | undefined)[] = [
  'float32',
  'float16',
  'int32',
  'uint8',
  'int64',
  'string',
  'bool',
  'int16',
  'complex64',
  'int8',
  'float64',
  'complex128',
  'uint64',
  undefined,
  undefined,
  'uint32',
  'uint16',
  'int4',
  'bfloat16',
  'int2',
];

/** A field of an options table: its position, how it is stored and its default. */
export interface Field {
  readonly position: number;
  readonly kind: 'byte' | 'int' | 'float';
  readonly otherwise: number;
}

/** The options of an operator: the number of its table in the union BuiltinOptions, and the fields that are read. */
export interface OptionsLayout {
  readonly union: number;
  readonly fields: Readonly<Record<string, Field>>;
}

const byte = (position: number, otherwise = 0): Field => ({ position, kind: 'byte', otherwise });
const int = (position: number, otherwise = 0): Field => ({ position, kind: 'int', otherwise });
const float = (position: number, otherwise = 0): Field => ({ position, kind: 'float', otherwise });

export const layouts = {
  conv2d: {
    union: 1,
    fields: {
      padding: byte(0),
      strideWidth: int(1),
      strideHeight: int(2),
      activation: byte(3),
      dilationWidth: int(4, 1),
      dilationHeight: int(5, 1),
    },
  },
  depthwiseConv2d: {
    union: 2,
    fields: {
      padding: byte(0),
      strideWidth: int(1),
      strideHeight: int(2),
      activation: byte(4),
      dilationWidth: int(5, 1),
      dilationHeight: int(6, 1),
    },
  },
  pool2d: {
    union: 5,
    fields: {
      padding: byte(0),
      strideWidth: int(1),
      strideHeight: int(2),
      filterWidth: int(3),
      filterHeight: int(4),
      activation: byte(5),
    },
  },
  fullyConnected: {
    union: 8,
    fields: { activation: byte(0), weightsFormat: byte(1), keepDimensions: byte(2) },
  },
  softmax: { union: 9, fields: { beta: float(0) } },
  concatenation: { union: 10, fields: { axis: int(0), activation: byte(1) } },
  add: { union: 11, fields: { activation: byte(0), powerOfTwoInt16: byte(1, 1) } },
  l2Normalization: { union: 12, fields: { activation: byte(0) } },
  localResponseNormalization: {
    union: 13,
    fields: { radius: int(0), bias: float(1), alpha: float(2), beta: float(3) },
  },
  resizeBilinear: { union: 15, fields: { alignCorners: byte(2), halfPixelCenters: byte(3) } },
  reshape: { union: 17, fields: {} },
  spaceToDepth: { union: 19, fields: { blockSize: int(0) } },
  mul: { union: 21, fields: { activation: byte(0) } },
  gather: { union: 23, fields: { axis: int(0), batchDimensions: int(1) } },
  reducer: { union: 27, fields: { keepDimensions: byte(0) } },
  sub: { union: 28, fields: { activation: byte(0), powerOfTwoInt16: byte(1, 1) } },
  div: { union: 29, fields: { activation: byte(0) } },
  squeeze: { union: 30, fields: {} },
  stridedSlice: {
    union: 32,
    fields: {
      beginMask: int(0),
      endMask: int(1),
      ellipsisMask: int(2),
      newAxisMask: int(3),
      shrinkAxisMask: int(4),
      offset: byte(5),
    },
  },
  split: { union: 35, fields: { parts: int(0) } },
  transposeConv: {
    union: 49,
    fields: { padding: byte(0), strideWidth: int(1), strideHeight: int(2), activation: byte(3) },
  },
  pack: { union: 59, fields: { count: int(0), axis: int(1) } },
  unpack: { union: 64, fields: { count: int(0), axis: int(1) } },
  resizeNearest: { union: 74, fields: { alignCorners: byte(0), halfPixelCenters: byte(1) } },
  leakyRelu: { union: 75, fields: { alpha: float(0) } },
  mirrorPad: { union: 77, fields: { mode: byte(0) } },
  splitV: { union: 79, fields: { parts: int(0) } },
  batchMatmul: { union: 101, fields: { transposeLeft: byte(0), transposeRight: byte(1) } },
  depthToSpace: { union: 94, fields: { blockSize: int(0) } },
} as const satisfies Record<string, OptionsLayout>;

/** The fields of an operator's options; defaults where it has none. Throws a ModelError where they are of another operator. */
export function readOptions<L extends OptionsLayout>(
  { union, fields }: L,
  options: { readonly union: number; readonly table: Table | undefined },
  where: string,
): Record<keyof L['fields'], number> {
  const { table } = options;
  if (table !== undefined && options.union !== union)
    throw new ModelError({
      where,
      what: 'has the options of another operator',
      expected: `${union}`,
      got: `${options.union}`,
    });
  const values = Object.entries(fields).map(([name, { position, kind, otherwise }]) => [
    name,
    table === undefined ? otherwise : table[kind](position, otherwise),
  ]);
  return Object.fromEntries(values);
}
