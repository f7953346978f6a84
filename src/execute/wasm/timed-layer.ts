/** Convolutions with codes from one end of their range to the other: two are timed, to choose among variants. */
import { codeRange, type Format, fixed } from '../../formats/format.js';
import type { Program, ProgramTensor } from '../../program/program.js';
import type { Elements } from '../executor.js';

export interface ExtremeLayer {
  readonly size: number;
  readonly channels: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly bits: { readonly x: number; readonly weights: number };
  /** True: the codes of x are 0 to 127. */
  readonly rectified: boolean;
}

/** Every code comes up; those of the ends often. */
export function spread(length: number, low: number, high: number, seed: number): Int32Array {
  const codes = new Int32Array(length);
  const step = 2 ** 32 / (high - low + 1);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const kind = state >>> 29;
    if (kind > 1) codes[i] = low + Math.floor(((state << 3) >>> 0) / step);
    else codes[i] = kind === 0 ? low : high;
  }
  return codes;
}

/** A clamp that proves the range of x, and the convolution. */
export function extremeLayer(
  { size, channels, outputs, kernel, bits, rectified }: ExtremeLayer,
  seed: number,
): Program {
  const x = fixed(bits.x, 4);
  const w = fixed(bits.weights, 6);
  const count = outputs * kernel * kernel * channels;
  const range = codeRange(w);
  const Codes = bits.weights > 8 ? Int16Array : Int8Array;
  const wide = fixed(32, 10);
  const tensor = (name: string, shape: number[], format: Format): ProgramTensor => ({ name, shape, format });
  const pixels = [1, size, size];
  const names = { node: '', operator: '' };
  const pad = (kernel - 1) / 2;
  return {
    name: 'layer',
    tensors: [
      tensor('x', [...pixels, channels], x),
      tensor('clamped', [...pixels, channels], x),
      {
        ...tensor('weights', [outputs, kernel, kernel, channels], w),
        data: new Codes(spread(count, range.low, range.high, seed)),
      },
      { ...tensor('bias', [outputs], wide), data: spread(outputs, -5000, 5000, seed + 1) },
      tensor('y', [...pixels, outputs], x),
    ],
    instructions: [
      {
        ...names,
        op: 'clamp',
        name: 'clamp',
        inputs: [0],
        output: 1,
        clamp: { low: rectified ? 0 : -128, high: 127 },
      },
      {
        ...names,
        op: 'convolution',
        name: 'convolution',
        inputs: [1, 2, 3],
        output: 4,
        window: { kernel: [kernel, kernel], strides: [1, 1], pads: [pad, pad, pad, pad], dilations: [1, 1] },
        groups: 1,
        clamp: null,
        arithmetic: {
          accumulator: {
            bits: 32,
            overflow: 'wrap',
            order: ['row', 'column', 'inputChannel'],
            productsPerStep: 1,
            treeBits: 0,
            bias: 'first',
            partialSum: null,
            provedBits: 24,
          },
          requantize: {
            style: 'shift',
            shift: Array.from({ length: outputs }, (_, output) => 7 + (output % 4)),
            rounding: 'halfEven',
            overflow: 'saturate',
          },
        },
      },
    ],
    inputs: [{ name: 'x', tensor: 0 }],
    outputs: [{ name: 'y', tensor: 4, codes: 4 }],
    metadata: {},
  };
}

/**
 * Layers of middling size to time, and their inputs: a window, and a single tap with weights that leave room for sums of several
 * products in 16 bits, as most do.
 */
export function timedLayers(): { readonly program: Program; readonly inputs: readonly Elements[] }[] {
  const inputs = [new Int8Array(spread(14 * 14 * 64, -128, 127, 6))];
  const shared = { size: 14, channels: 64, rectified: true };
  const window = { ...shared, outputs: 64, kernel: 3, bits: { x: 8, weights: 8 } };
  const tap = { ...shared, outputs: 256, kernel: 1, bits: { x: 8, weights: 7 } };
  return [window, tap].map((layer) => ({ program: extremeLayer(layer, 5), inputs }));
}
