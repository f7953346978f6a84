/** What each instruction carries beside its tensors, as text and in the file: one row per instruction. */
import type { Overflow } from '../formats/rounding.js';
import { type Field, group, nullable, optional, required } from './field.js';
import { unaryFunction } from './function-spelling.js';
import type { Accumulator, Arithmetic, Instructions, Requantize, Scaling, Window } from './instructions.js';
import { countScalings, scaledPair, scaling, scalingPair } from './scaling-spelling.js';
import * as as from './spellings.js';

const rounding = required(as.rounding, 'round');
const overflow = required(as.overflow);
const integer = required(as.integer);
const integers = required(as.integers);
const number = required(as.number);
const clamp = nullable(required(as.clamp), 'clamp');

const window = group<Window>({
  kernel: required(as.pair),
  strides: optional(as.pair, [1, 1]),
  pads: optional(as.quad, [0, 0, 0, 0]),
  dilations: optional(as.pair, [1, 1]),
});

const requantize: Field<Requantize> = {
  print: ({ overflow: limit, ...by }, key) => [...scaled.print({ scaling: by, overflow: limit }, key)],
  parse: (words, key) => flatten(scaled.parse(words, key)),
  encode: ({ overflow: limit, ...by }) => scaled.encode({ scaling: by, overflow: limit }),
  decode: (wire, key) => flatten(scaled.decode(wire, key)),
};
const scaled = group<{ scaling: Scaling; overflow: Overflow }>({ scaling: required(scaling), overflow });
const flatten = ({ scaling: by, overflow: limit }: { scaling: Scaling; overflow: Overflow }): Requantize => ({
  ...by,
  overflow: limit,
});

const accumulator = group<Accumulator>({
  bits: required(as.integer, 'accumulator'),
  overflow: required(as.overflow, 'accumulatorOverflow'),
  order: optional(as.loops, ['row', 'column', 'inputChannel']),
  productsPerStep: optional(as.integer, 1),
  treeBits: optional(as.integer, 0),
  bias: optional(as.biasOrder, 'last'),
  partialSum: nullable(required(as.partialSum), 'partialSum'),
  provedBits: optional(as.integer, 0),
});

const arithmetic = nullable(group<Arithmetic>({ requantize, accumulator }), 'accumulator');

export const operations: { readonly [K in keyof Instructions]: Field<Instructions[K]> } = {
  quantize: group({ float32Quotient: optional(as.flag, false), rounding, overflow }),
  dequantize: group({}),
  requantize: group({ requantize }),
  convolution: group({ window, groups: optional(as.integer, 1), arithmetic, clamp }),
  gemm: group({ arithmetic, clamp }),
  add: group({
    sign: optional(as.sign, 1),
    shifts: optional(as.pair, [0, 0]),
    scalings: nullable(required(scalingPair), 'scalings'),
    requantize: nullable(requantize, 'scaling'),
    clamp,
  }),
  multiply: group({ requantize: nullable(requantize, 'scaling'), clamp }),
  matmul: group({ arithmetic }),
  binary: group({ function: required(as.binaryFunction) }),
  select: group({}),
  extremum: group({ function: required(as.extremum) }),
  scaledPair: group({ by: required(scaledPair), clamp }),
  clamp: group({ clamp: required(as.clamp) }),
  leakyRelu: group({ slopeShift: optional(as.integer, 0), requantize: nullable(requantize, 'scaling') }),
  lookup: group({}),
  unary: group({ function: required(unaryFunction) }),
  maxPool: group({ window }),
  averagePool: group({
    window,
    countIncludePad: optional(as.flag, false),
    scalings: optional(countScalings, []),
    overflow,
  }),
  reduce: group({
    function: required(as.reduction),
    axes: integers,
    requantize: nullable(requantize, 'scaling'),
  }),
  argMax: group({ axis: integer, last: optional(as.flag, false) }),
  softmax: group({ axis: integer }),
  localResponseNormalization: group({ size: integer, alpha: number, beta: number, bias: number }),
  normalize: group({ axis: integer, epsilon: number, result: optional(as.normalizeResult, 'values') }),
  concat: group({ axis: integer }),
  slice: group({ starts: integers, steps: integers }),
  gather: group({ axis: integer, indices: integers }),
  resample: group({ axis: integer, indices: integers, requantize: nullable(requantize, 'scaling') }),
  pad: group({ before: integers, after: integers, interior: optional(as.integers, []), value: number }),
  transpose: group({ permutation: integers }),
  reshape: group({}),
};
