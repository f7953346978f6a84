/** Weighted sums along axes: the linear and cubic Resize. */
import { at, codeRange, type Format, fixed } from '../formats/format.js';
import { roundReal } from '../formats/rounding.js';
import type { Node } from '../graph/graph.js';
import type { Taps } from '../operators/resampling.js';
import type { Context } from './context.js';
import { createScaling } from './scaling.js';

/** Most fraction bits of a weight in codes: 1 then still fits 16 bits. */
const WEIGHT_FRACTION = 14;

/**
 * One `resample` after the other, the last axis of the stored order first. Codes between two axes have 16 bits, as many of
 * them fraction bits as the values leave room for, and are rounded as the node's outputs are.
 */
export function lowerResample(context: Context, node: Node, axes: readonly (Taps | null)[]): void {
  const { builder } = context;
  const [value] = node.outputs;
  const format = context.format(value);
  const own = format && (context.format(node.inputs[0]) ?? format);
  const { tensor: input, order } = context.read(node.inputs[0], own);
  const found = order.map((onnx, axis) => ({ onnx, axis, taps: axes[onnx] }));
  const steps = found.filter((step): step is typeof step & { taps: Taps } => step.taps !== null).reverse();
  if (steps.length === 0) {
    context.define(value, context.read(node.inputs[0], format), node.inputs);
    return;
  }
  let tensor = input;
  for (const { onnx, axis, taps } of steps) {
    const last = axis === steps.at(-1)!.axis;
    const name = last ? value : builder.derive(value, `axis${onnx}`);
    const from = builder.tensors[tensor];
    const shape = from.shape.with(axis, taps.indices.length / taps.count);
    const weightShape = [shape[axis], taps.count];
    const weightName = builder.derive(value, `weights${onnx}`);
    if (format === null || from.format === null) {
      const weights = builder.constant(weightName, weightShape, null, Float32Array.from(taps.weights));
      const draft = { op: 'resample', axis, indices: taps.indices, requantize: null } as const;
      const inputs = [tensor, weights];
      tensor = builder.emit(last ? node : null, { ...draft, inputs }, { name, shape, format: null });
      continue;
    }
    const weights = weightCodes(taps);
    const constant = builder.constant(weightName, weightShape, weights.format, weights.codes);
    const to = last ? format : betweenFormat(from.format, taps, weights.fraction);
    const { scaling, rounding, overflow } = context.arithmetic(node);
    const ratio = { operands: [from.format, weights.format], result: to };
    const requantize = { ...createScaling(scaling, rounding, ratio, node.name), overflow };
    const draft = { op: 'resample', axis, indices: taps.indices, requantize } as const;
    const inputs = [tensor, constant];
    tensor = builder.emit(last ? node : null, { ...draft, inputs }, { name, shape, format: to });
  }
  context.define(value, { tensor, order }, node.inputs);
}

/**
 * Weights as codes with the fewest fraction bits that hold them exactly, else with 14. Where rounding changes the sum of an
 * element's weights, its largest weight makes up for it, so that a constant stays what it is.
 */
function weightCodes({ count, weights }: Taps): { codes: Int16Array; format: Format; fraction: number } {
  const isExact = (fraction: number) => weights.every((weight) => Number.isInteger(weight * 2 ** fraction));
  let fraction = 0;
  while (fraction < WEIGHT_FRACTION && !isExact(fraction)) fraction++;
  const round = (value: number) => roundReal(value * 2 ** fraction, 'halfEven');
  const codes = weights.map(round);
  for (let start = 0; start < codes.length; start += count) {
    const line = weights.slice(start, start + count);
    const sum = round(line.reduce((a, b) => a + b, 0));
    const rounded = codes.slice(start, start + count).reduce((a, b) => a + b, 0);
    codes[start + line.indexOf(Math.max(...line))] += sum - rounded;
  }
  return { codes: Int16Array.from(codes), format: fixed(16, fraction), fraction };
}

function betweenFormat(from: Format, { count, weights }: Taps, fraction: number): Format {
  let most = 1;
  for (let start = 0; start < weights.length; start += count) {
    const line = weights.slice(start, start + count);
    most = Math.max(
      most,
      line.reduce((sum, weight) => sum + Math.abs(weight), 0),
    );
  }
  const { low, high } = codeRange(from);
  const zero = at(from.zeroPoint, 0);
  const room = Math.floor(Math.log2((2 ** 15 - 1) / (Math.max(zero - low, high - zero) * most)) + 2 ** -20);
  const fractionBits = at(from.fractionBits, 0) + Math.min(room, fraction);
  return fixed(16, fractionBits, { mantissa: from.mantissa });
}
