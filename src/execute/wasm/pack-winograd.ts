/** Weights of 3x3 windows transformed for assembly/winograd.ts, in the order in which its product reads them. */

/** Pixels along a side of a tile. */
export type TileSide = 2 | 4;

/** Twice the transform of three weights that the algorithm has for tiles of 2: whole numbers, `step` apart in `to`. */
function transformFour(a: number, b: number, c: number, to: Int32Array, at: number, step: number) {
  const ends = a + c;
  to[at] = 2 * a;
  to[at + step] = ends + b;
  to[at + 2 * step] = ends - b;
  to[at + 3 * step] = 2 * c;
}

/** 24 times the transform for tiles of 4, the last number 6 times. */
function transformSix(a: number, b: number, c: number, to: Int32Array, at: number, step: number) {
  const near = -4 * (a + c);
  const far = a + 4 * c;
  to[at] = 6 * a;
  to[at + step] = near - 4 * b;
  to[at + 2 * step] = near + 4 * b;
  to[at + 3 * step] = far + 2 * b;
  to[at + 4 * step] = far - 2 * b;
  to[at + 5 * step] = 6 * c;
}

/** Weights stored (output, row, column, channel) as [outputs/8][position][pair of channels][8][2]; those of 8 bits fit. */
export function packWinograd(
  data: ArrayLike<number>,
  outputs: number,
  channels: number,
  side: TileSide,
): Int16Array {
  const size = side + 2;
  const positions = size * size;
  const transform = side === 2 ? transformFour : transformSix;
  const turns = Math.ceil(channels / 2);
  const packed = new Int16Array(Math.ceil(outputs / 8) * positions * turns * 16);
  const columns = new Int32Array(size * 3);
  const cells = new Int32Array(positions * 16);
  for (let first = 0; first < outputs; first += 8)
    for (let turn = 0; turn < turns; turn++) {
      cells.fill(0);
      for (let lane = 0; lane < 16; lane++) {
        const output = first + (lane >> 1);
        const channel = 2 * turn + (lane & 1);
        if (output >= outputs || channel >= channels) continue;
        const source = output * 9 * channels + channel;
        for (let column = 0; column < 3; column++) {
          const at = source + column * channels;
          transform(data[at], data[at + 3 * channels], data[at + 6 * channels], columns, column, 3);
        }
        for (let i = 0; i < size; i++)
          transform(columns[i * 3], columns[i * 3 + 1], columns[i * 3 + 2], cells, i * size * 16 + lane, 16);
      }
      const target = ((first >> 3) * positions * turns + turn) * 16;
      for (let position = 0; position < positions; position++)
        for (let lane = 0; lane < 16; lane++)
          packed[target + position * turns * 16 + lane] = cells[position * 16 + lane];
    }
  return packed;
}
