/** Kernels of relaxed SIMD; see docs/kernels.md. */
export { narrow_i16_u8 } from './narrow';
export { convolutionQuads_u8_i8_i32 } from './quads';
