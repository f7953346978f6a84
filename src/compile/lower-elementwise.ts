/** Elementwise operators: add, multiply, clamp, leaky rectifiers and functions of one variable. */

import { FormatError } from '../errors.js';
import { evaluateUnary } from '../execute/oracle/elementary.js';
import { codeRange, type Format, fixed, formatText, isPowerOfTwo } from '../formats/format.js';
import type { Node } from '../graph/graph.js';
import type { Tensor } from '../graph/tensor.js';
import type { Requantize, ScaledPair, UnaryFunction } from '../program/instructions.js';
import { elementCount } from '../shape.js';
import { channelsLastOrder, inOrder, permuteData, plainOrder } from './axis-order.js';
import { type Context, clampCodes, clampFloat, floatData, outputRange } from './context.js';
import { createFunctionTable } from './function-table.js';
import type { Stored } from './program-builder.js';
import { createScaledProduct, createScaledSum } from './scaled-pair.js';
import { createScaling, createSumScaling } from './scaling.js';

/**
 * All operands of a broadcasting operator in one axis order and of equal rank; each in its own format, or where `shared` both
 * in `format`.
 */
export function operands(
  context: Context,
  node: Node,
  format: Format | null,
  shared = false,
): { inputs: number[]; order: readonly number[] } {
  const rank = context.type(node.outputs[0]).shape.length;
  const lead = node.inputs.find(
    (name) => context.constant(name) === undefined && context.type(name).shape.length === rank,
  );
  const own = (name: string) => (format === null || shared ? format : (context.format(name) ?? format));
  const order = lead === undefined ? plainOrder(rank) : context.read(lead, own(lead)).order;
  const inputs = node.inputs.map((name) => {
    const tensor = context.constant(name);
    return tensor === undefined
      ? computed(context, name, own(name), order)
      : constant(context, node, name, tensor, format, order, shared);
  });
  return { inputs, order };
}

function computed(context: Context, name: string, format: Format | null, order: readonly number[]): number {
  const { shape } = context.type(name);
  if (shape.length === order.length) return context.read(name, format, order).tensor;
  const plain = context.read(name, format, plainOrder(shape.length)).tensor;
  const lifted = [...new Array<number>(order.length - shape.length).fill(1), ...shape];
  const stored: Stored = {
    tensor: context.builder.reshape(plain, lifted, name),
    order: plainOrder(order.length),
  };
  return context.builder.reorder(stored, order).tensor;
}

function constant(
  context: Context,
  node: Node,
  name: string,
  tensor: Tensor,
  format: Format | null,
  order: readonly number[],
  shared: boolean,
): number {
  const lifted = [...new Array<number>(order.length - tensor.shape.length).fill(1), ...tensor.shape];
  const data = permuteData(floatData(tensor), lifted, order, new Float32Array(elementCount(lifted)));
  const shape = inOrder(lifted, order);
  if (format === null) return context.builder.constant(name, shape, null, data);
  const own = shared ? format : context.constantFormat(name, node, shape);
  const codes = context.constantCodes({ name, tensor }, own, node);
  const arranged = permuteData(codes, lifted, order, codes.slice() as typeof codes);
  return context.builder.constant(name, shape, own, arranged);
}

/** A requantisation of products of the operands by the node's arithmetic. */
function requantizeProduct(
  context: Context,
  node: Node,
  operands: readonly Format[],
  result: Format,
): Requantize {
  const { scaling, rounding, overflow } = context.arithmetic(node);
  const own = context.scaling(node) ?? createScaling(scaling, rounding, { operands, result }, node.name);
  return { ...own, overflow };
}

export function lowerAdd(context: Context, node: Node, sign: 1 | -1): void {
  const { builder } = context;
  const [value] = node.outputs;
  const format = context.format(value);
  const { inputs, order } = operands(context, node, format);
  const shape = inOrder(context.type(value).shape, order);
  if (format === null) {
    const draft = {
      op: 'add',
      sign,
      shifts: [0, 0],
      scalings: null,
      clamp: clampFloat(node.clamp),
      requantize: null,
      inputs,
    } as const;
    context.define(
      value,
      { tensor: builder.emit(node, draft, { name: value, shape, format }), order },
      node.inputs,
    );
    return;
  }
  const [a, b] = inputs.map((tensor) => builder.tensors[tensor].format!);
  const arithmetic = context.arithmetic(node);
  if (arithmetic.scaling.style === 'scale') {
    emitScaledPair(context, node, createScaledSum([a, b], sign, format), { inputs, order, format });
    return;
  }
  const { given, scaling, rounding } = arithmetic;
  const sum = given?.kind === 'sum' ? given : createSumScaling(scaling, rounding, [a, b], format, node.name);
  const { shifts, scalings, output } = sum;
  const requantize = { ...output, overflow: arithmetic.overflow };
  const clamp = clampCodes(node, format, arithmetic);
  const tensor = builder.emit(
    node,
    { op: 'add', sign, shifts, scalings, clamp, requantize, inputs },
    { name: value, shape, format, range: outputRange(format, clamp) },
  );
  context.define(value, { tensor, order }, node.inputs);
}

function emitScaledPair(
  context: Context,
  node: Node,
  by: ScaledPair,
  { inputs, order, format }: { inputs: readonly number[]; order: readonly number[]; format: Format },
): void {
  const [value] = node.outputs;
  const clamp = clampCodes(node, format, context.arithmetic(node));
  const shape = inOrder(context.type(value).shape, order);
  const output = { name: value, shape, format, range: outputRange(format, clamp) };
  const tensor = context.builder.emit(node, { op: 'scaledPair', by, clamp, inputs }, output);
  context.define(value, { tensor, order }, node.inputs);
}

export function lowerMultiply(context: Context, node: Node): void {
  const { builder } = context;
  const [value] = node.outputs;
  const format = context.format(value);
  const { inputs, order } = operands(context, node, format);
  const shape = inOrder(context.type(value).shape, order);
  if (format === null) {
    const draft = { op: 'multiply', clamp: clampFloat(node.clamp), requantize: null, inputs } as const;
    context.define(
      value,
      { tensor: builder.emit(node, draft, { name: value, shape, format }), order },
      node.inputs,
    );
    return;
  }
  const operandFormats = inputs.map((tensor) => builder.tensors[tensor].format!);
  if (context.arithmetic(node).scaling.style === 'scale') {
    emitScaledPair(context, node, createScaledProduct(operandFormats, format), { inputs, order, format });
    return;
  }
  const requantize = requantizeProduct(context, node, operandFormats, format);
  const clamp = clampCodes(node, format, context.arithmetic(node));
  const tensor = builder.emit(
    node,
    { op: 'multiply', clamp, requantize, inputs },
    { name: value, shape, format, range: outputRange(format, clamp) },
  );
  context.define(value, { tensor, order }, node.inputs);
}

export function lowerExtremum(context: Context, node: Node, fn: 'maximum' | 'minimum'): void {
  const [value] = node.outputs;
  const format = context.format(value);
  const { inputs, order } = operands(context, node, format, true);
  const shape = inOrder(context.type(value).shape, order);
  const draft = { op: 'extremum', function: fn, inputs } as const;
  const tensor = context.builder.emit(node, draft, { name: value, shape, format });
  context.define(value, { tensor, order }, node.inputs);
}

/** Reads the first input as codes of its own format (or float32) and emits one instruction of the same shape. */
function unaryInstruction(
  context: Context,
  node: Node,
  emit: (input: Stored, format: Format | null) => { tensor: number },
  inputFormat: (format: Format) => Format,
): void {
  const [value] = node.outputs;
  const format = context.format(value);
  const input = context.read(node.inputs[0], format === null ? null : inputFormat(format));
  const stored = { tensor: emit(input, format).tensor, order: input.order };
  context.define(value, stored, node.inputs);
}

const ownFormat = (context: Context, node: Node) => (format: Format) =>
  context.format(node.inputs[0]) ?? format;

export function lowerClamp(context: Context, node: Node, low: number, high: number): void {
  const { builder } = context;
  const limits = { low, high };
  unaryInstruction(
    context,
    node,
    (input, format) => {
      const { shape } = builder.tensors[input.tensor];
      const clamp =
        format === null
          ? clampFloat(limits)!
          : (clampCodes(node, format, context.arithmetic(node), limits) ?? codeRange(format));
      const range = format === null ? undefined : outputRange(format, clamp);
      const draft = { op: 'clamp', clamp, inputs: [input.tensor] } as const;
      return { tensor: builder.emit(node, draft, { name: node.outputs[0], shape, format, range }) };
    },
    (format) => format,
  );
}

export function lowerUnary(context: Context, node: Node, fn: UnaryFunction): void {
  const { builder } = context;
  const name = node.outputs[0];
  unaryInstruction(
    context,
    node,
    (input, format) => {
      const { shape, format: from } = builder.tensors[input.tensor];
      const table =
        format === null || from === null
          ? undefined
          : functionTable(context, node, (x) => evaluateUnary(fn, x), from, format);
      if (format === null || table === undefined) {
        const { tensor } = from === null ? input : context.read(node.inputs[0], null, input.order);
        const draft = { op: 'unary', function: fn, inputs: [tensor] } as const;
        return { tensor: builder.emit(node, draft, { name, shape, format: null }) };
      }
      return { tensor: context.lookup(node, input.tensor, table, format, name) };
    },
    ownFormat(context, node),
  );
}

function functionTable(context: Context, node: Node, fn: (x: number) => number, from: Format, to: Format) {
  const { table = { style: 'full' }, rounding } = context.arithmetic(node);
  return createFunctionTable(table, fn, from, to, rounding, node.name);
}

export function lowerLeakyRelu(context: Context, node: Node, slopes: { name: string; tensor: Tensor }): void {
  const { builder } = context;
  const [value] = node.outputs;
  const format = context.format(value);
  const rank = context.type(value).shape.length;
  const values = floatData(slopes.tensor);
  const order = values.length === 1 ? undefined : channelsLastOrder(rank);
  const input = context.read(
    node.inputs[0],
    format === null ? null : ownFormat(context, node)(format),
    order,
  );
  const { shape } = builder.tensors[input.tensor];
  const size = [values.length];
  if (format === null) {
    const constant = builder.constant(slopes.name, size, null, values);
    const draft = {
      op: 'leakyRelu',
      slopeShift: 0,
      requantize: null,
      inputs: [input.tensor, constant],
    } as const;
    const stored = { tensor: builder.emit(node, draft, { name: value, shape, format }), order: input.order };
    context.define(value, stored, node.inputs);
    return;
  }
  if (values.length === 1 && context.arithmetic(node).scaling.style === 'scale') {
    const slope = (x: number) => (x >= 0 ? x : Math.fround(x * values[0]));
    const from = builder.tensors[input.tensor].format!;
    const { rounding } = context.arithmetic(node);
    const table = createFunctionTable({ style: 'float32' }, slope, from, format, rounding, node.name)!;
    const tensor = context.lookup(node, input.tensor, table, format, value);
    context.define(value, { tensor, order: input.order }, node.inputs);
    return;
  }
  const slopeFormat = context.constantFormat(slopes.name, node, size);
  if (!isPowerOfTwo(slopeFormat) || typeof slopeFormat.fractionBits !== 'number')
    throw new FormatError({
      where: `"${slopes.name}"`,
      what: 'slopes have the wrong scale',
      expected: 'one power of two and zeroPoint 0',
      got: formatText(slopeFormat),
    });
  const slopeShift = slopeFormat.fractionBits;
  const codes = context.constantCodes(slopes, slopeFormat, node);
  const constant = builder.constant(slopes.name, size, fixed(slopeFormat.bits, slopeShift), codes);
  const draft = {
    op: 'leakyRelu',
    slopeShift,
    requantize: requantizeProduct(
      context,
      node,
      [builder.tensors[input.tensor].format!, slopeFormat],
      format,
    ),
    inputs: [input.tensor, constant],
  } as const;
  const tensor = builder.emit(node, draft, { name: value, shape, format });
  context.define(value, { tensor, order: input.order }, node.inputs);
}
