/** Nodes whose given arithmetic takes several instructions: interpolation of codes, and leaky rectifiers with slopes in codes. */
import { allocateCodes, at, codeRange, type Format, fixed } from '../formats/format.js';
import type { Node } from '../graph/graph.js';
import type { Requantize, Scaling } from '../program/instructions.js';
import { inOrder } from './axis-order.js';
import type { Context } from './context.js';
import { operands } from './lower-elementwise.js';
import type { GivenArithmetic } from './model-formats.js';
import { bitsFor } from './ranges.js';

type Given<K extends GivenArithmetic['kind']> = Extract<GivenArithmetic, { kind: K }>;

const saturating = (scaling: Scaling): Requantize => ({ ...scaling, overflow: 'saturate' });
const shifted = (shift: number, rounding: Given<'interpolation'>['rounding']): Requantize =>
  saturating({ style: 'shift', shift, rounding });

/** The same codes with another meaning: a table that gives every code itself. */
export function reinterpret(
  context: Context,
  owner: Node | null,
  tensor: number,
  name: string,
  format: Format,
): number {
  const { builder } = context;
  const { low, high } = codeRange({ ...format, narrow: false });
  const table = allocateCodes(format, high - low + 1) as Int16Array;
  for (let code = low; code <= high; code++) table[code - low] = code;
  const constant = builder.constant(builder.derive(name, 'codes'), [table.length], format, table);
  const draft = { op: 'lookup', inputs: [tensor, constant] } as const;
  return builder.emit(owner, draft, { name, shape: builder.tensors[tensor].shape, format });
}

/** Exact sums along one axis after the other, of which the last ones are rounded. */
export function lowerInterpolation(
  context: Context,
  node: Node,
  { axes, rounding }: Given<'interpolation'>,
): void {
  const { builder } = context;
  const [value] = node.outputs;
  const format = context.format(value)!;
  const { tensor: input, order } = context.read(node.inputs[0], format);
  // What needs the fewest bits comes first; of equals the last axis.
  const steps = order
    .flatMap((onnx, axis) => (axes[onnx] === null ? [] : [{ onnx, axis, taps: axes[onnx] }]))
    .sort((a, b) => a.taps.fractionBits - b.taps.fractionBits || b.axis - a.axis);
  if (steps.length === 0) {
    context.define(value, { tensor: input, order }, node.inputs);
    return;
  }
  // A zero point between codes and means moves the ties.
  const isPlain = rounding === 'halfTowardPositive' || format.zeroPoint === 0;
  const plain = isPlain ? format : { ...format, zeroPoint: 0 };
  let tensor = isPlain
    ? input
    : reinterpret(context, null, input, builder.derive(node.inputs[0], 'plain'), plain);
  let fraction = 0;
  steps.forEach(({ onnx, axis, taps }, index) => {
    const isLast = index === steps.length - 1;
    fraction += taps.fractionBits;
    const shape = builder.tensors[tensor].shape.with(axis, taps.indices.length / taps.count);
    const weights = builder.constant(
      builder.derive(value, `weights${onnx}`),
      [shape[axis], taps.count],
      fixed(16, taps.fractionBits),
      Int16Array.from(taps.weights),
    );
    const to = isLast ? plain : exactFormat(builder.tensors[tensor].format!, taps.fractionBits);
    const requantize = shifted(isLast ? fraction : 0, rounding);
    const draft = {
      op: 'resample',
      axis,
      indices: taps.indices,
      requantize,
      inputs: [tensor, weights],
    } as const;
    const name = isLast
      ? isPlain
        ? value
        : builder.derive(value, 'plain')
      : builder.derive(value, `axis${onnx}`);
    tensor = builder.emit(isLast && isPlain ? node : null, draft, { name, shape, format: to });
  });
  if (!isPlain) tensor = reinterpret(context, node, tensor, value, format);
  context.define(value, { tensor, order }, node.inputs);
}

/** A format that holds every sum of codes of `from`, above their zero point, by weights that make 2^bits. */
function exactFormat(from: Format, weightBits: number): Format {
  const { low, high } = codeRange(from);
  const zero = at(from.zeroPoint, 0);
  const one = 2 ** weightBits;
  const bits = bitsFor({ low: (low - zero) * one, high: (high - zero) * one });
  const fractionBits = at(from.fractionBits, 0) + weightBits;
  return fixed(bits <= 16 ? 16 : 32, fractionBits, { mantissa: from.mantissa });
}

/** positive(x) + scaled(negative(x) * slope): one of the two is 0. */
export function lowerSlopes(
  context: Context,
  node: Node,
  { positive, negative, scaling }: Given<'slopes'>,
): void {
  const { builder } = context;
  const [value] = node.outputs;
  const format = context.format(value)!;
  const { inputs, order } = operands(context, node, format);
  const [x, slopes] = inputs;
  const shape = inOrder(context.type(value).shape, order);
  const own = (from: Format): Format => ({ ...from, bits: 16, signed: true, zeroPoint: 0 });
  const above = context.lookup(null, x, positive, own(format), builder.derive(value, 'positive'));
  const below = context.lookup(
    null,
    x,
    negative,
    own(builder.tensors[x].format!),
    builder.derive(value, 'negative'),
  );
  const product = {
    op: 'multiply',
    clamp: null,
    requantize: saturating(scaling),
    inputs: [below, slopes],
  } as const;
  const scaled = builder.emit(null, product, {
    name: builder.derive(value, 'scaled'),
    shape,
    format: own(format),
  });
  const sum = {
    op: 'add',
    sign: 1,
    shifts: [0, 0],
    scalings: null,
    clamp: null,
    requantize: shifted(0, 'halfAwayFromZero'),
    inputs: [above, scaled],
  } as const;
  const tensor = builder.emit(node, sum, { name: value, shape, format });
  context.define(value, { tensor, order }, node.inputs);
}
