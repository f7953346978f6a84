/** maxPool and averagePool to kernel calls. */
import { codeRange } from '../../formats/format.js';
import type { Instruction } from '../../program/instructions.js';
import { type Context, shift, unsupported } from './context.js';
import { pixelsPerCall, placeZeros } from './lower-convolution.js';
import { elementBytes } from './prepared.js';
import { outputRange, requireNamed, WIDE_BYTES, wideRecords } from './rounding.js';
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
  const step = pixelsPerCall(geometry, taps);
  const channels = context.tensor(instruction.inputs[0]).shape[3];
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
    for (const { args } of calls(instruction, context, padding)) context.emit('maxPool_f32_f32', args);
    return;
  }
  const { low } = codeRange(format);
  const padding = constants.place(32, () => new Int16Array(16).fill(low), `least ${low}`);
  for (const { args } of calls(instruction, context, padding)) context.emit('maxPool_i16_i16', args);
}

export function lowerAveragePool(instruction: Instruction<'averagePool'>, context: Context): void {
  const { constants } = context;
  const counts = tapCounts(poolGeometry(instruction, context), instruction.countIncludePad);
  const padding = placeZeros(context, 64);
  if (context.tensor(instruction.output).format === null) {
    const selectors = Float32Array.from(counts, (count) => 1 / count);
    const address = constants.place(selectors.byteLength, () => selectors);
    for (const { first, args } of calls(instruction, context, padding))
      context.emit('averagePool_f32_f32', { ...args, selectors: address + first * 4 });
    return;
  }
  const records = new Map(
    [...new Set(counts)].map((count) => [count, placeReciprocal(instruction, context, count)]),
  );
  const selectors = Uint32Array.from(counts, (count) => records.get(count)!);
  const address = constants.place(selectors.byteLength, () => selectors);
  for (const { first, args } of calls(instruction, context, padding))
    context.emit('averagePool_i16_i64', { ...args, selectors: address + first * 4 });
}

/** The record of a count: that of its rounding, and the multiplier. */
function placeReciprocal(instruction: Instruction<'averagePool'>, context: Context, count: number): number {
  const { scalings, overflow, window } = instruction;
  const scaling = scalings.find((candidate) => candidate.count === count)?.scaling;
  if (scaling === undefined)
    unsupported(instruction, 'window', 'a scaling for its size', `${count} elements`);
  if (scaling.style !== 'multiplier' && scaling.style !== 'shift')
    unsupported(instruction, 'scaling', 'shift or multiplier', scaling.style);
  const multiplier = scaling.style === 'multiplier' ? scaling.multiplier : 1;
  const { shift } = scaling;
  if (typeof multiplier !== 'number' || typeof shift !== 'number')
    unsupported(instruction, 'scaling', 'one for all channels', 'one per channel');
  const rounding = requireNamed(instruction, scaling.rounding);
  const taps = window.kernel[0] * window.kernel[1];
  const { low, high } = codeRange(context.tensor(instruction.inputs[0]).format!);
  const sum = Math.max(-low, high) * taps;
  const bits = 2 + Math.ceil(Math.log2(Math.max(1, sum * Math.abs(multiplier))));
  if (sum >= 2 ** 31 || bits > 63)
    unsupported(instruction, 'sum', 'below 2^31, and its product below 2^62', `${taps} elements`);
  const range = outputRange(instruction, context.tensor(instruction.output).format!, overflow, null);
  const record = wideRecords(instruction, [shift], rounding, range, bits).slice(0, WIDE_BYTES / 8 + 1);
  record[WIDE_BYTES / 8] = BigInt(multiplier);
  return context.constants.place(record.byteLength, () => record);
}
