/** Depthwise convolution with a 3x3 window to kernels that read each input column once. */
import { at } from '../../formats/format.js';
import type { Instruction } from '../../program/instructions.js';
import type { CentredProduct } from './centre.js';
import { type Context, shift } from './context.js';
import { fusedRescaling } from './layer.js';
import { placeFilled } from './lower-convolution.js';
import { packDepthwise3x3 } from './pack-depthwise.js';
import { evenStep, unitsFor } from './schedule.js';
import { SHORT_RECORD_BYTES, shortRecords } from './short-sums.js';
import type { Geometry } from './taps.js';

/** What one call reads: it stays in the second-level cache from one block of channels to the next. */
const CALL_BYTES = 192 * 1024;

/** Bytes per block of 8 channels: of its codes, of weights and of records of 32-bit sums. */
const CODES = 16;
const WEIGHTS = 160;
const BLOCK = 128;

/** True where the kernels for 3x3 windows serve. */
export function fits3x3({ window, input }: Geometry): boolean {
  const { kernel, strides, pads, dilations } = window;
  const square = kernel[0] === 3 && kernel[1] === 3 && dilations[1] === 1;
  return square && strides[1] <= 2 && pads[1] <= 1 && input[1] >= 2;
}

/** `records`: of sums of 32 bits, which serve where 16 bits do not hold the sums of a block. */
export function lowerDepthwise3x3(
  instruction: Instruction<'convolution'>,
  context: Context,
  geometry: Geometry,
  product: CentredProduct,
  records: { readonly blocks: number; readonly layer: number },
): void {
  const { constants } = context;
  const { batch, input, output, window, pixelBytes } = geometry;
  const channels = product.outputs;
  const rows = new Int32Array(output[0] * 4).fill(-1);
  for (let row = 0; row < output[0]; row++)
    for (let tap = 0; tap < 3; tap++) {
      const from = row * window.strides[0] - window.pads[0] + tap * window.dilations[0];
      if (from >= 0 && from < input[0]) rows[row * 4 + tap] = from * input[1] * pixelBytes;
    }
  const table = constants.place(rows.byteLength, () => rows);
  const runs = splitChannels(instruction, context, product);
  const wide = runs.some(({ short }) => short === undefined)
    ? constants.place(Math.ceil(channels / 8) * WEIGHTS, () => packDepthwise3x3(product.weights, channels))
    : 0;
  const padding = placeFilled(context, input[1] * pixelBytes, product.zero);
  const most = Math.max(1, Math.floor(CALL_BYTES / (input[1] * pixelBytes * window.strides[0])));
  const units = unitsFor(context.sharing, 0, batch * output[0] * output[1] * channels * 36);
  const step = evenStep(output[0], most, units / batch, 1);
  const columns = window.strides[1] === 1 ? '3x3' : '3x3Half';
  for (let image = 0; image < batch; image++)
    for (let first = 0; first < output[0]; first += step) {
      context.unit();
      for (const { block, end, short } of runs) {
        const shared = {
          x: shift(
            context.address(instruction.inputs[0]),
            image * input[0] * input[1] * pixelBytes + block * CODES,
          ),
          y: shift(
            context.address(instruction.output),
            (image * output[0] + first) * output[1] * pixelBytes + block * CODES,
          ),
          rows: table + first * 16,
          padding,
          height: Math.min(step, output[0] - first),
          width: output[1],
          columns: input[1],
          left: window.pads[1],
          channels: Math.min(end * 8, channels) - block * 8,
          stride: pixelBytes,
        };
        if (short !== undefined) context.emit(`depthwise${columns}_i16_i16_i16`, { ...shared, ...short });
        else
          context.emit(`depthwise${columns}_i16_i16_i32`, {
            ...shared,
            weights: wide + block * WEIGHTS,
            blocks: records.blocks + block * BLOCK,
            layer: records.layer,
          });
      }
    }
}

interface Run {
  /** Blocks of 8 channels, `end` not included. */
  readonly block: number;
  readonly end: number;
  /** Addresses of what sums of 16 bits need; undefined: they need 32. */
  readonly short: { readonly records: number; readonly limits: number } | undefined;
}

/** Neighbouring blocks of channels with sums of the same width. */
function splitChannels(
  instruction: Instruction<'convolution'>,
  context: Context,
  product: CentredProduct,
): Run[] {
  const { weights, start: bias, outputs: channels } = product;
  const { scaling, range: y, zeroPoint } = fusedRescaling(context, instruction, product)!;
  const blocks = Math.ceil(channels / 8);
  const centred = zeroPoint === 0 && product.zero === 0;
  if (scaling.style !== 'shift' || scaling.rounding !== 'halfEven' || !centred)
    return [{ block: 0, end: blocks, short: undefined }];
  const shifts = Array.from({ length: channels }, (_, channel) => at(scaling.shift, channel));
  const x = context.range(instruction.inputs[0]);
  const records = shortRecords({ weights, bias, shifts, x, y });
  const packed = new Int16Array(records.length * (SHORT_RECORD_BYTES / 2));
  for (const [block, record] of records.entries())
    if (record !== undefined) packed.set(record, (block * SHORT_RECORD_BYTES) / 2);
  const address = context.constants.place(packed.byteLength, () => packed);
  const limits = context.constants.place(32, () => new Int16Array(16).fill(y.low, 0, 8).fill(y.high, 8));
  const runs: Run[] = [];
  for (let block = 0, end = 0; block < blocks; block = end) {
    const isShort = records[block] !== undefined;
    for (end = block; end < blocks && (records[end] !== undefined) === isShort; ) end++;
    const short = isShort ? { records: address + block * SHORT_RECORD_BYTES, limits } : undefined;
    runs.push({ block, end, short });
  }
  return runs;
}
