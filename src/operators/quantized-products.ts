/**
 * Products of codes: QLinearConv, QLinearMatMul, ConvInteger, MatMulInteger and QGemm of com.microsoft. Their types only:
 * src/lift turns them into Conv, MatMul and Gemm with formats.
 */
import { intAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import type { TensorType } from '../graph/tensor.js';
import { elementCount } from '../shape.js';
import { describe, nodeError, outputType, required, shapeText } from './check.js';
import { convolutionWindows } from './conv.js';
import { gemm } from './gemm.js';
import { productShape } from './mat-mul.js';
import type { ConstantInput, Operator } from './operator.js';
import { checkQuantization, requireCodes, requireOneScale } from './quantization.js';

type Types = readonly (TensorType | undefined)[];

/** Codes of 8 bits at input `index`, which a scale and a zero point follow; one scale, or one per `channels`. */
function quantizedOperand(
  node: Node,
  inputs: Types,
  constant: ConstantInput,
  index: number,
  channels?: number,
): TensorType {
  const operand = required(node, inputs, index);
  requireCodes(node, operand, `input ${index}`);
  const scale = checkQuantization(
    node,
    inputs,
    constant,
    { scale: index + 1, zeroPoint: index + 2 },
    operand.type,
  );
  requireScales(node, scale, index + 1, channels);
  return operand;
}

function requireScales(node: Node, scale: TensorType, index: number, channels: number | undefined): void {
  if (channels === undefined) requireOneScale(node, scale, index);
  else if (elementCount(scale.shape) !== 1 && elementCount(scale.shape) !== channels)
    throw nodeError(
      node,
      `input ${index} has the wrong number of scales`,
      `1 or ${channels}`,
      shapeText(scale.shape),
    );
}

/** The type of an output whose scale is input `index` and whose zero point, which says the type, follows. */
function quantizedOutput(
  node: Node,
  inputs: Types,
  constant: ConstantInput,
  index: number,
  shape: readonly number[],
): TensorType {
  const { type } = required(node, inputs, index + 1);
  requireCodes(node, { type, shape }, 'the output');
  const scale = checkQuantization(node, inputs, constant, { scale: index, zeroPoint: index + 1 }, type);
  requireOneScale(node, scale, index);
  return outputType(node, type, shape);
}

function convolutionShape(node: Node, x: TensorType, weights: TensorType): number[] {
  const windows = convolutionWindows(node, x, weights);
  return [x.shape[0], weights.shape[0], ...windows.map(({ output }) => output)];
}

function requireBias(node: Node, bias: TensorType | undefined, channels: number): void {
  if (bias === undefined) return;
  if (bias.type !== 'int32' || bias.shape.join() !== `${channels}`)
    throw nodeError(node, 'the bias does not fit', `int32 [${channels}]`, describe(bias));
}

export const qLinearConv: Operator = {
  name: 'QLinearConv',
  since: 10,
  infer(node, inputs, constant) {
    const weights = required(node, inputs, 3);
    const x = quantizedOperand(node, inputs, constant, 0);
    quantizedOperand(node, inputs, constant, 3, weights.shape[0]);
    requireBias(node, inputs[8], weights.shape[0]);
    return [quantizedOutput(node, inputs, constant, 6, convolutionShape(node, x, weights))];
  },
};

export const qLinearMatMul: Operator = {
  name: 'QLinearMatMul',
  since: 10,
  infer(node, inputs, constant) {
    const a = quantizedOperand(node, inputs, constant, 0);
    const b = quantizedOperand(node, inputs, constant, 3, required(node, inputs, 3).shape.at(-1));
    return [quantizedOutput(node, inputs, constant, 6, productShape(node, a, b))];
  },
};

/** A factor of a product of integers, 8 bits wide; its zero point is input `zeroPoint`. */
function integerOperand(
  node: Node,
  inputs: Types,
  index: number,
  zeroPoint: number,
  channels: number,
): TensorType {
  const operand = required(node, inputs, index);
  requireCodes(node, operand, `input ${index}`, 8);
  const zero = inputs[zeroPoint];
  if (zero === undefined) return operand;
  if (zero.type !== operand.type)
    throw nodeError(node, `the zero point (input ${zeroPoint}) has the wrong type`, operand.type, zero.type);
  const count = elementCount(zero.shape);
  if (count !== 1 && count !== channels)
    throw nodeError(
      node,
      `input ${zeroPoint} has the wrong number of zero points`,
      channels === 1 ? '1' : `1 or ${channels}`,
      shapeText(zero.shape),
    );
  return operand;
}

export const convInteger: Operator = {
  name: 'ConvInteger',
  since: 10,
  infer(node, inputs) {
    const x = integerOperand(node, inputs, 0, 2, 1);
    const weights = integerOperand(node, inputs, 1, 3, required(node, inputs, 1).shape[0]);
    return [outputType(node, 'int32', convolutionShape(node, x, weights))];
  },
};

export const matMulInteger: Operator = {
  name: 'MatMulInteger',
  since: 10,
  infer(node, inputs) {
    const a = integerOperand(node, inputs, 0, 2, 1);
    const b = integerOperand(node, inputs, 1, 3, required(node, inputs, 1).shape.at(-1) ?? 1);
    return [outputType(node, 'int32', productShape(node, a, b))];
  },
};

/** alpha * A' * B' + C; float32 where the scale of the output is left out. */
export const qGemm: Operator = {
  name: 'QGemm',
  domain: 'com.microsoft',
  since: 1,
  infer(node, inputs, constant, opset) {
    const transposed = intAttribute(node, 'transB', 0) !== 0;
    const a = quantizedOperand(node, inputs, constant, 0);
    const b = quantizedOperand(
      node,
      inputs,
      constant,
      3,
      required(node, inputs, 3).shape[transposed ? 0 : 1],
    );
    const bias = inputs[6];
    if (bias !== undefined && bias.type !== 'int32')
      throw nodeError(node, 'the bias does not fit', 'int32', describe(bias));
    const plain = (type: TensorType) => ({ ...type, type: 'float32' as const });
    const operands = [plain(a), plain(b), bias && plain(bias)];
    const [{ shape }] = gemm.infer(node, operands, () => undefined, opset);
    if (inputs[7] === undefined) return [outputType(node, 'float32', shape)];
    return [quantizedOutput(node, inputs, constant, 7, shape)];
  },
};
