/** What a product reads at some of its output positions: rows of a matrix whose columns meet the weights. */
import type { Elements } from '../execute/executor.js';
import { at, type Format, stepSize } from '../formats/format.js';
import { stochasticBits } from '../formats/rounding.js';
import type { Instruction, Window } from '../program/instructions.js';

/** A convolution or matrix product over the input [N, H, W, C] or [M, K] of one sample, and the size of its output. */
export interface ProductGeometry {
  readonly window: Window;
  /** [H, W, C] */
  readonly input: readonly [number, number, number];
  /** [H', W'] */
  readonly output: readonly [number, number];
}

const POINT: Window = { kernel: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] };

/** The geometry of a product; a matrix product is a convolution of 1 x 1 over its rows. */
export function geometryOf(
  instruction: Instruction<'convolution'> | Instruction<'gemm'>,
  input: readonly number[],
  output: readonly number[],
): ProductGeometry {
  if (instruction.op === 'gemm')
    return { window: POINT, input: [input[0], 1, input[1]], output: [output[0], 1] };
  return {
    window: instruction.window,
    input: [input[1], input[2], input[3]],
    output: [output[1], output[2]],
  };
}

/** Elements of one row: what one output position reads, as kernel row, kernel column, channel. */
export function rowLength({ window: { kernel }, input }: ProductGeometry): number {
  return kernel[0] * kernel[1] * input[2];
}

/** `count` of `positions` positions, ascending, one in each of as many equal stretches; where in it a hash of the seed says. */
export function choosePositions(positions: number, count: number, seed: number): number[] {
  if (count >= positions) return Array.from({ length: positions }, (_, position) => position);
  return Array.from({ length: count }, (_, index) => {
    const within = stochasticBits(seed, index) / 2 ** 32;
    return Math.floor(((index + within) * positions) / count);
  });
}

/** Writes the rows of the given output positions into `rows`; padding is 0, codes become real values. */
export function gatherRows(
  elements: Elements,
  format: Format | null,
  { window, input, output }: ProductGeometry,
  positions: readonly number[],
  rows: Float32Array,
): void {
  const { kernel, strides, pads, dilations } = window;
  const [height, width, channels] = input;
  const values = elements as ArrayLike<number>;
  const step = format === null ? 1 : stepSize(format);
  const zero = format === null ? 0 : at(format.zeroPoint, 0);
  let to = 0;
  for (const position of positions) {
    const top = Math.floor(position / output[1]) * strides[0] - pads[0];
    const left = (position % output[1]) * strides[1] - pads[1];
    for (let row = 0; row < kernel[0]; row++) {
      for (let column = 0; column < kernel[1]; column++, to += channels) {
        const y = top + row * dilations[0];
        const x = left + column * dilations[1];
        if (y < 0 || y >= height || x < 0 || x >= width) rows.fill(0, to, to + channels);
        else {
          const from = (y * width + x) * channels;
          for (let c = 0; c < channels; c++) rows[to + c] = (values[from + c] - zero) * step;
        }
      }
    }
  }
}
