/** Kernels that count or measure: a module of their own, so that the others are what they would be without them; see docs/kernels.md. */
export { accumulateCounted_i16_i32_i64 } from '../accumulate';
export { compare_i16_f32, compare_i32_f32, compare_f32_f32 } from '../compare';
export { countSums_i32, countSums_i64 } from '../count';
export {
  rescaleCounted_i32_i16,
  rescaleCounted_i64_i16,
  rescaleCounted_i32_i32,
  rescaleCounted_i64_i32,
} from '../rescale';
