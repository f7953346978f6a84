/** Names of the profiles in `profiles/`. */
export const BUILT_IN_PROFILES = [
  'generic-int8',
  'generic-mixed',
  'generic-int16',
  'dpu-int8',
  'dpu-mixed',
  'dpu-int16',
  'kneron-int8',
  'kneron-mixed',
  'kneron-int16',
  'tflite-int8',
  'tflite-int8-single',
  'tflite-mixed',
  'tflite-int16x8',
  'cmsis-nn',
  'onnx-qlinear',
  'fpga',
] as const;
