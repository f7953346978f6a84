/**
 * Which cases must pass: a rule over operators and element types, in this order. A type that is outside puts a case
 * outside, then an operator that is; a case whose operators all stand in one group and whose types are those of the
 * group is inside; every other case is unknown.
 */
import type { ElementType } from '#src/graph/tensor.js';
import type { Outcome } from './kind.js';

interface Group<Name extends string = string> {
  readonly reason: string;
  readonly names: readonly Name[];
}

interface Inside extends Group {
  /** At least one input or output has one of these types ... */
  readonly computes: readonly ElementType[];
  /** ... and all others have one of them or of these: indices, shapes, conditions. */
  readonly beside: readonly ElementType[];
}

const words = (text: string): string[] => text.trim().split(/\s+/);

const outsideTypes: readonly Group<ElementType>[] = [
  {
    reason: 'FP8 and FP4 are not fixed point',
    names: ['float8e4m3fn', 'float8e4m3fnuz', 'float8e5m2', 'float8e5m2fnuz', 'float8e8m0', 'float4e2m1'],
  },
  { reason: 'strings', names: ['string'] },
  {
    reason: 'floating point types that no instruction computes in',
    names: ['float16', 'bfloat16', 'float64', 'complex64', 'complex128'],
  },
  { reason: '2-bit types', names: ['int2', 'uint2'] },
];

const outsideOperators: readonly Group[] = [
  { reason: 'control flow', names: words('If Loop Scan SequenceMap') },
  {
    reason: 'values that are not tensors',
    names: words(
      `SequenceAt SequenceConstruct SequenceEmpty SequenceErase SequenceInsert SequenceLength SplitToSequence
      ConcatFromSequence Optional OptionalGetElement OptionalHasElement`,
    ),
  },
  {
    reason: 'strings',
    names: words('StringConcat StringNormalizer StringSplit RegexFullMatch TfIdfVectorizer'),
  },
  {
    reason: 'training and losses',
    names: words('NegativeLogLikelihoodLoss SoftmaxCrossEntropyLoss ai.onnx.preview.training::*'),
  },
  {
    reason: 'FP8 and FP4 are not fixed point',
    names: words('onnx.brevitas::FloatQuant qonnx.custom_op.general::FloatQuant'),
  },
  { reason: 'classical machine learning', names: ['ai.onnx.ml::*'] },
  { reason: 'recurrent layers', names: words('RNN GRU LSTM CausalConvWithState') },
  {
    reason: 'attention as one operator',
    names: words('Attention LinearAttention RotaryEmbedding TensorScatter ai.onnx.preview::FlexAttention'),
  },
  {
    reason: 'random numbers',
    names: words('Bernoulli Multinomial RandomNormal RandomNormalLike RandomUniform RandomUniformLike'),
  },
  {
    reason: 'signals and decoding of images',
    names: words('BlackmanWindow DFT HammingWindow HannWindow ImageDecoder MelWeightMatrix STFT'),
  },
  {
    reason: 'after-treatment of detections, and sampling at computed places',
    names: words(
      `AffineGrid Col2Im Compress DeformConv GatherElements GatherND GridSample MaxRoiPool MaxUnpool
      NonMaxSuppression NonZero OneHot ReverseSequence RoiAlign Scatter ScatterElements ScatterND TopK Unique`,
    ),
  },
  {
    reason: 'functions that no instruction computes',
    names: words(
      `Acos Acosh Asin Asinh Atan Atanh Celu Cos Cosh Det Hardmax IsInf IsNaN Mish Round Shrink Sign Sin Sinh
      Softsign SwiGLU Swish Tan ThresholdedRelu RMSNormalization`,
    ),
  },
  {
    reason: 'operators that no instruction computes',
    names: words(
      `ArgMin BitCast BitwiseAnd BitwiseNot BitwiseOr BitwiseXor CastLike CenterCropPad CumProd CumSum Einsum
      EyeLike Mean ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceProd ReduceSumSquare Trilu Xor`,
    ),
  },
];

const inside: readonly Inside[] = [
  {
    reason: 'what float networks are made of, in float32',
    computes: ['float32'],
    beside: ['int32', 'int64', 'uint32', 'uint64', 'bool'],
    names: words(
      `Abs Add And ArgMax AveragePool BatchNormalization Cast Ceil Clip Concat Constant ConstantOfShape Conv
      ConvTranspose DepthToSpace Div Dropout Elu Equal Erf Exp Expand Flatten Floor Gather Gelu Gemm
      GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GroupNormalization HardSigmoid
      HardSwish Identity InstanceNormalization LRN LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax
      LpNormalization LpPool MatMul Max MaxPool MeanVarianceNormalization Min Mod Mul Neg Not Or PRelu Pad Pow
      Range Reciprocal ReduceMax ReduceMean ReduceMin ReduceSum Relu Reshape Resize Selu Shape Sigmoid Size Slice
      Softmax Softplus SpaceToDepth Split Sqrt Squeeze Sub Sum Tanh Tile Transpose Unsqueeze Upsample Where`,
    ),
  },
  { reason: 'truth values', computes: ['bool'], beside: [], names: words('And Not Or') },
  {
    reason: 'quantised operators of ONNX',
    computes: ['int4', 'uint4', 'int8', 'uint8', 'int16', 'uint16'],
    beside: ['float32', 'int32', 'int64'],
    names: words(
      `ConvInteger DequantizeLinear DynamicQuantizeLinear MatMulInteger QLinearConv QLinearMatMul QuantizeLinear`,
    ),
  },
  {
    reason: 'quantisation of QONNX',
    computes: ['float32'],
    beside: [],
    names: ['onnx.brevitas', 'finn.custom_op.general', 'qonnx.custom_op.general'].flatMap((domain) =>
      ['Quant', 'IntQuant', 'BipolarQuant', 'Trunc'].map((name) => `${domain}::${name}`),
    ),
  },
  {
    reason: 'shifts of unsigned integers',
    computes: ['uint8', 'uint16', 'uint32', 'uint64'],
    beside: [],
    names: ['BitShift'],
  },
];

/** Whole networks: the operators of several groups together. */
const networkNames = new Set(inside.flatMap(({ names }) => names));

/** The rule as Markdown. */
export function scopeTable(): string {
  const types = outsideTypes.map(
    ({ reason, names }) => `| outside | ${reason} | types ${names.join(', ')} |`,
  );
  const operators = outsideOperators.map(
    ({ reason, names }) => `| outside | ${reason} | ${names.join(', ')} |`,
  );
  const rows = inside.map(({ reason, computes, beside, names }) => {
    const others = beside.length > 0 ? `, beside ${beside.join(', ')}` : '';
    return `| inside | ${reason}: ${computes.join(', ')}${others} | ${names.join(', ')} |`;
  });
  return ['| | why | operators |', '| --- | --- | --- |', ...rows, ...types, ...operators].join('\n');
}

const matches = ({ names }: Group, name: string) =>
  names.includes(name) || names.includes(`${name.split('::')[0]}::*`);

/**
 * Undefined where a case is inside. `operators` are spelled `Conv` or `domain::Name`, `types` are those of the inputs
 * and outputs.
 */
export function judge(
  operators: readonly string[],
  types: readonly ElementType[],
): Extract<Outcome, { status: 'outside' | 'unknown' }> | undefined {
  for (const group of outsideTypes) {
    if (types.some((type) => matches(group, type))) return { status: 'outside', reason: group.reason };
  }
  for (const group of outsideOperators) {
    if (operators.some((name) => matches(group, name))) return { status: 'outside', reason: group.reason };
  }
  const known = operators.every((name) => networkNames.has(name));
  if (!known) {
    const strange = operators.filter((name) => !networkNames.has(name));
    return { status: 'unknown', reason: `operators without a rule: ${strange.join(', ')}` };
  }
  const groups = inside.filter((group) => operators.some((name) => matches(group, name)));
  const computes = groups.flatMap((group) => group.computes);
  const beside = groups.flatMap((group) => group.beside);
  const computed = types.some((type) => computes.includes(type));
  const fits = types.every((type) => computes.includes(type) || beside.includes(type));
  if (computed && fits) return undefined;
  return { status: 'outside', reason: 'arithmetic of float networks on integers' };
}
