/** Sliding windows: which elements of the input each output position sees, docs/arithmetic.md section 4.2. */
import type { Window } from '../../program/instructions.js';
import { check, checkRank, type Operand } from './operands.js';

/** What one window sees of its input, in the order row, column. Reused from window to window. */
export interface Taps {
  /** Taps inside the input: the first `count` entries of the arrays below. */
  count: number;
  /** Pixel of the input: (n * H + row) * W + column. */
  readonly pixels: Int32Array;
  /** Place in the kernel: r * kernelWidth + c. */
  readonly places: Int32Array;
  /** Taps inside the padded input. */
  padded: number;
}

/** Throws a ProgramError unless the window is legal and x [N,H,W,C] and y agree in N. */
export function checkWindow(where: string, window: Window, x: Operand, y: Operand): void {
  checkRank(where, x, 4);
  checkRank(where, y, 4);
  check(x.shape[0] === y.shape[0], where, 'the batches differ', `${x.shape[0]}`, `${y.shape[0]}`);
  for (const name of ['kernel', 'strides', 'dilations'] as const) {
    const legal = window[name].every((size) => Number.isInteger(size) && size > 0);
    check(legal, where, `has wrong ${name}`, 'integers above 0', window[name].join(', '));
  }
  const legal = window.pads.every(Number.isInteger);
  check(legal, where, 'has wrong pads', 'integers', window.pads.join(', '));
}

/** Calls `visit` for every output position (n * H' + i) * W' + j with what its window sees. */
export function forEachWindow(
  window: Window,
  input: readonly number[],
  output: readonly number[],
  visit: (position: number, taps: Taps) => void,
): void {
  const [batch, height, width] = input;
  const [, outputHeight, outputWidth] = output;
  const [kernelHeight, kernelWidth] = window.kernel;
  const [top, left, bottom, right] = window.pads;
  const size = kernelHeight * kernelWidth;
  const taps: Taps = { count: 0, padded: 0, pixels: new Int32Array(size), places: new Int32Array(size) };
  let position = 0;
  for (let n = 0; n < batch; n++) {
    for (let i = 0; i < outputHeight; i++) {
      for (let j = 0; j < outputWidth; j++) {
        taps.count = 0;
        taps.padded = 0;
        for (let r = 0; r < kernelHeight; r++) {
          const row = i * window.strides[0] - top + r * window.dilations[0];
          for (let c = 0; c < kernelWidth; c++) {
            const column = j * window.strides[1] - left + c * window.dilations[1];
            if (row >= -top && row < height + bottom && column >= -left && column < width + right)
              taps.padded++;
            if (row < 0 || row >= height || column < 0 || column >= width) continue;
            taps.pixels[taps.count] = (n * height + row) * width + column;
            taps.places[taps.count] = r * kernelWidth + c;
            taps.count++;
          }
        }
        visit(position++, taps);
      }
    }
  }
}
