/**
 * Operators of com.microsoft on codes, each operand followed by its scale and zero point: QLinearAdd, QLinearMul, QLinearConcat,
 * QLinearAveragePool, QLinearGlobalAveragePool, QLinearSigmoid and QLinearLeakyRelu. Their types only, see src/lift.
 */
import { intAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import type { TensorType } from '../graph/tensor.js';
import { nodeError, outputType, required } from './check.js';
import { concat } from './concat.js';
import { globalAveragePool } from './global-pool.js';
import type { ConstantInput, Operator } from './operator.js';
import { inferPool } from './pool.js';
import { checkQuantization, requireCodes, requireOneScale } from './quantization.js';
import { broadcastShapes } from './strided.js';

type Types = readonly (TensorType | undefined)[];

/** Codes with one scale; `at` is the input that holds the scale. */
function checkOperand(
  node: Node,
  inputs: Types,
  constant: ConstantInput,
  operand: TensorType,
  at: number,
): TensorType {
  requireCodes(node, operand, `an operand`);
  const scale = checkQuantization(node, inputs, constant, { scale: at, zeroPoint: at + 1 }, operand.type);
  requireOneScale(node, scale, at);
  return operand;
}

/** An operator of com.microsoft, given the shape of its output. */
function quantized(
  name: string,
  operands: number,
  shapeOf: (node: Node, operands: readonly TensorType[]) => readonly number[],
): Operator {
  return {
    name,
    domain: 'com.microsoft',
    since: 1,
    infer(node, inputs, constant) {
      const types = Array.from({ length: operands }, (_, i) =>
        checkOperand(node, inputs, constant, required(node, inputs, 3 * i), 3 * i + 1),
      );
      const shape = shapeOf(node, types);
      const output = outputType(node, requireOneType(node, types), shape);
      return [checkOperand(node, inputs, constant, output, 3 * operands)];
    },
  };
}

function requireOneType(node: Node, types: readonly TensorType[]): TensorType['type'] {
  const [{ type }] = types;
  const other = types.find((operand) => operand.type !== type);
  if (other !== undefined)
    throw nodeError(node, 'the operands have different element types', type, other.type);
  return type;
}

const pairShape = (node: Node, types: readonly TensorType[]) =>
  broadcastShapes(
    node,
    types.map(({ shape }) => shape),
  );

function requireChannelsFirst(node: Node): void {
  if (intAttribute(node, 'channels_last', 0) !== 0)
    throw nodeError(node, 'channels_last is not supported', '0', '1');
}

export const qLinearAdd = quantized('QLinearAdd', 2, pairShape);
export const qLinearMul = quantized('QLinearMul', 2, pairShape);
export const qLinearSigmoid = quantized('QLinearSigmoid', 1, (_, [x]) => x.shape);
export const qLinearLeakyRelu = quantized('QLinearLeakyRelu', 1, (_, [x]) => x.shape);

export const qLinearAveragePool = quantized('QLinearAveragePool', 1, (node, [x]) => {
  requireChannelsFirst(node);
  return inferPool(node, [x]).shape;
});

export const qLinearGlobalAveragePool = quantized('QLinearGlobalAveragePool', 1, (node, types) => {
  requireChannelsFirst(node);
  return globalAveragePool.infer(node, types, () => undefined, 1)[0].shape;
});

/** Scale and zero point of the output first, then each operand with its own. */
export const qLinearConcat: Operator = {
  name: 'QLinearConcat',
  domain: 'com.microsoft',
  since: 1,
  infer(node, inputs, constant, opset) {
    if (inputs.length < 5 || inputs.length % 3 !== 2)
      throw nodeError(node, 'wrong number of inputs', '2 and 3 for each operand', `${inputs.length}`);
    const types = Array.from({ length: (inputs.length - 2) / 3 }, (_, i) =>
      checkOperand(node, inputs, constant, required(node, inputs, 3 * i + 2), 3 * i + 3),
    );
    const [output] = concat.infer(node, types, constant, opset);
    return [checkOperand(node, inputs, constant, output, 0)];
  },
};
