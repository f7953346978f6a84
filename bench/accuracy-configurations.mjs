/**
 * What bench/accuracy.mjs quantises every network with, a section of docs/accuracy.md each. `hardware` and `bits` are its place in
 * the summary; `options` is what else `quantize` is told.
 */
const plain = { recover: [] };

export const configurations = [
  { name: 'generic-int8', hardware: 'generic', bits: 'int8', profile: 'generic-int8' },
  { name: 'generic-mixed', hardware: 'generic', bits: 'mixed', profile: 'generic-mixed' },
  { name: 'generic-int16', hardware: 'generic', bits: 'int16', profile: 'generic-int16' },
  { name: 'dpu-int8', hardware: 'DPU-like', bits: 'int8', profile: 'dpu-int8' },
  { name: 'dpu-mixed', hardware: 'DPU-like', bits: 'mixed', profile: 'dpu-mixed' },
  { name: 'dpu-int16', hardware: 'DPU-like', bits: 'int16', profile: 'dpu-int16' },
  { name: 'kneron-int8', hardware: 'Kneron-like', bits: 'int8', profile: 'kneron-int8' },
  { name: 'kneron-mixed', hardware: 'Kneron-like', bits: 'mixed', profile: 'kneron-mixed' },
  { name: 'kneron-int16', hardware: 'Kneron-like', bits: 'int16', profile: 'kneron-int16' },
  { name: 'tflite-int8', hardware: 'TFLite', bits: 'int8', profile: 'tflite-int8' },
  { name: 'tflite-mixed', hardware: 'TFLite', bits: 'mixed', profile: 'tflite-mixed' },
  { name: 'tflite-int16x8', hardware: 'TFLite', bits: 'int16', profile: 'tflite-int16x8' },
  {
    name: 'generic-int8, no recovery',
    hardware: 'generic',
    bits: 'int8, no recovery',
    profile: 'generic-int8',
    options: plain,
  },
  {
    name: 'dpu-int8, no recovery',
    hardware: 'DPU-like',
    bits: 'int8, no recovery',
    profile: 'dpu-int8',
    options: plain,
  },
];
