/** One kernel call as several over parts of what it walks, where its kernel takes any part. */
import { type Address, shift } from './context.js';
import { type Kernel, kernels } from './kernels.js';

/** A loop of a kernel: how far it goes, and what each address advances by from one turn to the next. */
interface Loop {
  /** Name of the argument that counts its turns. */
  readonly extent: string;
  /** Turns between two places where the loop may be cut. */
  readonly multiple: number;
  /** Bytes per turn. */
  readonly strides: Readonly<Record<string, number>>;
  /** Elements that one turn writes. */
  readonly elements: number;
}

/** `args`: the numbers among a call's arguments. */
type Rule = (args: Readonly<Record<string, number>>) => Loop;

/** Elements of a cache line: neighbours that two threads write lie in two of them. */
const LINE = 32;

/** Elements in a row, `x` and `y` bytes each; records may change from channel to channel. */
const dense =
  (x: number, y: number): Rule =>
  ({ channels = 1, inner = 1 }) => {
    const multiple = channels === 1 ? LINE : channels * inner;
    return { extent: 'length', multiple, strides: { x, y }, elements: 1 };
  };

/** Rows of broadcast operands, or the elements of a single row. */
const broadcast =
  (size: number, operands: readonly string[]): Rule =>
  (args) => {
    const { rows, length, channels = 1 } = args;
    const along = (suffix: 'Row' | 'Step', y: number) => ({
      ...Object.fromEntries(operands.map((operand) => [operand, args[operand + suffix]])),
      y,
    });
    if (rows === 1)
      return { extent: 'length', multiple: LINE * channels, strides: along('Step', size), elements: 1 };
    const multiple = length % channels === 0 ? 1 : channels;
    return { extent: 'rows', multiple, strides: along('Row', length * size), elements: length };
  };

/** Lines of `length` elements that do not see each other. */
const lines =
  (extent: string, length: string, size: number): Rule =>
  (args) => {
    const bytes = args[length] * (args.inner ?? 1) * size;
    return {
      extent,
      multiple: 1,
      strides: { x: bytes, y: bytes },
      elements: args[length] * (args.inner ?? 1),
    };
  };

/** The outermost of four nested loops that turns more than once. */
const nested: Rule = (args) => {
  const axis = [0, 1, 2].find((index) => args[`n${index}`] > 1) ?? 3;
  const elements = [0, 1, 2, 3].slice(axis + 1).reduce((product, inner) => product * args[`n${inner}`], 1);
  const strides = { x: args[`x${axis}`], y: args[`y${axis}`] };
  return { extent: `n${axis}`, multiple: axis === 3 ? LINE : 1, strides, elements };
};

/** Rows of a product of matrices, in pairs. */
const rows =
  (size: number): Rule =>
  ({ depth, columns }) => {
    const strides = { a: depth * size, y: columns * size };
    return { extent: 'rows', multiple: 2, strides, elements: columns * Math.ceil(depth / 8) };
  };

const codePair = broadcast(2, ['a', 'b']);
const realPair = broadcast(4, ['a', 'b']);

const rules: Partial<Record<Kernel, Rule>> = {
  quantize_f32_i16: dense(4, 2),
  quantizeShift_f32_i16: dense(4, 2),
  dequantize_i16_f32: dense(2, 4),
  requantize_i16_i32: dense(2, 2),
  requantize_i16_i64: dense(2, 2),
  clamp_i16_i16: dense(2, 2),
  clamp_f32_f32: dense(4, 4),
  lookup_i16_i16: dense(2, 2),
  narrow_i16_u8: dense(2, 1),
  fill_i16_i16: dense(0, 2),
  fill_f32_f32: dense(0, 4),
  add_i16_i16_i32: codePair,
  add_i16_i16_i64: codePair,
  add_f32_f32_f32: realPair,
  multiply_i16_i16_i32: codePair,
  multiply_i16_i16_i64: codePair,
  multiply_f32_f32_f32: realPair,
  leakyRelu_i16_i16_i32: codePair,
  leakyRelu_i16_i16_i64: codePair,
  leakyRelu_f32_f32_f32: realPair,
  extremum_i16_i16_i16: codePair,
  extremum_f32_f32_f32: realPair,
  scaledPair_i16_i16_i16: codePair,
  addScaled_i16_i16_i16: codePair,
  divide_f32_f32_f32: realPair,
  power_f32_f32_f32: realPair,
  select_f32_f32_f32: broadcast(4, ['condition', 'a', 'b']),
  move_i16_i16: nested,
  move_f32_f32: nested,
  softmax_f32_f32: lines('outer', 'length', 4),
  softmaxNewton_i16_i16: lines('outer', 'length', 2),
  softmaxTable_i16_i16: lines('outer', 'length', 2),
  localResponseNormalization_f32_f32: lines('lines', 'channels', 4),
  matmul_f32_f32_f32: rows(4),
  matmul_i16_i16_i32: rows(2),
};

const unary = dense(4, 4);

/** What a part of a call replaces. */
interface Part {
  readonly args: readonly Address[];
  readonly first: number;
}

/**
 * A call in at most `parts(elements)` parts that write `elements` elements together; none where it is better left whole.
 * Together the parts write what the call writes.
 */
export function splitCall(
  { kernel, args, first }: Part & { readonly kernel: Kernel },
  parts: (elements: number) => number,
): Part[] {
  const names: readonly string[] = kernels[kernel];
  const rule = rules[kernel] ?? (names.includes('alpha') ? unary : undefined);
  if (rule === undefined) return [];
  const numbers = names.flatMap((name, index) => {
    const arg = args[index];
    return typeof arg === 'number' ? [[name, arg] as const] : [];
  });
  const values: Readonly<Record<string, number>> = Object.fromEntries(numbers);
  const { extent, multiple, strides, elements } = rule(values);
  const total = values[extent];
  const count = Math.floor(parts(total * elements));
  if (count < 2) return [];
  const step = Math.ceil(total / count / multiple) * multiple;
  const split: Part[] = [];
  for (let start = 0; start < total; start += step) {
    const own = names.map((name, index) => {
      if (name === extent) return Math.min(step, total - start);
      return name in strides ? shift(args[index], start * strides[name]) : args[index];
    });
    split.push({ args: own, first: first + start * elements });
  }
  return split.length > 1 ? split : [];
}
