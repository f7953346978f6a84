/** Kernels of the relaxed instruction that multiplies quads of bytes and adds them to sums; see docs/kernels.md. */
export { narrow_i16_u8 } from '../relaxed/narrow';
export { convolutionDots_u8_i8_i32 } from './dots';
