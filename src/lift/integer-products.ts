/**
 * ConvInteger and MatMulInteger. Their sums are int32, which no instruction stores; they are computed in float32, which is exact as
 * long as no sum can need more than 24 bits. Where the weights do not prove that, the node is refused.
 */
import type { Node } from '../graph/graph.js';
import { elementCount, float32, type Tensor } from '../graph/tensor.js';
import { nodeError } from '../operators/check.js';
import { createScaleIndex, zeroPoints } from '../operators/quantization.js';
import type { Draft } from './draft.js';
import { nodeOf } from './nodes.js';

/** Integers up to here, and their sums, are exact in float32. */
const LARGEST_EXACT = 2 ** 24;

export function liftConvInteger(node: Node, draft: Draft): void {
  liftIntegerProduct(node, draft, 'Conv', 0);
}

export function liftMatMulInteger(node: Node, draft: Draft): void {
  liftIntegerProduct(node, draft, 'MatMul', draft.type(node.inputs[1]).shape.length - 1);
}

/** `axis`: that of the output channels in the weights. */
function liftIntegerProduct(node: Node, draft: Draft, operator: string, axis: number): void {
  const { name, largest } = centredInput(node, draft);
  const codes = draft.constant(node.inputs[1]);
  if (codes === undefined) throw nodeError(node, 'the weights (input 1) are computed', 'a constant');
  const zero = draft.constant(node.inputs[3] ?? '');
  if (node.inputs[3] && zero === undefined)
    throw nodeError(node, 'the zero point of the weights (input 3) is computed', 'a constant');
  const weights = centredWeights(codes, zero, axis);
  const bound = largest * largestSum(weights, axis);
  if (bound > LARGEST_EXACT)
    throw nodeError(node, 'the sums may need more than 24 bits', `at most ${LARGEST_EXACT}`, `${bound}`);
  const constant = draft.addConstant(`${node.inputs[1]}/real`, weights);
  draft.emit({ ...node, operator, inputs: [name, constant] }, []);
}

/** The input less its zero point, and the largest magnitude that has. */
function centredInput(node: Node, draft: Draft): { name: string; largest: number } {
  const [x, , zeroName = ''] = node.inputs;
  const quantity = draft.quantity(x);
  if (quantity === undefined || quantity.scale !== 1 || quantity.bits > 8)
    throw nodeError(node, `"${x}" is read as integers and with a scale`);
  const low = quantity.signed ? -128 : 0;
  const zero = draft.constant(zeroName);
  if (zeroName !== '' && zero === undefined) {
    const centred = draft.freshName(`${node.name}/centred`);
    draft.emit(nodeOf('Sub', [x, zeroName], centred), []);
    return { name: centred, largest: 255 };
  }
  const zeroPoint = Number(zero?.data[0] ?? 0);
  if (zeroPoint !== quantity.zeroPoint)
    throw nodeError(node, `"${x}" has another zero point`, `${quantity.zeroPoint}`, `${zeroPoint}`);
  return { name: x, largest: Math.max(Math.abs(low - zeroPoint), Math.abs(low + 255 - zeroPoint)) };
}

function centredWeights({ shape, data }: Tensor, zeroPoint: Tensor | undefined, axis: number): Tensor {
  const zeros = zeroPoints(zeroPoint, 1);
  const indexOf = createScaleIndex(shape, { axis: zeros.length === 1 ? null : axis, block: 0 });
  return float32(
    shape,
    Float32Array.from(data as Int8Array, (code, element) => code - zeros[indexOf(element)]),
  );
}

/** The largest sum of magnitudes of the weights of one output channel. */
function largestSum({ shape, data }: Tensor, axis: number): number {
  const sums = new Float64Array(shape[axis]);
  const inner = elementCount(shape.slice(axis + 1));
  for (let i = 0; i < data.length; i++)
    sums[Math.floor(i / inner) % shape[axis]] += Math.abs(data[i] as number);
  return sums.reduce((most, sum) => Math.max(most, sum), 0);
}
