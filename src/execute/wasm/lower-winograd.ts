/** 3x3 convolutions at stride 1 to the kernels of assembly/winograd.ts, which multiply less and are exact. */
import { codeRange } from '../../formats/format.js';
import { type CentredProduct, type Product, rangeRead } from './centre.js';
import { type Address, type Context, shift } from './context.js';
import type { Layer } from './layer.js';
import { movePadded } from './lower-movement.js';
import { packWinograd, scratchBytes, type Tiling } from './pack-winograd.js';
import { elementBytes } from './prepared.js';
import { evenStep, unitsFor } from './schedule.js';
import type { Geometry } from './taps.js';
import { fitsLongTiles } from './winograd-bounds.js';

/** Transformed input and sums of one call, which stay in the second-level cache. */
const INPUT_BYTES = 256 * 1024;
const SUMS_BYTES = 128 * 1024;

/** Fewer channels or outputs than this do not repay the transforms. */
const LEAST_CHANNELS = 16;

/** With fewer tiles, each weight is read from memory for too few products: those of larger tiles take more of it. */
const LEAST_TILES = 16;

/** How much larger than a code a transformed one may be, and the bits of 32 that sums lose: assembly/winograd.ts. */
const GROWTH = { 2: 4, 4: 100 } as const;
const LOST_BITS = { 2: 2, 4: 6 } as const;

/** The tiles; undefined where another kernel serves better, or these are not exact. */
export function chooseTiling(
  context: Context,
  instruction: Product,
  { window, batch, output, pixelBytes }: Geometry,
  product: CentredProduct,
): Tiling | undefined {
  const { kernel, strides, dilations } = window;
  const { weights, outputs } = product;
  const square = kernel[0] === 3 && kernel[1] === 3;
  if (!square || [...strides, ...dilations].some((step) => step !== 1)) return undefined;
  const { format } = context.tensor(instruction.inputs[0]);
  if (Math.min(pixelBytes / 2, outputs) < LEAST_CHANNELS) return undefined;
  const { low, high } = codeRange(format!);
  const { provedBits } = instruction.arithmetic!.accumulator;
  const tiles = (side: number) => batch * Math.ceil(output[0] / side) * Math.ceil(output[1] / side);
  const side = ([4, 2] as const).find((pixels) => {
    const exact = Math.max(-low, high) * GROWTH[pixels] < 2 ** 15 && provedBits + LOST_BITS[pixels] <= 32;
    return exact && tiles(pixels) >= LEAST_TILES;
  });
  if (side !== undefined) return { side, long: false };
  const long =
    tiles(2) >= LEAST_TILES && fitsLongTiles(weights, outputs, rangeRead(context, instruction, product));
  return long ? { side: 2, long } : undefined;
}

export function lowerWinograd(
  instruction: Product,
  context: Context,
  x: Address,
  geometry: Geometry,
  product: CentredProduct,
  layer: Pick<Layer, 'blocks' | 'layer'>,
  tiling: Tiling,
): void {
  const { side, long } = tiling;
  const { constants } = context;
  const { output, pixelBytes } = geometry;
  const { outputs } = product;
  const bytes = elementBytes(context.kind(instruction.inputs[0]));
  const channels = pixelBytes / bytes;
  const across = Math.ceil(output[1] / side);
  const padded = [Math.ceil(output[0] / side) * side + 2, across * side + 2] as const;
  const source = movePadded(context, x, geometry, channels, instruction.inputs[0], padded, product.zero);
  const table = tileTable(geometry, padded, side, outputs * bytes);
  const tableAddress = constants.place(
    table.byteLength,
    () => table,
    `tiles ${JSON.stringify([geometry, side, outputs])}`,
  );
  const positions = (side + 2) ** 2;
  const turns = Math.ceil(channels / 2);
  const panels = Math.ceil(outputs / 8);
  const panelBytes = positions * turns * 32;
  const { weights: data } = product;
  const weights = constants.compute(panels * panelBytes, scratchBytes(channels), (target) =>
    packWinograd(target, data, outputs, channels, tiling),
  );
  const tiles = table.length / 4;
  const xStride = Math.ceil(channels / 8) * 16;
  const most = Math.max(4, INPUT_BYTES / (positions * xStride));
  const step = Math.ceil(tiles / Math.ceil(tiles / most) / 4) * 4;
  const parts = Math.ceil(tiles / step);
  // Positions lie an odd number of cache lines apart, so that they do not meet in one set of the cache.
  const xPlane = step * xStride + 64 * (1 - (((step * xStride) / 64) % 2));
  const yPlane = step * 32 + 64 * (1 - (((step * 32) / 64) % 2));
  const together = Math.max(1, Math.min(panels, Math.floor(SUMS_BYTES / (positions * yPlane))));
  const units = unitsFor(context.sharing, 0, tiles * positions * channels * outputs);
  // Where threads are more than parts, they share the channels of each part: its transformed input is then for all.
  const shared = parts < units;
  const inputBytes = positions * xPlane;
  const keep = (size: number) => (shared ? context.scratch(parts * size) : context.unitScratch(size));
  const transformed = keep(inputBytes);
  // Of each tile, all transformed codes may be listed.
  const tileList = long ? positions * xStride * 4 : 0;
  const listBytes = step * (tileList + 8);
  const lists = long ? keep(listBytes) : 0;
  const sums = context.unitScratch(together * positions * yPlane);
  const scratch = context.unitScratch(768);
  const y = context.address(instruction.output);
  /** Transforms tiles of a part, of which others may transform others. */
  const emitInput = (part: number, first: number, count: number) => {
    const at = shared ? part : 0;
    const input = {
      x: source,
      y: shift(transformed, at * inputBytes + first * xStride),
      table: tableAddress + (part * step + first) * 16,
      scratch,
      tiles: count,
      channels,
      xRow: padded[1] * pixelBytes,
      xStride: pixelBytes,
      plane: xPlane,
    };
    if (!long) context.emit(side === 2 ? 'winogradInput2_i16_i16' : 'winogradInput4_i16_i16', input);
    else
      context.emit('winogradInputLong_i16_i16', {
        ...input,
        list: shift(lists, at * listBytes + first * (tileList + 8)),
        weightPlane: turns * 32,
        sumPlane: yPlane,
      });
  };
  const outputKernel = side === 2 ? 'winogradOutput2_i32_i16' : 'winogradOutput4_i32_i16';
  /** Codes of the panels from `start` to `end` of a part, whose tiles were transformed `inputStep` at a time. */
  const emitPanels = (part: number, start: number, end: number, inputStep: number) => {
    const at = shared ? part : 0;
    const first = part * step;
    const count = Math.min(step, tiles - first);
    for (let panel = start; panel < end; panel += together) {
      context.emit('winogradProduct_i16_i16_i32', {
        x: shift(transformed, at * inputBytes),
        y: sums,
        weights: weights + panel * panelBytes,
        positions,
        tiles: count,
        panels: Math.min(together, end - panel),
        turns,
        xStride,
        xPlane,
        yPlane,
      });
      for (let tile = 0; long && tile < count; tile += inputStep)
        context.emit('winogradExcess_i16_i32', {
          y: shift(sums, tile * 32),
          weights: weights + panel * panelBytes,
          list: shift(lists, at * listBytes + tile * (tileList + 8)),
          panels: Math.min(together, end - panel),
          panel: panelBytes,
          yPanel: positions * yPlane,
        });
      context.emit(long ? 'winogradOutputLong_i32_i16' : outputKernel, {
        x: sums,
        y: shift(y, panel * 16),
        table: tableAddress + first * 16,
        blocks: layer.blocks + panel * 128,
        layer: layer.layer,
        scratch,
        tiles: count,
        channels: Math.min(Math.min(together, end - panel) * 8, outputs - panel * 8),
        plane: yPlane,
        yRow: output[1] * outputs * bytes,
        yStride: outputs * bytes,
      });
    }
  };
  if (!shared) {
    for (let part = 0; part < parts; part++) {
      context.unit();
      emitInput(part, 0, Math.min(step, tiles - part * step));
      emitPanels(part, 0, panels, step);
    }
    return;
  }
  const inputStep = evenStep(step, step, units / parts, 4);
  const panelStep = evenStep(panels, panels, units / parts, 1);
  for (let part = 0; part < parts; part++) {
    const count = Math.min(step, tiles - part * step);
    for (let tile = 0; tile < count; tile += inputStep) {
      context.unit();
      emitInput(part, tile, Math.min(inputStep, count - tile));
    }
  }
  context.stage();
  for (let part = 0; part < parts; part++)
    for (let panel = 0; panel < panels; panel += panelStep) {
      context.unit();
      const end = Math.min(panel + panelStep, panels);
      emitPanels(part, panel, end, inputStep);
    }
}

/** Per tile, bytes to its input and its output, and how many rows and columns of the output it has; filled up to a multiple of 4. */
function tileTable(
  { batch, output, pixelBytes }: Geometry,
  padded: readonly [number, number],
  side: Tiling['side'],
  outputBytes: number,
): Int32Array {
  const [height, width] = output;
  const rows: number[][] = [];
  for (let n = 0; n < batch; n++)
    for (let i = 0; i < height; i += side)
      for (let j = 0; j < width; j += side)
        rows.push([
          ((n * padded[0] + i) * padded[1] + j) * pixelBytes,
          ((n * height + i) * width + j) * outputBytes,
          Math.min(side, height - i),
          Math.min(side, width - j),
        ]);
  while (rows.length % 4 !== 0) rows.push([0, 0, 0, 0]);
  return Int32Array.from(rows.flat());
}
