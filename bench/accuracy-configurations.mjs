/**
 * What bench/accuracy.mjs quantises every network with, one section of docs/accuracy.md each: its name, the hardware profile, and
 * what else `quantize` is told.
 */
export const configurations = [
  { name: 'generic-int8', profile: 'generic-int8', options: {} },
  { name: 'generic-int16', profile: 'generic-int16', options: {} },
];
