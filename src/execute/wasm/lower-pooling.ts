/** maxPool and averagePool to kernel calls. */
import { codeRange } from '../../formats/format.js';
import { keptRange } from '../../formats/overflow.js';
import type { Instruction, Scaling } from '../../program/instructions.js';
import { isCentred, zeroPointOf } from './centre.js';
import { type Context, shift, unsupported } from './context.js';
import { pixelsPerCall, placeFilled } from './lower-convolution.js';
import { elementBytes } from './prepared.js';
import { prepareRescale, type Sums } from './rescale.js';
import { byShift, WIDE_BYTES, wideRecords } from './rounding.js';
import { evenStep, unitsFor } from './schedule.js';
import { type Geometry, pixelCount, placeTaps, tapCount, tapCounts } from './taps.js';

type Pooling = Instruction<'maxPool' | 'averagePool'>;

function poolGeometry({ window, inputs, output }: Pooling, context: Context): Geometry {
  const [batch, height, width, channels] = context.tensor(inputs[0]).shape;
  const outputs = context.tensor(output).shape;
  const pixelBytes = channels * elementBytes(context.kind(inputs[0]));
  return {
    batch,
    input: [height, width],
    output: [outputs[1], outputs[2]],
    window,
    pixelBytes,
    parts: 1,
    partBytes: 0,
    even: false,
  };
}

/** The calls of a pooling, and for each its first pixel. */
function calls(instruction: Pooling, context: Context, padding: number) {
  const geometry = poolGeometry(instruction, context);
  const taps = tapCount(geometry);
  const table = placeTaps(context.constants, geometry, `instruction "${instruction.name}"`);
  const pixels = pixelCount(geometry);
  const channels = context.tensor(instruction.inputs[0]).shape[3];
  const units = unitsFor(context.sharing, pixels * channels * taps);
  const step = evenStep(pixels, pixelsPerCall(geometry, taps), units, 4);
  const yStride = geometry.pixelBytes;
  return Array.from({ length: Math.ceil(pixels / step) }, (_, index) => {
    const first = index * step;
    return {
      first,
      args: {
        x: context.address(instruction.inputs[0]),
        y: shift(context.address(instruction.output), first * yStride),
        table: table + (first / 4) * taps * 16,
        padding,
        pixels: Math.min(step, pixels - first),
        channels,
        yStride,
        taps,
      },
    };
  });
}

export function lowerMaxPool(instruction: Instruction<'maxPool'>, context: Context): void {
  const { format } = context.tensor(instruction.output);
  const { constants } = context;
  if (format === null) {
    const least = () => new Float32Array(8).fill(Number.NEGATIVE_INFINITY);
    const padding = constants.place(32, least, 'least f32');
    for (const { args } of calls(instruction, context, padding)) {
      context.unit();
      context.emit('maxPool_f32_f32', args);
    }
    return;
  }
  const { low } = codeRange(format);
  const padding = constants.place(32, () => new Int16Array(16).fill(low), `least ${low}`);
  for (const { args } of calls(instruction, context, padding)) {
    context.unit();
    context.emit('maxPool_i16_i16', args);
  }
}

export function lowerAveragePool(instruction: Instruction<'averagePool'>, context: Context): void {
  const { constants } = context;
  const counts = tapCounts(poolGeometry(instruction, context), instruction.countIncludePad);
  const padding = placeFilled(context, 64, 0);
  if (context.tensor(instruction.output).format === null) {
    const selectors = Float32Array.from(counts, (count) => 1 / count);
    const address = constants.place(selectors.byteLength, () => selectors);
    for (const { first, args } of calls(instruction, context, padding)) {
      context.unit();
      context.emit('averagePool_f32_f32', { ...args, selectors: address + first * 4 });
    }
    return;
  }
  const records = placeReciprocals(instruction, context, counts);
  if (records === undefined) {
    lowerAverageSums(instruction, context, counts);
    return;
  }
  const selectors = Uint32Array.from(counts, (count) => records.get(count)!);
  const address = constants.place(selectors.byteLength, () => selectors);
  for (const { first, args } of calls(instruction, context, padding)) {
    context.unit();
    context.emit('averagePool_i16_i64', { ...args, selectors: address + first * 4 });
  }
}

/** The records of all counts that occur; undefined where one needs more than multiplying and shifting in 64 bits. */
function placeReciprocals(
  instruction: Instruction<'averagePool'>,
  context: Context,
  counts: readonly number[],
): Map<number, number> | undefined {
  const { inputs, output } = instruction;
  const centred = [inputs[0], output].every((tensor) => isCentred(context.tensor(tensor)));
  if (context.counters !== undefined || !centred) return undefined;
  const records = new Map<number, number>();
  for (const count of new Set(counts)) {
    const record = reciprocalRecord(instruction, context, count);
    if (record === undefined) return undefined;
    records.set(
      count,
      context.constants.place(record.byteLength, () => record),
    );
  }
  return records;
}

/** The scaling of windows with `count` elements. */
function scalingOf(instruction: Instruction<'averagePool'>, count: number): Scaling {
  const found = instruction.scalings.find((candidate) => candidate.count === count);
  return found?.scaling ?? unsupported(instruction, 'window', 'a scaling for its size', `${count} elements`);
}

/** That of the rounding, and the multiplier. */
function reciprocalRecord(
  instruction: Instruction<'averagePool'>,
  context: Context,
  count: number,
): BigInt64Array | undefined {
  const { overflow, window, inputs, output } = instruction;
  const scaling = scalingOf(instruction, count);
  if (scaling.style !== 'multiplier' && scaling.style !== 'shift') return undefined;
  const multiplier = scaling.style === 'multiplier' ? scaling.multiplier : 1;
  const { shift, rounding } = scaling;
  if (typeof multiplier !== 'number' || typeof shift !== 'number') return undefined;
  const { low, high } = codeRange(context.tensor(inputs[0]).format!);
  const sum = Math.max(-low, high) * window.kernel[0] * window.kernel[1];
  const bits = 2 + Math.ceil(Math.log2(Math.max(1, sum * multiplier)));
  const fused = byShift({ style: 'shift', shift, rounding, overflow }, bits);
  if (fused === undefined || sum >= 2 ** 31 || bits > 63) return undefined;
  const range = keptRange(context.tensor(output).format!, overflow);
  const record = wideRecords([shift], fused.rounding, range).slice(0, WIDE_BYTES / 8 + 1);
  record[WIDE_BYTES / 8] = BigInt(multiplier);
  return record;
}

/** Sums, and a pass that makes codes of them, each pixel by the scaling of its count. */
function lowerAverageSums(
  instruction: Instruction<'averagePool'>,
  context: Context,
  counts: readonly number[],
): void {
  const { overflow, inputs } = instruction;
  const zero = zeroPointOf(context.tensor(inputs[0]));
  const known = [...new Set(counts)];
  const picks = counts.map((count) => known.indexOf(count));
  const scalings = known.map((count) => scalingOf(instruction, count));
  const sums: Sums = { kind: 'i64', bits: 64, above: 0 };
  const rescale = prepareRescale(context, instruction, scalings, { overflow, clamp: null, sums, picks });
  const parts = calls(instruction, context, placeFilled(context, 64, zero));
  const largest = Math.max(0, ...parts.map(({ args }) => args.pixels));
  const channels = context.tensor(inputs[0]).shape[3];
  const y = context.unitScratch(largest * channels * 8);
  for (const { first, args } of parts) {
    context.unit();
    context.emit('averagePoolSums_i16_i64', { ...args, y, yStride: channels * 8, zeros: zero });
    rescale(y, first * channels, args.pixels * channels);
  }
}
