/**
 * What 32-bit sums reach, and how many of them become codes outside of the range: those beyond the ends of their channel. Sums are dense,
 * `pixels` of `channels` each; `blocks` holds least and greatest sum within (4 x i32 each) per 4 channels. `counters`: see rescale.ts.
 */
export function countSums_i32(x: usize, blocks: usize, pixels: i32, channels: i32, counters: usize): void {
  let least = i32x4.splat(i32.MAX_VALUE);
  let most = i32x4.splat(i32.MIN_VALUE);
  let outside = i32x4.splat(0);
  let minimum = i32.MAX_VALUE;
  let maximum = i32.MIN_VALUE;
  let clipped: i64 = 0;
  const vectors = channels & ~3;
  for (let pixel = 0; pixel < pixels; pixel++) {
    let block = blocks;
    for (let channel = 0; channel < vectors; channel += 4) {
      const v = v128.load(x);
      least = i32x4.min_s(least, v);
      most = i32x4.max_s(most, v);
      const beyond = v128.or(i32x4.lt_s(v, v128.load(block)), i32x4.gt_s(v, v128.load(block, 16)));
      outside = i32x4.sub(outside, beyond);
      x += 16;
      block += 32;
    }
    for (let channel = vectors; channel < channels; channel++) {
      const v = load<i32>(x);
      minimum = min(minimum, v);
      maximum = max(maximum, v);
      clipped += <i64>(v < load<i32>(block) || v > load<i32>(block, 16));
      x += 4;
      block += 4;
    }
  }
  for (let lane = 0; lane < 4; lane++) {
    minimum = min(minimum, i32x4.extract_lane(least, 0));
    maximum = max(maximum, i32x4.extract_lane(most, 0));
    clipped += i32x4.extract_lane(outside, 0);
    least = v128.shuffle<i32>(least, least, 1, 2, 3, 0);
    most = v128.shuffle<i32>(most, most, 1, 2, 3, 0);
    outside = v128.shuffle<i32>(outside, outside, 1, 2, 3, 0);
  }
  store<i64>(counters, min(load<i64>(counters), <i64>minimum));
  store<i64>(counters, max(load<i64>(counters, 8), <i64>maximum), 8);
  store<i64>(counters, load<i64>(counters, 16) + clipped, 16);
}

/** The same for 64-bit sums; `blocks` holds 4 x i64 each per 4 channels. */
export function countSums_i64(x: usize, blocks: usize, pixels: i32, channels: i32, counters: usize): void {
  let least = i64x2.splat(i64.MAX_VALUE);
  let most = i64x2.splat(i64.MIN_VALUE);
  let outside = i64x2.splat(0);
  let minimum = load<i64>(counters);
  let maximum = load<i64>(counters, 8);
  let clipped = load<i64>(counters, 16);
  const vectors = channels & ~1;
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let channel = 0; channel < vectors; channel += 2) {
      const block = blocks + (<usize>(channel >> 2) << 6) + (<usize>(channel & 2) << 3);
      const v = v128.load(x);
      least = v128.bitselect(v, least, i64x2.lt_s(v, least));
      most = v128.bitselect(v, most, i64x2.gt_s(v, most));
      const beyond = v128.or(i64x2.lt_s(v, v128.load(block)), i64x2.gt_s(v, v128.load(block, 32)));
      outside = i64x2.sub(outside, beyond);
      x += 16;
    }
    if (vectors < channels) {
      const block = blocks + (<usize>(vectors >> 2) << 6) + (<usize>(vectors & 2) << 3);
      const v = load<i64>(x);
      minimum = min(minimum, v);
      maximum = max(maximum, v);
      clipped += <i64>(v < load<i64>(block) || v > load<i64>(block, 32));
      x += 8;
    }
  }
  minimum = min(minimum, min(i64x2.extract_lane(least, 0), i64x2.extract_lane(least, 1)));
  maximum = max(maximum, max(i64x2.extract_lane(most, 0), i64x2.extract_lane(most, 1)));
  store<i64>(counters, minimum);
  store<i64>(counters, maximum, 8);
  store<i64>(counters, clipped + i64x2.extract_lane(outside, 0) + i64x2.extract_lane(outside, 1), 16);
}
