/**
 * Replaces a BatchNormalization that follows no Conv or Gemm: over an image or a signal by a depthwise 1x1 Conv; over
 * a vector by changed weights of the Gemm that alone reads it, else by Mul and Add.
 */
import { int, ints } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import type { Patch, RewriteContext, Rule } from '../graph/rewrite.js';
import { float32 } from '../graph/tensor.js';
import { type ChannelAffine, isLinear, readBatchNormalization } from './linear.js';
import { derivedName, newConstants } from './new-constants.js';

export const replaceBatchNorm: Rule = (node, context) => {
  if (node.operator === 'Gemm') return foldIntoGemmAfter(node, context);
  const affine = readBatchNormalization(node, context);
  const rank = affine && context.type(affine.input)?.shape.length;
  if (affine === undefined || rank === undefined) return undefined;
  if (rank === 3 || rank === 4) return depthwise(node, affine, rank, context);
  if (rank !== 2 || foldsIntoReader(node, context)) return undefined;
  return multiplyAdd(node, affine, context);
};

function depthwise(
  node: Node,
  { input, scale, offset }: ChannelAffine,
  rank: number,
  context: RewriteContext,
): Patch {
  const channels = scale.length;
  const kernel = Array.from({ length: rank - 2 }, () => 1);
  const { constants, define } = newConstants(context);
  const weights = define(`${node.name}/weights`, float32([channels, 1, ...kernel], scale));
  const bias = define(`${node.name}/bias`, float32([channels], offset));
  return {
    what: 'replaced by a depthwise Conv',
    constants,
    nodes: [
      {
        name: node.name,
        operator: 'Conv',
        domain: '',
        inputs: [input, weights, bias],
        outputs: [node.outputs[0]],
        attributes: {
          group: int(channels),
          kernel_shape: ints(kernel),
        },
      },
    ],
  };
}

function multiplyAdd(node: Node, { input, scale, offset }: ChannelAffine, context: RewriteContext): Patch {
  const product = context.freshName(`${node.name}/product`);
  const { constants, define } = newConstants(context);
  const scaleName = define(`${node.name}/scale`, float32([scale.length], scale));
  const offsetName = define(`${node.name}/offset`, float32([offset.length], offset));
  const binary = { domain: '', attributes: {} };
  return {
    what: 'replaced by Mul and Add',
    constants,
    nodes: [
      { ...binary, name: product, operator: 'Mul', inputs: [input, scaleName], outputs: [product] },
      {
        ...binary,
        name: node.name,
        operator: 'Add',
        inputs: [product, offsetName],
        outputs: [node.outputs[0]],
      },
    ],
  };
}

function foldsIntoReader(node: Node, context: RewriteContext): boolean {
  const [output] = node.outputs;
  const readers = context.consumers(output);
  return readers.length === 1 && !context.isOutput(output) && isFoldableGemm(readers[0], output, context);
}

function isFoldableGemm(node: Node, input: string, context: RewriteContext): boolean {
  return node.operator === 'Gemm' && node.inputs[0] === input && isLinear(node, context);
}

/** W (s * x + t) + b = (W * s) x + (W t + b) */
function foldIntoGemmAfter(gemm: Node, context: RewriteContext): Patch | undefined {
  const before = context.soleProducer(gemm.inputs[0]);
  if (before === undefined || !isFoldableGemm(gemm, before.outputs[0], context)) return undefined;
  const affine = readBatchNormalization(before, context);
  if (affine === undefined) return undefined;
  const [, weightsName, biasName = ''] = gemm.inputs;
  const weights = context.constant(weightsName)!;
  const [outputs, inputs] = weights.shape;
  if (affine.scale.length !== inputs) return undefined;
  const old = weights.data as Float32Array;
  const oldBias = context.constant(biasName)?.data as Float32Array | undefined;
  const bias = Array.from({ length: outputs }, (_, row) => {
    let sum = oldBias?.[row] ?? 0;
    for (let column = 0; column < inputs; column++) sum += old[row * inputs + column] * affine.offset[column];
    return sum;
  });
  const { constants, define } = newConstants(context);
  const scaled = old.map((value, index) => value * affine.scale[index % inputs]);
  const newWeights = define(derivedName(weightsName), float32(weights.shape, scaled));
  const newBias = define(
    biasName === '' ? `${gemm.name}/bias` : derivedName(biasName),
    float32([outputs], bias),
  );
  return {
    what: `took in BatchNormalization "${before.name}"`,
    constants,
    nodes: [{ ...gemm, inputs: [affine.input, newWeights, newBias] }],
  };
}
