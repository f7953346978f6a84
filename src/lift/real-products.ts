/**
 * Products of codes in QONNX networks, whose results are real numbers: sums in int32 that float32 scales, or codes throughout where float32
 * would be exact.
 */
import type { Node } from '../graph/graph.js';
import { float32 } from '../graph/tensor.js';
import { plainAccumulator } from '../program/accumulator.js';
import { type Arithmetic, byShift, type Draft } from './draft.js';
import { asSums } from './integers.js';
import { nodeOf } from './nodes.js';
import { productInputs } from './product-inputs.js';
import { plainIntegers, type Quantity } from './quantity.js';

const { fround } = Math;

/** A shift between two scales beyond which nothing is computed on codes. */
const LARGEST_SHIFT = 30;

const LARGEST_BIAS = 2 ** 40;

/** Registers that hold every sum. */
const long = { accumulator: plainAccumulator(64), biasBits: 64 };

/** By shifts, with the bias where the sums stand. */
export const exactProduct: Arithmetic = { ...byShift, ...long };

/** Sums that must fit int32. */
const exactSums: Arithmetic = { ...asSums, ...long, overflow: 'trap' };

const sums = plainIntegers({ bits: 32, signed: true });

interface Factors {
  readonly inputs: readonly string[];
  /** Of the products, one or one per output channel. */
  readonly scales: readonly number[];
}

/** The two factors as codes, and their scales multiplied; undefined where one is float32 or wide. */
function readFactors(node: Node, draft: Draft): Factors | undefined {
  const [x, weights] = node.inputs;
  const left = draft.quantity(x);
  if (left === undefined || left.bits > 16) return undefined;
  const right = draft.quantity(weights);
  const isComputed = node.operator === 'MatMul' && right !== undefined && right.bits <= 16;
  const scale = isComputed ? [right.scale] : draft.quantized.get(weights)?.scale;
  const inputs = isComputed ? [x, weights] : productInputs({ ...node, inputs: [x, weights] }, draft, true);
  return scale && inputs && { inputs, scales: scale.map((own) => left.scale * own) };
}

/** True where all scales are powers of two and the bias is a multiple of them, so that shifts compute what float32 does. */
export function isExactProduct(node: Node, draft: Draft, result: Quantity): boolean {
  const scales = readFactors(node, draft)?.scales;
  if (scales === undefined) return false;
  const shifts = scales.map((scale) => Math.log2(scale / result.scale));
  const fit = shifts.every((shift) => Number.isInteger(shift) && Math.abs(shift) <= LARGEST_SHIFT);
  if (!fit || !Number.isInteger(Math.log2(result.scale))) return false;
  const [, , biasName = ''] = node.inputs;
  if (biasName === '') return true;
  const bias = draft.constant(biasName);
  return scales.every((scale, channel) => {
    const own = scales.length === 1 ? bias?.data : [bias?.data[channel] ?? bias?.data[0]];
    return Array.from(own ?? [Number.NaN], Number).every((value) => {
      return Number.isInteger(value / scale) && Math.abs(value / scale) <= LARGEST_BIAS;
    });
  });
}

/** A product of codes as sums in int32, scaled and biased in float32. False where a factor is not codes. */
export function liftSums(node: Node, draft: Draft): boolean {
  const isProduct = ['Conv', 'Gemm', 'MatMul'].includes(node.operator) && node.domain === '';
  const factors = isProduct ? readFactors(node, draft) : undefined;
  if (factors === undefined) return false;
  const [y] = node.outputs;
  const [, , bias = ''] = node.inputs;
  const { clamp, ...product } = node;
  const name = (what: string) => draft.freshName(`${y}/${what}`);
  const [integers, scaled] = [name('sums'), bias === '' ? y : name('scaled')];
  draft.emit({ ...product, inputs: factors.inputs, outputs: [integers] }, [sums], exactSums);
  const spread = (count: number) =>
    node.operator === 'Conv' ? [count, ...spatialOnes(node, draft)] : [count];
  const scales = factors.scales.map(fround);
  const scale = draft.addConstant(
    `${node.name}/scale`,
    float32(scales.length === 1 ? [] : spread(scales.length), scales),
  );
  const limits = clamp && { clamp };
  draft.emit({ ...nodeOf('Mul', [integers, scale], scaled), ...(bias === '' && limits) }, []);
  if (bias === '') return true;
  const added = draft.constant(bias);
  const offset =
    added !== undefined && node.operator === 'Conv'
      ? draft.addConstant(`${bias}/spread`, { ...added, shape: spread(added.data.length) })
      : bias;
  draft.emit({ ...nodeOf('Add', [scaled, offset], y), ...limits }, []);
  return true;
}

/** Sizes of 1 behind the channels of a convolution's output. */
function spatialOnes(node: Node, draft: Draft): number[] {
  return draft
    .type(node.outputs[0])
    .shape.slice(2)
    .map(() => 1);
}
