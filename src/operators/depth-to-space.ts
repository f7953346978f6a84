/** DepthToSpace and SpaceToDepth: channels become blocks of pixels, and back. */
import { intAttribute, stringAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import type { TensorType } from '../graph/tensor.js';
import { describe, nodeError, outputType, rejectConstantInput, required } from './check.js';
import type { Operator } from './operator.js';

function blockSize(node: Node): number {
  const size = intAttribute(node, 'blocksize', 0);
  if (size < 1) throw nodeError(node, 'the block size is out of range', 'at least 1', `${size}`);
  return size;
}

/** Throws a ModelError unless the input is [N, C, H, W] with sizes that are multiples of these. */
function requireBlocks(node: Node, x: TensorType, multiples: readonly number[]): readonly number[] {
  const fits = x.shape.length === 4 && x.shape.every((size, axis) => size % multiples[axis] === 0);
  if (fits) return x.shape;
  const expected = `[N, C, H, W] of multiples of [${multiples.join(', ')}]`;
  throw nodeError(node, 'the blocks do not fit the input', expected, describe(x));
}

export const depthToSpace: Operator = {
  name: 'DepthToSpace',
  since: 1,
  infer(node, inputs) {
    const x = required(node, inputs, 0);
    const size = blockSize(node);
    const [batch, channels, height, width] = requireBlocks(node, x, [1, size ** 2, 1, 1]);
    return [outputType(node, x.type, [batch, channels / size ** 2, height * size, width * size])];
  },
  reject(node, graph) {
    const mode = stringAttribute(node, 'mode', 'DCR');
    return mode === 'DCR' || mode === 'CRD' ? rejectConstantInput(node, graph) : `mode ${mode}`;
  },
  lower(node, lowering) {
    const mode = stringAttribute(node, 'mode', 'DCR') === 'CRD' ? 'CRD' : 'DCR';
    lowering.depthToSpace(node, blockSize(node), mode);
  },
};

export const spaceToDepth: Operator = {
  name: 'SpaceToDepth',
  since: 1,
  infer(node, inputs) {
    const x = required(node, inputs, 0);
    const size = blockSize(node);
    const [batch, channels, height, width] = requireBlocks(node, x, [1, 1, size, size]);
    return [outputType(node, x.type, [batch, channels * size ** 2, height / size, width / size])];
  },
  reject: rejectConstantInput,
  lower(node, lowering) {
    lowering.spaceToDepth(node, blockSize(node));
  },
};
