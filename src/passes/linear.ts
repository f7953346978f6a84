/**
 * Nodes that are linear per output channel, and per-channel scales and offsets moved into their weights. Products are
 * taken in float64 and rounded once to float32.
 */
import { floatAttribute, intAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import type { Patch, RewriteContext } from '../graph/rewrite.js';
import { float32, type Tensor } from '../graph/tensor.js';
import { derivedName, newConstants } from './new-constants.js';

/** y = scale * x + offset for each channel (ONNX axis 1) of the value named `input`, in float64. */
export interface ChannelAffine {
  readonly input: string;
  readonly scale: Float64Array;
  readonly offset: Float64Array;
  /** The constant that alone is the offset, where there is one. */
  readonly offsetName?: string;
}

/** What a BatchNormalization in inference computes; undefined where its parameters are not constant float32. */
export function readBatchNormalization(node: Node, context: RewriteContext): ChannelAffine | undefined {
  if (node.operator !== 'BatchNormalization' || node.domain !== '') return undefined;
  if (intAttribute(node, 'training_mode', 0) !== 0 || intAttribute(node, 'spatial', 1) !== 1)
    return undefined;
  if (node.outputs.slice(1).some((name) => name !== '')) return undefined;
  const [input, ...names] = node.inputs;
  const channels = context.type(input)?.shape[1];
  const parameters = names.map((name) => context.constant(name));
  if (channels === undefined || parameters.length !== 4) return undefined;
  const values = parameters.map((tensor) => tensor && perChannel(tensor, [channels], 0));
  const [gamma, beta, mean, variance] = values;
  if (!gamma || !beta || !mean || !variance) return undefined;
  const epsilon = floatAttribute(node, 'epsilon', 1e-5);
  const scale = gamma.map((value, channel) => value / Math.sqrt(variance[channel] + epsilon));
  const offset = beta.map((value, channel) => value - mean[channel] * scale[channel]);
  return finite({ input, scale, offset });
}

/** What an Add, Sub, Mul or Div with a constant that is one number or one per channel computes. */
export function readElementwise(node: Node, context: RewriteContext): ChannelAffine | undefined {
  if (!['Add', 'Sub', 'Mul', 'Div'].includes(node.operator) || node.domain !== '') return undefined;
  if (node.inputs.length !== 2 || node.clamp !== undefined) return undefined;
  const constantAt = node.inputs.findIndex((name) => context.constant(name) !== undefined);
  if (constantAt < 0) return undefined;
  const input = node.inputs[1 - constantAt];
  const shape = context.type(input)?.shape;
  if (shape === undefined || shape.length < 2) return undefined;
  const values = perChannel(context.constant(node.inputs[constantAt])!, shape, 1);
  if (values === undefined) return undefined;
  const ones = values.map(() => 1);
  const zeros = values.map(() => 0);
  switch (node.operator) {
    case 'Add':
      return finite({ input, scale: ones, offset: values, offsetName: node.inputs[constantAt] });
    case 'Sub':
      return constantAt === 1
        ? finite({ input, scale: ones, offset: values.map((value) => -value) })
        : finite({ input, scale: ones.map(() => -1), offset: values });
    case 'Mul':
      return finite({ input, scale: values, offset: zeros });
    default:
      return constantAt === 1
        ? finite({ input, scale: values.map((value) => 1 / value), offset: zeros })
        : undefined;
  }
}

function finite(affine: ChannelAffine): ChannelAffine | undefined {
  return affine.scale.every(Number.isFinite) && affine.offset.every(Number.isFinite) ? affine : undefined;
}

/**
 * The elements of a float32 tensor along one axis of `shape`, to which it broadcasts without enlarging it; undefined
 * where it varies along another axis. One number is repeated.
 */
function perChannel(tensor: Tensor, shape: readonly number[], axis: number): Float64Array | undefined {
  if (tensor.type !== 'float32' || tensor.shape.length > shape.length) return undefined;
  const padding = shape.length - tensor.shape.length;
  const fits = tensor.shape.every(
    (size, index) => size === 1 || (index + padding === axis && size === shape[axis]),
  );
  if (!fits) return undefined;
  const data = tensor.data as Float32Array;
  return data.length === 1 ? new Float64Array(shape[axis]).fill(data[0]) : Float64Array.from(data);
}

/** True for a Conv or a normalised Gemm with constant weights (outputs first) and bias and no activation. */
export function isLinear(node: Node, context: RewriteContext): boolean {
  if (node.domain !== '' || node.clamp !== undefined) return false;
  if (node.operator !== 'Conv' && !isNormalGemm(node, context)) return false;
  const isFloat = (name: string) => context.constant(name)?.type === 'float32';
  const [, weights, bias = ''] = node.inputs;
  return weights !== undefined && isFloat(weights) && (bias === '' || isFloat(bias));
}

/** True where Gemm means x * W^T + bias with W [N, K] and bias [N] constant. */
export function isNormalGemm(node: Node, context: Pick<RewriteContext, 'constant'>): boolean {
  if (node.operator !== 'Gemm' || node.domain !== '') return false;
  const weights = context.constant(node.inputs[1]);
  const bias = node.inputs[2] ? context.constant(node.inputs[2]) : undefined;
  return (
    weights?.shape.length === 2 &&
    (!node.inputs[2] || (bias?.shape.length === 1 && bias.shape[0] === weights.shape[0])) &&
    intAttribute(node, 'transA', 0) === 0 &&
    intAttribute(node, 'transB', 0) === 1 &&
    floatAttribute(node, 'alpha', 1) === 1 &&
    floatAttribute(node, 'beta', 1) === 1
  );
}

/** Replaces `node`, which computes `affine` of the output of `linear`, by `linear` with other weights and bias. */
export function foldAffineAfter(
  node: Node,
  linear: Node,
  { scale, offset, offsetName }: ChannelAffine,
  context: RewriteContext,
): Patch | undefined {
  const [input, weightsName, biasName = ''] = linear.inputs;
  const weights = context.constant(weightsName)!;
  const channels = scale.length;
  if (weights.shape[0] !== channels) return undefined;
  const { constants, define } = newConstants(context);

  let newWeights = weightsName;
  if (scale.some((value) => value !== 1))
    newWeights = define(derivedName(weightsName), scaleOutputs(weights, scale));
  const oldBias = context.constant(biasName)?.data as Float32Array | undefined;
  const bias = offset.map((value, channel) => (oldBias?.[channel] ?? 0) * scale[channel] + value);
  const source = biasName || offsetName;
  const isWhole = biasName === '' && context.constant(offsetName ?? '')?.shape.join() === `${channels}`;
  const newBias = isWhole
    ? offsetName!
    : define(source === undefined ? `${node.name}/bias` : derivedName(source), float32([channels], bias));
  return {
    what: `folded into ${linear.operator} "${linear.name}"`,
    nodes: [{ ...linear, name: node.name, outputs: node.outputs, inputs: [input, newWeights, newBias] }],
    constants,
  };
}

/** Weights whose first axis is the outputs, each output times its scale. */
function scaleOutputs({ shape, data: old }: Tensor, scale: Float64Array): Tensor {
  const weights = old as Float32Array;
  const data = new Float32Array(weights.length);
  const perOutput = weights.length / scale.length;
  for (let output = 0, i = 0; output < scale.length; output++) {
    const factor = scale[output];
    for (const end = i + perOutput; i < end; i++) data[i] = weights[i] * factor;
  }
  return { type: 'float32', shape, data };
}
