/** Products of codes: QLinearConv, QLinearMatMul and QGemm as Conv, MatMul and Gemm. */

import { floatAttribute, intAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import { float32, type Tensor } from '../graph/tensor.js';
import { nodeError } from '../operators/check.js';
import { createScaleIndex, zeroPoints } from '../operators/quantization.js';
import { byScale, type Draft, readQuantity } from './draft.js';
import { asSums, readCodes } from './integers.js';
import { nodeOf } from './nodes.js';
import { formatOfScales, plainIntegers, type Quantity, requireWidth } from './quantity.js';

const { fround } = Math;

/** The largest factor of a scaling. */
const LARGEST_SCALE = 2 ** 60;

const wide = plainIntegers({ bits: 32, signed: true });

const oneOrMany = ({ length }: readonly number[]) => (length === 1 ? [] : [length]);

interface Weights {
  readonly name: string;
  readonly scale: readonly number[];
}

/** A constant factor by the inputs of the node that give its codes, scales and zero points. */
interface WeightInputs {
  readonly codes: number;
  /** The axis of the output channels. */
  readonly axis: number;
  readonly scale: readonly number[];
  readonly zeroPoint: Tensor | undefined;
}

/** Adds the real values of constant codes, one scale for all or one per index on an axis, with their format. */
function addWeights(
  draft: Draft,
  node: Node,
  { codes: index, axis, scale, zeroPoint }: WeightInputs,
): Weights {
  const name = node.inputs[index];
  const codes = requireConstant(draft, node, index, 'the weights');
  const width = requireWidth(node, name, codes);
  const zeros = zeroPoints(zeroPoint, 1);
  const count = Math.max(scale.length, zeros.length);
  const spread = (values: readonly number[]) =>
    values.length === count ? values : new Array<number>(count).fill(values[0]);
  const [scales, offsets] = [spread(scale), spread(zeros)];
  const indexOf = createScaleIndex(codes.shape, { axis: count === 1 ? null : axis, block: 0 });
  const values = Float32Array.from(codes.data as Int8Array, (code, element) => {
    const channel = indexOf(element);
    return (code - offsets[channel]) * scales[channel];
  });
  const format = formatOfScales(width, scales, offsets);
  return { name: draft.addConstant(`${name}/real`, float32(codes.shape, values), format), scale: scales };
}

function requireConstant(draft: Draft, node: Node, index: number, what: string): Tensor {
  const tensor = draft.constant(node.inputs[index] ?? '');
  if (tensor === undefined) throw nodeError(node, `${what} (input ${index}) is computed`, 'a constant');
  return tensor;
}

/** Adds a bias of int32 codes, one step of which is one of the input times one of the weights; a single code is that of every channel. */
function addBias(draft: Draft, node: Node, index: number, input: Quantity, { scale }: Weights): string[] {
  const name = node.inputs[index] ?? '';
  if (name === '') return [];
  const given = requireConstant(draft, node, index, 'the bias');
  const channels = draft.type(node.outputs[0]).shape[1];
  const isOne = given.data.length === 1;
  const shape = isOne ? [channels] : given.shape;
  const codes = isOne
    ? new Int32Array(channels).fill((given.data as Int32Array)[0])
    : (given.data as Int32Array);
  const values = Float32Array.from(
    codes,
    (code, channel) => code * (input.scale * (scale[channel] ?? scale[0])),
  );
  return [draft.addConstant(`${name}/real`, float32(shape, values), undefined, codes)];
}

/** The codes at input `index`, whose scale and zero point follow. */
function readOperand(draft: Draft, node: Node, index: number): { name: string; quantity: Quantity } {
  const value = node.inputs[index];
  const quantity = readQuantity(draft, node, index + 1, draft.type(value));
  return { name: readCodes(draft, node, value, quantity), quantity };
}

function readScales(draft: Draft, node: Node, index: number): number[] {
  return Array.from(requireConstant(draft, node, index, 'the scale').data as Float32Array);
}

function readZeroPoint(draft: Draft, node: Node, index: number): Tensor | undefined {
  return node.inputs[index] ? requireConstant(draft, node, index, 'the zero point') : undefined;
}

/** The weights of a QLinear operator, whose scale and zero point follow them. */
function qLinearWeights(draft: Draft, node: Node, codes: number, axis: number): Weights {
  return addWeights(draft, node, {
    codes,
    axis,
    scale: readScales(draft, node, codes + 1),
    zeroPoint: readZeroPoint(draft, node, codes + 2),
  });
}

export function liftQLinearConv(node: Node, draft: Draft): void {
  const [, , , , , , , , bias] = node.inputs;
  const { name: x, quantity: input } = readOperand(draft, node, 0);
  const weights = qLinearWeights(draft, node, 3, 0);
  const output = readQuantity(draft, node, 6, draft.type(node.outputs[0]));
  const added = bias ? addBias(draft, node, 8, input, weights) : [];
  draft.emit({ ...node, operator: 'Conv', inputs: [x, weights.name, ...added] }, [output], byScale);
}

export function liftQLinearMatMul(node: Node, draft: Draft): void {
  const [, , , b] = node.inputs;
  const { name: a } = readOperand(draft, node, 0);
  const output = readQuantity(draft, node, 6, draft.type(node.outputs[0]));
  const right =
    draft.constant(b) === undefined
      ? readOperand(draft, node, 3)
      : qLinearWeights(draft, node, 3, draft.type(b).shape.length - 1);
  draft.emit({ ...node, operator: 'MatMul', inputs: [a, right.name] }, [output], byScale);
}

/** Its scale is alpha times those of its operands, over that of the output or, where that has none, a factor of the sums. */
export function liftQGemm(node: Node, draft: Draft): void {
  const { name: x, quantity: input } = readOperand(draft, node, 0);
  const weights = qLinearWeights(draft, node, 3, intAttribute(node, 'transB', 0) !== 0 ? 0 : 1);
  const inputs = [x, weights.name, ...addBias(draft, node, 6, input, weights)];
  const { alpha: _, ...attributes } = node.attributes;
  const gemm = { ...node, operator: 'Gemm', domain: '', inputs, attributes };
  const alpha = fround(floatAttribute(node, 'alpha', 1));
  const scales = weights.scale.map((scale) => fround(fround(alpha * input.scale) * scale));
  if (!node.inputs[7]) {
    const sums = draft.freshName(`${node.outputs[0]}/sums`);
    draft.emit({ ...gemm, outputs: [sums] }, [wide], asSums);
    const factor = draft.addConstant(`${node.name}/scale`, float32(oneOrMany(scales), scales));
    draft.emit(nodeOf('Mul', [sums, factor], node.outputs[0]), []);
    return;
  }
  const output = readQuantity(draft, node, 7, draft.type(node.outputs[0]));
  const ratios = scales.map((scale) => fround(scale / output.scale));
  const wrong = ratios.find((ratio) => !(ratio > 0 && ratio <= LARGEST_SCALE));
  if (wrong !== undefined) throw nodeError(node, 'a ratio of scales is out of range', 'above 0', `${wrong}`);
  const scale = ratios.length === 1 ? ratios[0] : ratios;
  const given = { kind: 'scaling', scaling: { style: 'scale', scale, rounding: 'halfEven' } } as const;
  draft.emit(gemm, [output], { ...byScale, given });
}
