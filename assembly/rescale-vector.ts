/**
 * From exact sums to saturated codes, by vectors. Sums and codes are dense: `pixels` of `channels` each; layer and blocks: see round.ts.
 */
import { storeShorts } from './lanes';
import { BLOCK, roundEight, storeEightSums } from './round';

export function rescaleLanes_i32_i16(
  x: usize, y: usize, layer: usize, blocks: usize, pixels: i32, channels: i32,
): void {
  for (let pixel = 0; pixel < pixels; pixel++) {
    let block = blocks;
    for (let channel = 0; channel < channels; channel += 8) {
      const count = min(channels - channel, 8);
      storeShorts(y, roundEight(v128.load(x), v128.load(x, 16), block, layer), count);
      x += <usize>count * 4;
      y += <usize>count * 2;
      block += BLOCK;
    }
  }
}

/** Blocks are those of sums of 64 bits. */
export function rescaleLanes_i64_i16(
  x: usize, y: usize, layer: usize, blocks: usize, pixels: i32, channels: i32,
): void {
  for (let pixel = 0; pixel < pixels; pixel++) {
    let block = blocks;
    for (let channel = 0; channel < channels; channel += 8) {
      const count = min(channels - channel, 8);
      storeEightSums(
        y, v128.load(x), v128.load(x, 16), v128.load(x, 32), v128.load(x, 48), block, layer, count,
      );
      x += <usize>count * 8;
      y += <usize>count * 2;
      block += BLOCK + 64;
    }
  }
}
