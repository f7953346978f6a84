/** DynamicQuantizeLinear: uint8 codes with the scale and zero point that the values themselves ask for. */
import { roundReal } from '../formats/rounding.js';
import type { Node } from '../graph/graph.js';
import type { Tensor } from '../graph/tensor.js';
import { nodeError, outputType, required } from './check.js';
import type { Operator } from './operator.js';

export const dynamicQuantizeLinear: Operator = {
  name: 'DynamicQuantizeLinear',
  since: 11,
  infer(node, inputs) {
    const { type, shape } = required(node, inputs, 0);
    if (type !== 'float32') throw nodeError(node, 'the input has the wrong type', 'float32', type);
    return [outputType(node, 'uint8', shape), outputType(node, 'float32', []), outputType(node, 'uint8', [])];
  },
  fold: (node, [x]) => quantizeDynamically(node, x!),
};

/** Every operation in float32; codes, scale and zero point. A range of 0 has the scale 1, as in onnxruntime. */
function quantizeDynamically(node: Node, { shape, data }: Tensor): Tensor[] {
  const values = data as Float32Array;
  if (values.includes(Number.NaN)) throw nodeError(node, 'the input holds values that are not numbers');
  const low = values.reduce((least, value) => Math.min(least, value), 0);
  const high = values.reduce((most, value) => Math.max(most, value), 0);
  const scale = Math.fround(Math.fround(high - low) / 255) || 1;
  const clamp = (value: number) => Math.min(Math.max(value, 0), 255);
  const zeroPoint = roundReal(clamp(Math.fround((0 - low) / scale)), 'halfEven');
  const codes = Uint8Array.from(values, (value) =>
    clamp(roundReal(Math.fround(value / scale), 'halfEven') + zeroPoint),
  );
  return [
    { type: 'uint8', shape, data: codes },
    { type: 'float32', shape: [], data: Float32Array.of(scale) },
    { type: 'uint8', shape: [], data: Uint8Array.of(zeroPoint) },
  ];
}
