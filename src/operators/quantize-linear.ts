/**
 * QuantizeLinear and DequantizeLinear, one scale for all, per axis or per block. Only constants are computed here: src/lift
 * makes the others part of the formats of a float graph.
 */
import { roundReal } from '../formats/rounding.js';
import { intAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import type { ElementType, Tensor, TensorType } from '../graph/tensor.js';
import { elementTypeAttribute } from './cast.js';
import { nodeError, outputType, required } from './check.js';
import type { Operator } from './operator.js';
import {
  checkQuantization,
  createScaleIndex,
  requireCodes,
  requireFloat32,
  type ScaleLayout,
  scaleLayout,
  zeroPoints,
} from './quantization.js';
import { allocate, integerWidth } from './storage.js';

const places = { scale: 1, zeroPoint: 2 };

/** How the scales of a QuantizeLinear or DequantizeLinear lie in its first input. */
export function layoutOf(node: Node, shape: readonly number[], scale: readonly number[]): ScaleLayout {
  return scaleLayout(node, shape, scale, intAttribute(node, 'axis', 1), intAttribute(node, 'block_size', 0));
}

function codeType(node: Node, zeroPoint: TensorType | undefined): ElementType {
  const declared = elementTypeAttribute(node, 'output_dtype');
  if (declared !== undefined && zeroPoint !== undefined && declared !== zeroPoint.type)
    throw nodeError(node, 'output_dtype contradicts the zero point', zeroPoint.type, declared);
  return zeroPoint?.type ?? declared ?? 'uint8';
}

export const quantizeLinear: Operator = {
  name: 'QuantizeLinear',
  since: 10,
  infer(node, inputs, constant) {
    const x = required(node, inputs, 0);
    const type = codeType(node, inputs[2]);
    const scale = checkQuantization(node, inputs, constant, places, type);
    layoutOf(node, x.shape, scale.shape);
    return [outputType(node, type, x.shape)];
  },
  fold: (node, [x, scale, zeroPoint], [{ type }]) => [quantizeTensor(node, x!, scale!, zeroPoint, type)],
};

/** Throws a ModelError unless the node quantises float32 to integers of at most 16 bits. */
export function requireQuantizable(node: Node, x: TensorType, scale: TensorType, y: TensorType): void {
  if (x.type !== 'float32') throw nodeError(node, 'the input has the wrong type', 'float32', x.type);
  requireFloat32(node, scale);
  requireCodes(node, y, 'the output');
}

/** True for integers of at most 32 bits with float32 scales. */
export function isDequantizable(x: TensorType, scale: TensorType): boolean {
  const width = x.type === 'bool' ? undefined : integerWidth(x.type);
  return width !== undefined && width.bits <= 32 && scale.type === 'float32';
}

/** Throws a ModelError unless the node gives float32 for integers of at most 32 bits. */
export function requireDequantizable(node: Node, x: TensorType, scale: TensorType, y: TensorType): void {
  requireCodes(node, x, 'the input', 32);
  requireFloat32(node, scale);
  if (y.type !== 'float32') throw nodeError(node, 'the output has the wrong type', 'float32', y.type);
}

/** saturate(roundHalfEven(x / scale) + zeroPoint) with the quotient in float32. */
function quantizeTensor(
  node: Node,
  x: Tensor,
  scale: Tensor,
  zeroPoint: Tensor | undefined,
  type: ElementType,
): Tensor {
  const { shape, data } = x;
  requireQuantizable(node, x, scale, { type, shape });
  const { bits, signed } = integerWidth(type)!;
  const low = signed ? -(2 ** (bits - 1)) : 0;
  const high = low + 2 ** bits - 1;
  const scales = scale.data as Float32Array;
  const zeros = zeroPoints(zeroPoint, scales.length);
  const indexOf = createScaleIndex(shape, layoutOf(node, shape, scale.shape));
  const codes = allocate(node, type, shape) as Int8Array;
  const values = data as Float32Array;
  for (let i = 0; i < codes.length; i++) {
    const index = indexOf(i);
    const rounded = roundReal(Math.fround(values[i] / scales[index]), 'halfEven');
    if (Number.isNaN(rounded)) throw nodeError(node, `element ${i} is not a number`);
    codes[i] = Math.min(Math.max(rounded + zeros[index], low), high);
  }
  return { type, shape, data: codes };
}

export const dequantizeLinear: Operator = {
  name: 'DequantizeLinear',
  since: 10,
  infer(node, inputs, constant) {
    const x = required(node, inputs, 0);
    const scale = checkQuantization(node, inputs, constant, places, x.type);
    layoutOf(node, x.shape, scale.shape);
    return [outputType(node, elementTypeAttribute(node, 'output_dtype') ?? scale.type, x.shape)];
  },
};

/** (x - zeroPoint) * scale in float32: the real values of constant codes. */
export function dequantizeTensor(
  node: Node,
  { shape, data }: Tensor,
  scale: Tensor,
  zeroPoint: Tensor | undefined,
): Tensor {
  const scales = scale.data as Float32Array;
  const zeros = zeroPoints(zeroPoint, scales.length);
  const indexOf = createScaleIndex(shape, layoutOf(node, shape, scale.shape));
  const codes = data as Int32Array;
  const values = new Float32Array(codes.length);
  for (let i = 0; i < values.length; i++) {
    const index = indexOf(i);
    values[i] = Math.fround(codes[i] - zeros[index]) * scales[index];
  }
  return { type: 'float32', shape, data: values };
}
