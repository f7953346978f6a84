/**
 * Real values of a QDQ model: every tensor of codes goes through QuantizeLinear and DequantizeLinear, between which other widths
 * than 8 and 16 bits are clipped.
 */
import { permuteData } from '../../../compile/axis-order.js';
import { ProgramError } from '../../../errors.js';
import { at, channelCount, codeRange, type Format, stepSize } from '../../../formats/format.js';
import { int, ints } from '../../../graph/attributes.js';
import type { Node } from '../../../graph/graph.js';
import type { ElementType, Tensor } from '../../../graph/tensor.js';
import type { Clamp, Instruction } from '../../../program/instructions.js';
import type { Program, ProgramTensor } from '../../../program/program.js';
import { elementCount } from '../../../shape.js';
import { castTo, createGraphBuilder, type GraphBuilder } from '../graph-builder.js';
import { createLayouts, type Layouts, shapeIn } from '../layouts.js';

/** QuantizeLinear knows 16 bits from here on. */
export const OPSET = 21;

export interface Context {
  readonly builder: GraphBuilder;
  /** Names of real values. */
  readonly layouts: Layouts<string>;
  tensor(index: number): ProgramTensor;
  /** Adds a node, limits its output where an activation is fused, and defines the output tensor. */
  compute(
    instruction: Instruction & { readonly clamp?: Clamp | null },
    operator: string,
    inputs: readonly string[],
    attributes: Node['attributes'],
    order: readonly number[],
  ): void;
  /** Defines a tensor from its real value, which is quantised where it has a format. */
  define(index: number, real: string, order: readonly number[]): void;
  /** The real value of codes of a format. */
  dequantize(codes: string, format: Format, order: readonly number[]): string;
  /** The codes of a real value that lies on the grid of its format or is to be brought there. */
  quantize(real: string, format: Format, order: readonly number[]): string;
  limit(real: string, clamp: Clamp | null, format: Format | null): string;
}

/** The type of QuantizeLinear and DequantizeLinear that holds the codes; undefined where the codes are too wide. */
export function quantizedType({ bits, signed }: Format): 'int8' | 'uint8' | 'int16' | 'uint16' | undefined {
  if (bits > 16) return undefined;
  return `${signed ? '' : 'u'}int${bits <= 8 ? 8 : 16}`;
}

export function createContext(
  program: Program,
  kept: Iterable<string>,
  outputs: ReadonlySet<string>,
): Context {
  const builder = createGraphBuilder(kept, { share: false });
  const { tensors } = program;
  const owner = 'the program';

  /** Scale, zero point and axis as operands and attribute. */
  function parameters(format: Format, type: ElementType, order: readonly number[]) {
    const channels = [format.fractionBits, format.mantissa, format.zeroPoint].find(Array.isArray)?.length;
    const count = channels ?? 1;
    const shape = channels === undefined ? [] : [channels];
    const list = Array.from({ length: count }, (_, channel) => channel);
    const zeros = list.map((channel) => at(format.zeroPoint, channel));
    const range = codeRange({
      bits: type.endsWith('8') ? 8 : 16,
      signed: !type.startsWith('u'),
      narrow: false,
    });
    if (zeros.some((zero) => zero < range.low || zero > range.high))
      throw new ProgramError({ where: owner, what: `has a zero point that ${type} does not hold` });
    const scale = builder.numbers(
      'float32',
      shape,
      list.map((channel) => stepSize(format, channel)),
    );
    const zero = type === 'int32' ? [] : [builder.numbers(type, shape, zeros)];
    const attributes: Node['attributes'] =
      channels === undefined ? {} : { axis: int(order.indexOf(format.axis!)) };
    return { operands: [scale, ...zero], attributes };
  }

  function dequantizeAs(codes: string, format: Format, type: ElementType, order: readonly number[]): string {
    const { operands, attributes } = parameters(format, type, order);
    return builder.node('DequantizeLinear', [codes, ...operands], attributes);
  }

  /** Codes of a constant that DequantizeLinear takes, or else its real values as float32. */
  function constant({ name, shape, format, data }: ProgramTensor, order: readonly number[]): string {
    const target = shapeIn(shape, order);
    const moved = <T extends Float32Array | Int32Array>(elements: T) =>
      permuteData(elements, shape, order, elements.slice() as T);
    if (format === null)
      return builder.constant({ type: 'float32', shape: target, data: moved(data as Float32Array) }, name);
    const codes = Array.from(data as ArrayLike<number | bigint>, Number);
    const fits = codes.every((code) => code === (code | 0));
    const type = quantizedType(format) ?? 'int32';
    if (!fits || (type === 'int32' && [format.zeroPoint].flat().some((zero) => zero !== 0))) {
      const real = realValues(codes, shape, format);
      return builder.constant({ type: 'float32', shape: target, data: moved(real) }, name);
    }
    const permuted = moved(Int32Array.from(codes));
    const stored: Tensor = { type, shape: target, data: typed(type, permuted) };
    return dequantizeAs(builder.constant(stored, name), format, type, order);
  }

  /** Moved values are quantised again: runtimes expect their codes on both sides. */
  const layouts = createLayouts<string>(program, outputs, {
    transpose: (value, permutation, { format }, order) =>
      requantize(builder.node('Transpose', [value], { perm: ints(permutation) }), format, order),
    reshape: (value, shape, { format }, order) => {
      const list = builder.numbers('int64', [shape.length], shape);
      return requantize(builder.node('Reshape', [value, list]), format, order);
    },
    constant,
    rename: (value, name) => builder.rename(value, name),
    settle: (value) => builder.settle(value),
  });

  /** The real value on the grid of its format; as it is where it has none, or where its codes are too wide. */
  function requantize(real: string, format: Format | null, order: readonly number[]): string {
    if (format === null || quantizedType(format) === undefined) return real;
    return context.dequantize(context.quantize(real, format, order), format, order);
  }

  const context: Context = {
    builder,
    layouts,
    tensor: (index) => tensors[index],
    compute(instruction, operator, inputs, attributes, order) {
      const { output, clamp = null } = instruction;
      const real = builder.node(operator, inputs, attributes);
      context.define(output, context.limit(real, clamp, tensors[output].format), order);
    },
    define(index, real, order) {
      layouts.define(index, requantize(real, tensors[index].format, order), order);
    },
    dequantize: (codes, format, order) => dequantizeAs(codes, format, quantizedType(format)!, order),
    quantize(real, format, order) {
      const type = quantizedType(format)!;
      const { operands, attributes } = parameters(format, type, order);
      return clipCodes(builder.node('QuantizeLinear', [real, ...operands], attributes), format, builder);
    },
    limit(real, clamp, format) {
      if (clamp === null) return real;
      const [lows, highs] = [clamp.low, clamp.high].map((code) => realCodes(code, format));
      const most = format === null ? Infinity : codeRange(format).high;
      if (lows.every((low) => low === 0) && clamp.high >= most) return builder.node('Relu', [real]);
      if ([lows, highs].some((ends) => ends.some((end) => end !== ends[0])))
        throw new ProgramError({
          where: owner,
          what: 'has limits that differ among channels as real values',
        });
      const ends = [lows[0], highs[0]].map((end) =>
        Number.isFinite(end) ? builder.numbers('float32', [], [end]) : '',
      );
      return builder.node('Clip', [real, ...ends]);
    },
  };
  return context;
}

/** The real values of one code, channel by channel. */
function realCodes(code: number, format: Format | null): number[] {
  if (format === null) return [code];
  return Array.from(
    { length: channelCount(format) },
    (_, channel) => (code - at(format.zeroPoint, channel)) * stepSize(format, channel),
  );
}

/** Codes of 8 and 16 bits are saturated by QuantizeLinear; all others, and narrow ones, are clipped. */
function clipCodes(codes: string, format: Format, builder: GraphBuilder): string {
  const { bits, narrow } = format;
  if ((bits === 8 || bits === 16) && !narrow) return codes;
  const { low, high } = codeRange(format);
  const type = quantizedType(format)!;
  if (bits <= 8) {
    const ends = [low, high].map((end) => builder.numbers(type, [], [end]));
    return builder.node('Clip', [codes, ...ends]);
  }
  // ONNX allows Clip of 16 bits, ONNX Runtime does not have it.
  const ends = [low, high].map((end) => builder.numbers('int32', [], [end]));
  const wide = builder.node('Cast', [codes], castTo('int32'));
  const clipped = builder.node('Clip', [wide, ...ends]);
  return builder.node('Cast', [clipped], castTo(type));
}

function realValues(codes: readonly number[], shape: readonly number[], format: Format): Float32Array {
  const inner = format.axis === null ? 1 : elementCount(shape.slice(format.axis + 1));
  const channels = format.axis === null ? 1 : shape[format.axis];
  return Float32Array.from(codes, (code, index) => {
    const channel = Math.floor(index / inner) % channels;
    return (code - at(format.zeroPoint, channel)) * stepSize(format, channel);
  });
}

function typed(type: string, codes: Int32Array) {
  const arrays = { int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array };
  return type === 'int32' ? codes : arrays[type as 'int8'].from(codes);
}
