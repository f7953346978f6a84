/**
 * What lowering knows while it walks the graph: which tensor of the program holds each value, as codes, as float32 or
 * both. Conversions between the two are emitted where they are first needed.
 */
import { FormatError, ModelError } from '../errors.js';
import { quantizeValues } from '../formats/convert.js';
import {
  at,
  type Codes,
  channelCount,
  codeRange,
  type Format,
  formatText,
  sameFormat,
  stepSize,
} from '../formats/format.js';
import { roundReal } from '../formats/rounding.js';
import type { Graph, Node } from '../graph/graph.js';
import type { Tensor, TensorType } from '../graph/tensor.js';
import { decodeHalf, isHalf } from '../operators/half.js';
import type { Clamp, Scaling } from '../program/instructions.js';
import { plainOrder } from './axis-order.js';
import { createFunctionTable } from './function-table.js';
import type { GivenArithmetic, ModelFormats, NodeArithmetic } from './model-formats.js';
import { createProgramBuilder, type ProgramBuilder, type Stored } from './program-builder.js';
import { type Interval, intersect } from './ranges.js';
import { createScaling } from './scaling.js';

interface Value {
  codes?: Stored;
  float?: Stored;
  /** For a float32 value computed from codes: the codes that the float tail starts from. */
  tailOf?: Stored;
}

export interface Context {
  readonly graph: Graph;
  readonly builder: ProgramBuilder;
  type(value: string): TensorType;
  constant(value: string): Tensor | undefined;
  /** Format of a value; null where it is float32. */
  format(value: string): Format | null;
  /** Format of a constant, stored as `shape`, that is used by a node that computes in codes. */
  constantFormat(name: string, node: Node, shape: readonly number[]): Format;
  arithmetic(node: Node): NodeArithmetic;
  /** The numbers that a quantised model gives for a node; undefined where it gives none. */
  given(node: Node): GivenArithmetic | undefined;
  /** The same, where they are one scaling. */
  scaling(node: Node): Scaling | undefined;
  /**
   * Codes of a constant in the layout of the graph: those that the model gives, else its values in `format`. The node may
   * have changed its values.
   */
  constantCodes(constant: { name: string; tensor: Tensor }, format: Format, node: Node): Codes;
  /** The codes that the model itself gives for a constant. */
  givenCodes(name: string): Codes | undefined;
  /** The first input of a node, float32, as codes of `format` that become its output. */
  quantize(node: Node, format: Format): Stored;
  /** Looks the codes of a tensor up in a table of codes of `format`. */
  lookup(node: Node | null, tensor: number, table: Codes, format: Format, name: string): number;
  /** The value as float32, or as codes of exactly `format`, in the given axis order (default: as it is stored). */
  read(value: string, format: Format | null, order?: readonly number[]): Stored;
  /** Says which tensor holds a value that was computed from the values `inputs`. */
  define(value: string, stored: Stored, inputs: readonly string[]): void;
  /** Makes the value a port of the program: codes where it has a format, else float32 with the codes behind it. */
  output(value: string): void;
}

export function createContext(graph: Graph, formats: ModelFormats | null): Context {
  const builder = createProgramBuilder(graph);
  const values = new Map<string, Value>();

  function entry(value: string): Value {
    const found = values.get(value);
    if (found !== undefined) return found;
    const constant = graph.constants.get(value);
    if (constant !== undefined) {
      const tensor = builder.constant(value, constant.shape, null, floatData(constant));
      const stored: Value = { float: { tensor, order: plainOrder(constant.shape.length) } };
      values.set(value, stored);
      return stored;
    }
    throw new ModelError({ where: `value "${value}"`, what: 'is used before it is computed' });
  }

  const context: Context = {
    graph,
    builder,
    type(value) {
      const type = graph.types.get(value);
      if (type === undefined)
        throw new ModelError({ where: `value "${value}"`, what: 'has no inferred shape' });
      return type;
    },
    constant: (value) => graph.constants.get(value),
    format(value) {
      const format = formats?.tensors[value] ?? null;
      if (format === null || format.axis === null) return format;
      const { shape } = context.type(value);
      if (format.axis === 1) {
        requireChannels(format, value, shape);
        // Channels come last in a program.
        return { ...format, axis: shape.length - 1 };
      }
      const got = `axis ${format.axis}`;
      throw new FormatError({
        where: `"${value}"`,
        what: 'has scales along another axis',
        expected: 'axis 1',
        got,
      });
    },
    constantFormat(name, node, shape) {
      const format = formats?.constants[name];
      if (format === undefined)
        throw new FormatError({ where: `node "${node.name}"`, what: `constant "${name}" has no format` });
      requireChannels(format, name, shape);
      return format;
    },
    givenCodes: (name) => formats?.codes?.get(name),
    constantCodes({ name, tensor }, format, node) {
      const given = context.givenCodes(name);
      if (given !== undefined) {
        if (tensor === graph.constants.get(name)) return given;
        throw new FormatError({
          where: `node "${node.name}"`,
          what: `changes "${name}", whose codes are given`,
        });
      }
      return quantizeValues(
        floatData(tensor),
        tensor.shape,
        format,
        context.arithmetic(node).rounding,
        'saturate',
      );
    },
    arithmetic(node) {
      const arithmetic = formats?.nodes[node.name];
      if (arithmetic !== undefined) return arithmetic;
      throw new FormatError({ where: `node "${node.name}"`, what: 'has no arithmetic' });
    },
    quantize(node, format) {
      const { tensor, order } = context.read(node.inputs[0], null);
      const name = builder.derive(node.inputs[0], 'codes');
      const output = { name, shape: builder.tensors[tensor].shape, format };
      const { rounding, overflow } = formats!.nodes[node.name] ?? formats!.conversions;
      const { float32Quotient = false } = formats!.conversions;
      const draft = { op: 'quantize', float32Quotient, rounding, overflow, inputs: [tensor] } as const;
      return { tensor: builder.emit(null, draft, output), order };
    },
    lookup(node, tensor, table, format, name) {
      const constant = builder.constant(builder.derive(name, 'table'), [table.length], format, table);
      const draft = { op: 'lookup', inputs: [tensor, constant] } as const;
      return builder.emit(node, draft, { name, shape: builder.tensors[tensor].shape, format });
    },
    given: (node) => formats?.nodes[node.name]?.given,
    scaling(node) {
      const given = context.given(node);
      return given?.kind === 'scaling' ? given.scaling : undefined;
    },
    read(value, format, order) {
      const found = entry(value);
      let stored = format === null ? asFloat(value, found) : asCodes(value, found, format);
      if (order !== undefined) stored = builder.reorder(stored, order);
      return stored;
    },
    define(value, stored, inputs) {
      if (builder.tensors[stored.tensor].format !== null) {
        values.set(value, { codes: stored });
        return;
      }
      const sources = inputs.map((name) => values.get(name)).filter((source) => source !== undefined);
      const tailOf = sources
        .map((source) => source.codes ?? source.tailOf)
        .find((codes) => codes !== undefined);
      values.set(value, { float: stored, tailOf });
    },
    output(value) {
      const format = context.format(value);
      const { tensor } = context.read(value, format, plainOrder(context.type(value).shape.length));
      const { tailOf } = entry(value);
      const behind = tailOf && builder.reorder(tailOf, plainOrder(tailOf.order.length)).tensor;
      builder.output({ name: value, tensor, codes: format === null ? (behind ?? -1) : tensor });
    },
  };

  function asFloat(value: string, found: Value): Stored {
    if (found.float === undefined) {
      const { tensor, order } = found.codes!;
      const { shape } = builder.tensors[tensor];
      const output = { name: builder.derive(value, 'float'), shape, format: null };
      found.float = { tensor: builder.emit(null, { op: 'dequantize', inputs: [tensor] }, output), order };
    }
    return found.float;
  }

  function asCodes(value: string, found: Value, format: Format): Stored {
    const own = context.format(value) ?? format;
    const constant = graph.constants.get(value);
    if (constant !== undefined) {
      const { rounding } = formats!.conversions;
      const codes = quantizeValues(floatData(constant), constant.shape, format, rounding, 'saturate');
      const tensor = builder.constant(value, constant.shape, format, codes);
      return { tensor, order: plainOrder(constant.shape.length) };
    }
    if (found.codes === undefined) {
      const { tensor, order } = found.float!;
      const { shape } = builder.tensors[tensor];
      const output = { name: builder.derive(value, 'codes'), shape, format: own };
      const { rounding, overflow, float32Quotient = false } = formats!.conversions;
      const draft = { op: 'quantize', float32Quotient, rounding, overflow, inputs: [tensor] } as const;
      found.codes = { tensor: builder.emit(null, draft, output), order };
    }
    return requantized(value, found.codes, format);
  }

  function requantized(value: string, stored: Stored, format: Format): Stored {
    const source = builder.tensors[stored.tensor];
    const from = source.format!;
    if (sameFormat(from, format)) return stored;
    const { rounding, overflow, float32Quotient, scaling = { style: 'shift' } } = formats!.conversions;
    if (float32Quotient && from.bits > 16) {
      const real = asFloat(value, { codes: stored });
      const output = { name: builder.derive(value, formatText(format)), shape: source.shape, format };
      const draft = { op: 'quantize', float32Quotient, rounding, overflow, inputs: [real.tensor] } as const;
      return { tensor: builder.emit(null, draft, output), order: real.order };
    }
    if (float32Quotient) {
      const table = createFunctionTable({ style: 'float32' }, (x) => x, from, format, rounding, value)!;
      const name = builder.derive(value, formatText(format));
      return { tensor: context.lookup(null, stored.tensor, table, format, name), order: stored.order };
    }
    const ratio = { operands: [from], result: format };
    const requantize = { ...createScaling(scaling, rounding, ratio, value), overflow };
    const output = {
      name: builder.derive(value, `${format.bits}.${format.fractionBits}`),
      shape: source.shape,
      format,
    };
    const tensor = builder.emit(null, { op: 'requantize', requantize, inputs: [stored.tensor] }, output);
    return { tensor, order: stored.order };
  }

  return context;
}

/** Refuses scales per channel whose number is not that of the channels. */
function requireChannels(
  { fractionBits, mantissa, zeroPoint, axis }: Format,
  name: string,
  shape: readonly number[],
): void {
  const channels = axis === null ? 1 : (shape[axis] ?? 0);
  for (const field of [fractionBits, mantissa, zeroPoint]) {
    if (typeof field === 'number' || field.length === channels) continue;
    const [expected, got] = [String(channels), String(field.length)];
    throw new FormatError({ where: `"${name}"`, what: 'wrong number of scales', expected, got });
  }
}

/** Limits, by default those of a fused activation, in codes of `format`; null where they limit nothing. */
export function clampCodes(
  node: Node,
  format: Format,
  { rounding }: NodeArithmetic,
  limits: Node['clamp'] = node.clamp,
): Clamp | null {
  if (limits === undefined) return null;
  const range = codeRange(format);
  const code = (value: number, channel: number) => {
    const rounded = roundReal(value / stepSize(format, channel), rounding) + at(format.zeroPoint, channel);
    return Math.min(Math.max(rounded, range.low), range.high);
  };
  const clamps = Array.from({ length: channelCount(format) }, (_, channel) => ({
    low: code(limits.low, channel),
    high: code(limits.high, channel),
  }));
  const [{ low, high }] = clamps;
  requireOneClamp(node, clamps);
  return low === range.low && high === range.high ? null : { low, high };
}

/** An instruction has one clamp for all channels. */
function requireOneClamp(node: Node, clamps: readonly Clamp[]): void {
  const [first] = clamps;
  const other = clamps.findIndex(({ low, high }) => low !== first.low || high !== first.high);
  if (other < 0) return;
  throw new FormatError({
    where: `node "${node.name}"`,
    what: 'limits channels to different codes',
    expected: `those of channel 0, ${first.low} to ${first.high}`,
    got: `${clamps[other].low} to ${clamps[other].high} in channel ${other}`,
  });
}

/** A fused activation in float32; null where there is none. */
export function clampFloat(clamp: Node['clamp']): Clamp | null {
  return clamp === undefined ? null : { low: Math.fround(clamp.low), high: Math.fround(clamp.high) };
}

/** Codes that an instruction can produce: its format's range within its clamp. */
export function outputRange(format: Format, clamp: Clamp | null): Interval {
  const range = codeRange(format);
  return clamp === null ? range : intersect(range, clamp);
}

/** The elements of a constant as float32; 16-bit ones are decoded. */
export function floatData(tensor: Tensor): Float32Array {
  if (isHalf(tensor.type)) return decodeHalf(tensor);
  return tensor.data instanceof Float32Array
    ? tensor.data
    : Float32Array.from(tensor.data as Iterable<number | bigint>, Number);
}
