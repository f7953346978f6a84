/** Which kernel a convolution or matrix product runs on, and the records that its rounding needs. */
import { isExact } from '../../program/accumulator.js';
import type { Instruction } from '../../program/instructions.js';
import type { ProgramTensor } from '../../program/program.js';
import { type Context, unsupported } from './context.js';
import type { Kernel } from './kernels.js';
import {
  channelShifts,
  narrowRecords,
  outputRange,
  REDUCED_WORDS,
  reducedRecords,
  requireShift,
  WIDE_BYTES,
  wideRecords,
} from './rounding.js';

type Product = Instruction<'convolution' | 'gemm'>;

type ProductKernel = Extract<Kernel, `convolution${string}`>;

export interface Layer {
  readonly kernel: ProductKernel;
  /** For a single pixel, where there is one. */
  readonly rowKernel: ProductKernel | undefined;
  /** `split`: 16 bits as two bytes. */
  readonly weights: 'i8' | 'i16' | 'split' | 'f32';
  /** True where sums have 64 bits. */
  readonly wide: boolean;
  /** Addresses of the records per channel and per layer, and the bytes from group to group. */
  readonly blocks: number;
  readonly groupBytes: number;
  readonly layer: number;
  readonly layerGroupBytes: number;
}

/** Width that the accumulator reaches. Throws a ProgramError where it is not proved exact. */
export function provedWidth(instruction: Product): number {
  const { accumulator } = instruction.arithmetic!;
  const { provedBits, bits, partialSum } = accumulator;
  if (!isExact(accumulator))
    unsupported(
      instruction,
      'an accumulator that may overflow or drop bits',
      'one that is proved to be exact',
      partialSum === null ? `${provedBits} bits proved of ${bits}` : 'partial sums',
    );
  return provedBits;
}

/** Spreads values per channel so that each group starts a new panel of 8. */
function byPanels<T>(values: ArrayLike<T>, groups: number, fill: T): T[] {
  const perGroup = values.length / groups;
  const panel = Math.ceil(perGroup / 8) * 8;
  return Array.from({ length: groups * panel }, (_, index) => {
    const channel = index % panel;
    return channel < perGroup ? values[Math.floor(index / panel) * perGroup + channel] : fill;
  });
}

export function chooseArithmetic(
  context: Context,
  instruction: Product,
  outputs: number,
  bias: ProgramTensor | undefined,
  groups: number,
): Layer {
  const { constants } = context;
  const requantize = requireShift(instruction, instruction.arithmetic!.requantize);
  const bits = provedWidth(instruction);
  const { format } = context.tensor(instruction.inputs[1]);
  const short = format!.bits < 8 || (format!.bits === 8 && format!.signed);
  const range = outputRange(
    instruction,
    context.tensor(instruction.output).format!,
    requantize.overflow,
    instruction.clamp,
  );
  const shifts = channelShifts(requantize, outputs);
  const panelShifts = byPanels(shifts, groups, shifts[0] ?? 0);
  const zeros = new Array<number>(outputs).fill(0);
  const biases = byPanels<number | bigint>((bias?.data as ArrayLike<number>) ?? zeros, groups, 0);
  const panels = biases.length / groups / 8;
  if (bits <= 32) {
    const records = narrowRecords(panelShifts, requantize.rounding, range, bits, biases);
    if (records !== undefined)
      return {
        kernel: short ? 'convolution_i16_i8_i32' : 'convolution_i16_i16_i32',
        rowKernel: short ? 'convolutionRow_i16_i8_i32' : 'convolutionRow_i16_i16_i32',
        weights: short ? 'i8' : 'i16',
        wide: false,
        blocks: constants.place(records.blocks.byteLength, () => records.blocks),
        groupBytes: panels * 128,
        layer: constants.place(records.layer.byteLength, () => records.layer),
        layerGroupBytes: 0,
      };
  }
  const reduced =
    bits > 32 ? reducedRecords(panelShifts, requantize.rounding, range, bits, biases) : undefined;
  if (reduced !== undefined)
    return {
      kernel: `convolution_i16_${short ? 'i8' : 'i16'}_i64`,
      rowKernel: undefined,
      weights: short ? 'i8' : 'split',
      wide: true,
      blocks: constants.place(reduced.blocks.byteLength, () => reduced.blocks),
      groupBytes: panels * REDUCED_WORDS * 4,
      layer: constants.place(reduced.layer.byteLength, () => reduced.layer),
      layerGroupBytes: 0,
    };
  const inSums = bits <= 32;
  const records = wideRecords(
    instruction,
    panelShifts,
    requantize.rounding,
    range,
    bits,
    inSums ? undefined : biases,
  );
  const start = Int32Array.from(inSums ? biases : [], Number);
  return {
    kernel: `convolution_i16_${short ? 'i8' : 'i16'}_${inSums ? 'wide' : 'i64'}`,
    rowKernel: undefined,
    weights: short ? 'i8' : inSums ? 'i16' : 'split',
    wide: !inSums,
    blocks: constants.place(records.byteLength, () => records),
    groupBytes: panels * 8 * WIDE_BYTES,
    layer: inSums ? constants.place(start.byteLength, () => start) : 0,
    layerGroupBytes: inSums ? panels * 32 : 0,
  };
}

export function placeFloatLayer(
  context: Context,
  instruction: Product,
  outputs: number,
  bias: ProgramTensor | undefined,
  groups: number,
): Layer {
  const zeros = new Float32Array(outputs);
  const biases = Float32Array.from(byPanels((bias?.data as Float32Array) ?? zeros, groups, 0));
  return {
    kernel: 'convolution_f32_f32_f32',
    rowKernel: 'convolutionRow_f32_f32_f32',
    weights: 'f32',
    wide: false,
    blocks: context.constants.place(biases.byteLength, () => biases),
    groupBytes: biases.byteLength / groups,
    layer: placeFloatClamp(context, instruction),
    layerGroupBytes: 0,
  };
}

/** low and high, 4 x f32 each. */
export function placeFloatClamp(context: Context, { clamp }: Product): number {
  const { low, high } = clamp ?? { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  const make = () => new Float32Array(8).fill(low, 0, 4).fill(high, 4, 8);
  return context.constants.place(
    32,
    make,
    `clamp ${Object.is(low, -0) ? '-0' : low} ${Object.is(high, -0) ? '-0' : high}`,
  );
}
