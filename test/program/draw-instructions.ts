/** One random instruction of each kind on a tensor that fits it: what arbitrary.ts makes programs of. */

import { at, codeRange, type Format, fixed } from '#src/formats/format.js';
import {
  type Arithmetic,
  BINARY_FUNCTIONS,
  NORMALIZE_RESULTS,
  type Opcode,
  PLAIN_FUNCTIONS,
} from '#src/program/instructions.js';
import { sweep, tapCount } from '#src/program/windows.js';
import { broadcastShape, elementCount } from '#src/shape.js';
import type { Builder } from './builder.js';
import { drawCodes, drawFloats, drawFormat, drawSize, type Kind } from './draw.js';
import {
  drawAccumulator,
  drawClamp,
  drawOverflow,
  drawRequantize,
  drawRounding,
  drawScaling,
  drawWindow,
  productBound,
  sumBits,
} from './draw-arithmetic.js';
import { movement, type Recipe, reshapeTo, WIDE } from './draw-movement.js';

const both: readonly Kind[] = ['codes', 'float32'];
const codes: readonly Kind[] = ['codes'];
const float: readonly Kind[] = ['float32'];

export const recipes: { readonly [K in Opcode]: Recipe } = {
  quantize: { kinds: float, affine: true, emit: emitQuantize },
  dequantize: {
    kinds: codes,
    affine: true,
    widest: WIDE,
    emit: (b, x) => b.emit('dequantize', {}, [x], { ...b.tensor(x), format: null }),
  },
  requantize: {
    kinds: codes,
    affine: false,
    widest: WIDE,
    emit(b, x) {
      const { format, shape } = b.tensor(x);
      const drawn = drawRequantize(b, fractionOf(format), format!.bits, { widest: WIDE });
      return b.emit('requantize', { requantize: drawn.requantize }, [x], { shape, format: drawn.format });
    },
  },
  convolution: { kinds: both, rank: 4, affine: false, emit: emitConvolution },
  gemm: {
    kinds: both,
    rank: 2,
    affine: false,
    emit(b, x) {
      const [rows, depth] = b.tensor(x).shape;
      const { operands, fields, format } = drawProducts(b, x, [drawSize(b.draw, 33), depth]);
      const shape = [rows, b.tensor(operands[1]).shape[0]];
      return b.emit('gemm', fields, operands, { shape, format });
    },
  },
  add: { kinds: both, affine: false, widest: WIDE, emit: emitAdd },
  multiply: { kinds: both, affine: false, emit: emitMultiply },
  binary: {
    kinds: float,
    affine: false,
    emit(b, x) {
      // Quotients and powers may be infinite.
      const comparisons = BINARY_FUNCTIONS.filter((name) => name !== 'divide' && name !== 'power');
      const fields = { function: b.draw.pick(comparisons) };
      const { shape } = b.tensor(x);
      const other = b.operand(null, drawPartner(b, shape));
      const output = { shape: broadcastShape(shape, b.tensor(other).shape)!, format: null };
      return b.emit('binary', fields, b.draw.chance(50) ? [x, other] : [other, x], output);
    },
  },
  select: {
    kinds: float,
    affine: false,
    emit(b, x) {
      const { shape } = b.tensor(x);
      const other = b.operand(null, drawPartner(b, shape));
      const joined = broadcastShape(shape, b.tensor(other).shape)!;
      const condition = b.operand(null, joined.slice(b.draw.integer(0, joined.length)));
      return b.emit('select', {}, [condition, x, other], { shape: joined, format: null });
    },
  },
  scaledPair: { kinds: codes, affine: true, emit: emitScaledPair },
  extremum: {
    kinds: both,
    affine: true,
    emit(b, x) {
      const { shape, format } = b.tensor(x);
      const other = b.draw.chance(15) ? x : b.operand(format, drawPartner(b, shape));
      const operands = b.draw.chance(50) ? [x, other] : [other, x];
      const output = { shape: broadcastShape(shape, b.tensor(other).shape)!, format };
      const fields = { function: b.draw.pick(['maximum', 'minimum'] as const) };
      return b.emit('extremum', fields, operands, output);
    },
  },
  clamp: {
    kinds: both,
    affine: true,
    emit(b, x) {
      const clamp = drawClamp(b, b.tensor(x).format) ?? { low: 0, high: 1 };
      return b.emit('clamp', { clamp }, [x], b.tensor(x));
    },
  },
  leakyRelu: { kinds: both, affine: false, emit: emitLeakyRelu },
  lookup: {
    kinds: codes,
    affine: true,
    widest: 10,
    emit(b, x) {
      const { format, shape } = b.tensor(x);
      const own = drawFormat(b.draw, { affine: true, unusual: b.unusual });
      const table = b.constant(own, [2 ** format!.bits]);
      return b.emit('lookup', {}, [x, table], { shape, format: own });
    },
  },
  unary: {
    kinds: float,
    affine: false,
    emit(b, x) {
      const hardSigmoid = { name: 'hardSigmoid', alpha: Math.fround(0.2), beta: 0.5 } as const;
      const elu = { name: 'elu', alpha: Math.fround(1.1), scale: 1.5 } as const;
      const names = PLAIN_FUNCTIONS.filter((name) => !['squareRoot', 'reciprocal', 'log'].includes(name));
      const fn = b.draw.pick([...names.map((name) => ({ name })), hardSigmoid, elu]);
      return b.emit('unary', { function: fn }, [x], b.tensor(x));
    },
  },
  maxPool: {
    kinds: both,
    rank: 4,
    affine: true,
    emit(b, x) {
      const { shape, format } = b.tensor(x);
      const { window, spatial } = drawWindow(b, shape, true);
      return b.emit('maxPool', { window }, [x], { shape: [shape[0], ...spatial, shape[3]], format });
    },
  },
  averagePool: { kinds: both, rank: 4, affine: false, emit: emitAveragePool },
  matmul: { kinds: both, affine: false, emit: emitMatmul },
  reduce: {
    kinds: both,
    affine: false,
    widest: WIDE,
    emit(b, x) {
      const { shape, format } = b.tensor(x);
      const axes = shape.map((_, axis) => axis).filter(() => b.draw.chance(50));
      const output = shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
      const isWide = format !== null && format.bits > 16;
      const fn = isWide ? 'sum' : b.draw.pick(['sum', 'maximum', 'minimum'] as const);
      if (format === null || fn !== 'sum')
        return b.emit('reduce', { function: fn, axes, requantize: null }, [x], { shape: output, format });
      const drawn = drawRequantize(b, fractionOf(format), format.bits + 8, { widest: WIDE });
      const fields = { function: fn, axes, requantize: drawn.requantize };
      return b.emit('reduce', fields, [x], { shape: output, format: drawn.format });
    },
  },
  argMax: {
    kinds: both,
    affine: true,
    emit(b, x) {
      const { shape } = b.tensor(x);
      if (shape.length === 0) return reshapeTo(b, x, 1);
      const axis = b.draw.integer(0, shape.length - 1);
      const bits = b.draw.pick(b.unusual ? [16, 15, 0] : [15, 0]);
      const format = bits === 0 ? null : fixed(bits, 0, { signed: false });
      const output = { shape: shape.with(axis, 1), format };
      return b.emit('argMax', { axis, last: b.draw.chance(50) }, [x], output);
    },
  },
  softmax: {
    kinds: both,
    affine: true,
    widest: 10,
    emit(b, x) {
      const { shape, format } = b.tensor(x);
      const axis = b.draw.integer(0, shape.length - 1);
      if (format === null) return b.emit('softmax', { axis }, [x], b.tensor(x));
      const own = drawFormat(b.draw, { affine: true, unusual: b.unusual });
      const tables = drawSoftmaxTables(b, 2 ** format.bits);
      return b.emit('softmax', { axis }, [x, ...tables], { shape, format: own });
    },
  },
  normalize: {
    kinds: float,
    affine: false,
    emit(b, x) {
      const { shape } = b.tensor(x);
      const axis = b.draw.integer(0, shape.length);
      const result = b.draw.pick(NORMALIZE_RESULTS);
      const lines = shape.map((size, i) => (result !== 'values' && i >= axis ? 1 : size));
      const fields = { axis, epsilon: b.draw.pick([1e-5, 1]), result };
      return b.emit('normalize', fields, [x], { shape: lines, format: null });
    },
  },
  localResponseNormalization: {
    kinds: float,
    affine: false,
    emit(b, x) {
      const alpha = b.draw.pick([1e-4, 1]);
      const fields = { size: b.draw.integer(1, 6), alpha, beta: b.draw.pick([0.75, 0.5]), bias: 1 };
      return b.emit('localResponseNormalization', fields, [x], b.tensor(x));
    },
  },
  ...movement,
};

function fractionOf(format: Format | null): number {
  return at(format!.fractionBits, 0);
}

function emitQuantize(b: Builder, x: number): number {
  const { shape } = b.tensor(x);
  let format = drawFormat(b.draw, { affine: true, unusual: b.unusual, widest: WIDE });
  if (b.unusual && shape.length > 0 && b.draw.chance(30)) {
    const axis = b.draw.integer(0, shape.length - 1);
    format = {
      ...format,
      axis,
      fractionBits: Array.from({ length: shape[axis] }, () => b.draw.integer(-4, 20)),
    };
  }
  const float32Quotient = b.draw.chance(50);
  const fields = { float32Quotient, rounding: drawRounding(b), overflow: drawOverflow(b, format.narrow) };
  return b.emit('quantize', fields, [x], { shape, format });
}

function emitConvolution(b: Builder, x: number): number {
  const { shape } = b.tensor(x);
  const channels = shape[3];
  const { window, spatial } = drawWindow(b, shape, false);
  const divisors = [1, channels, 2, 3, 4].filter((divisor) => channels % divisor === 0);
  const groups = b.draw.pick(divisors);
  const perGroup = groups > 8 ? b.draw.pick([1, 2]) : drawSize(b.draw, groups > 1 ? 5 : 33);
  const weightShape = [groups * perGroup, ...window.kernel, channels / groups];
  const { operands, fields, format } = drawProducts(b, x, weightShape);
  const output = { shape: [shape[0], ...spatial, weightShape[0]], format };
  return b.emit('convolution', { window, groups, ...fields }, operands, output);
}

/** Weights, bias and the arithmetic of convolution and gemm. */
function drawProducts(b: Builder, x: number, weightShape: readonly number[]) {
  const { draw } = b;
  const input = b.tensor(x).format;
  const [outputs] = weightShape;
  const count = elementCount(weightShape);
  if (input === null) {
    const weights = Float32Array.from(drawFloats(draw, count), (value) => Math.max(-8, Math.min(value, 8)));
    const operands = [x, b.constant(null, weightShape, weights)];
    if (draw.chance(70)) operands.push(b.constant(null, [outputs]));
    return { operands, fields: { clamp: drawClamp(b, null), arithmetic: null }, format: null };
  }
  const base = drawFormat(draw, { unusual: b.unusual });
  const fraction = () => fractionOf(base) + draw.integer(0, 5);
  const perChannel = draw.chance(60);
  const fractionBits = perChannel ? Array.from({ length: outputs }, fraction) : fractionOf(base);
  const format: Format = { ...base, fractionBits, axis: perChannel ? 0 : null };
  const weights = b.constant(format, weightShape);
  const operands = [x, weights];
  const position = (channel: number) => fractionOf(input) + at(fractionBits, channel);
  const positions = perChannel
    ? Array.from({ length: outputs }, (_, channel) => position(channel))
    : position(0);
  let bound = productBound(b.tensor(weights), input);
  if (draw.chance(70)) {
    const biasBits = draw.pick([32, 64, 16, 24, 48]);
    const own = fixed(biasBits, positions);
    const register = bound < 2 ** 30 ? 2 ** 31 - 1 - bound : 2 ** 46;
    const most = Math.min(2 ** (biasBits - 1) - 1, register);
    operands.push(b.constant(own, [outputs], drawCodes(draw, own, outputs, -most, most)));
    bound += most;
  }
  const rank = b.tensor(x).shape.length;
  const accumulator = drawAccumulator(b, bound);
  const drawn = drawRequantize(b, positions, sumBits(accumulator, bound), { axis: rank - 1, widest: WIDE });
  const arithmetic: Arithmetic = { accumulator, requantize: drawn.requantize };
  const fields = { clamp: drawClamp(b, drawn.format), arithmetic };
  return { operands, fields, format: drawn.format };
}

/** A shape that broadcasts with `shape`: some axes 1, leading ones left out, or one more in front. */
function drawPartner(b: Builder, shape: readonly number[]): number[] {
  const { draw } = b;
  if (draw.chance(40)) return [...shape];
  const partner = shape.map((size) => (size === 1 ? draw.pick([1, 3]) : draw.chance(40) ? 1 : size));
  if (draw.chance(30)) return partner.slice(draw.integer(0, partner.length));
  return draw.chance(10) && partner.length < 5 ? [2, ...partner] : partner;
}

function emitAdd(b: Builder, x: number): number {
  const { draw } = b;
  const { shape, format } = b.tensor(x);
  const partner = drawFormat(draw, { unusual: b.unusual, widest: WIDE });
  const own = format && { ...partner, fractionBits: fractionOf(format) + draw.integer(-6, 6) };
  const other = draw.chance(15) ? x : b.operand(own, drawPartner(b, shape));
  const operands = draw.chance(50) ? [x, other] : [other, x];
  const [left, right] = operands.map((operand) => b.tensor(operand));
  const output = broadcastShape(left.shape, right.shape)!;
  const sign = draw.pick([1, -1] as const);
  if (format === null) {
    const unscaled = { shifts: [0, 0] as const, scalings: null, requantize: null };
    const fields = { sign, ...unscaled, clamp: drawClamp(b, null) };
    return b.emit('add', fields, operands, { shape: output, format: null });
  }
  const position = Math.max(fractionOf(left.format), fractionOf(right.format)) + draw.pick([0, 0, 1, 9]);
  const shifts = [position - fractionOf(left.format), position - fractionOf(right.format)] as const;
  const bits = Math.max(left.format!.bits + shifts[0], right.format!.bits + shifts[1]) + 1;
  const drawn = drawRequantize(b, position, bits, { widest: WIDE });
  const { requantize } = drawn;
  const scaled = b.unusual && requantize.style !== 'shift' && draw.chance(50);
  const scalings = scaled
    ? ([drawScaling(b, draw.integer(0, 4), bits, 1), drawScaling(b, draw.integer(0, 4), bits, 1)] as const)
    : null;
  const fields = { sign, shifts, scalings, clamp: drawClamp(b, drawn.format), requantize };
  return b.emit('add', fields, operands, { shape: output, format: drawn.format });
}

/** The operand on the left or on the right of another, with axes in front that broadcast. */
function emitMatmul(b: Builder, input: number): number {
  const { draw } = b;
  const x = b.tensor(input).shape.length < 2 ? reshapeTo(b, input, 2) : input;
  const { shape, format } = b.tensor(x);
  const isLeft = draw.chance(50);
  const [rows, columns] = shape.slice(-2);
  const batch = drawPartner(b, shape.slice(0, -2));
  const own = format && drawFormat(draw);
  const size = drawSize(draw, 9);
  const other = b.operand(own, isLeft ? [...batch, columns, size] : [...batch, size, rows]);
  const operands = isLeft ? [x, other] : [other, x];
  const matrix = isLeft ? [rows, size] : [size, columns];
  const output = [...broadcastShape(shape.slice(0, -2), batch)!, ...matrix];
  if (format === null || own === null)
    return b.emit('matmul', { arithmetic: null }, operands, { shape: output, format: null });
  const depth = isLeft ? columns : rows;
  const [most, mostOther] = [format, own].map((one) => {
    const { low, high } = codeRange(one);
    return Math.max(-low, high);
  });
  const bound = depth * most * mostOther;
  const any = drawAccumulator(b, bound);
  const accumulator = b.unusual ? any : { ...any, ...exactly(bound) };
  const bits = sumBits(accumulator, bound);
  const drawn = drawRequantize(b, fractionOf(format) + fractionOf(own), bits, { widest: WIDE });
  const arithmetic = { accumulator, requantize: drawn.requantize };
  return b.emit('matmul', { arithmetic }, operands, { shape: output, format: drawn.format });
}

/** A register that holds every sum: the only one that kernels have for computed operands. */
function exactly(bound: number) {
  const bits = Math.max(8, Math.ceil(Math.log2(bound + 1)) + 1);
  return { bits, treeBits: 0, partialSum: null, provedBits: bits };
}

function emitScaledPair(b: Builder, x: number): number {
  const { draw } = b;
  const { shape, format } = b.tensor(x);
  const own = { ...drawFormat(draw, { affine: true }), bits: draw.integer(2, 8), zeroPoint: 1 };
  const left = format!.bits > 8 || format!.axis !== null ? b.operand(own, shape) : x;
  const other = b.operand(own, drawPartner(b, shape));
  const output = { ...own, bits: 8, zeroPoint: draw.integer(0, 100) };
  const scale = () => Math.fround(draw.integer(1, 4000) / draw.pick([64, 1000]));
  const offset = Math.fround(draw.integer(-5000, 5000) / draw.pick([2, 77]));
  const by = draw.chance(50)
    ? ({ function: 'sum', scales: [scale(), -scale()], offset } as const)
    : ({ function: 'product', scale: scale(), offset } as const);
  const result = { shape: broadcastShape(shape, b.tensor(other).shape)!, format: output };
  return b.emit('scaledPair', { by, clamp: drawClamp(b, output) }, [left, other], result);
}

function emitMultiply(b: Builder, x: number): number {
  const { draw } = b;
  const { shape, format } = b.tensor(x);
  const other = draw.chance(15)
    ? x
    : b.operand(format && drawFormat(draw, { unusual: b.unusual }), drawPartner(b, shape));
  const operands = draw.chance(50) ? [x, other] : [other, x];
  const output = broadcastShape(shape, b.tensor(other).shape)!;
  if (format === null) {
    const fields = { clamp: drawClamp(b, null), requantize: null };
    return b.emit('multiply', fields, operands, { shape: output, format: null });
  }
  const partner = b.tensor(other).format!;
  const drawn = drawRequantize(b, fractionOf(format) + fractionOf(partner), format.bits + partner.bits);
  const fields = { clamp: drawClamp(b, drawn.format), requantize: drawn.requantize };
  return b.emit('multiply', fields, operands, { shape: output, format: drawn.format });
}

function emitLeakyRelu(b: Builder, x: number): number {
  const { shape, format } = b.tensor(x);
  const slopes = [b.draw.chance(50) ? (shape.at(-1) ?? 1) : 1];
  if (format === null) {
    const operands = [x, b.constant(null, slopes)];
    return b.emit('leakyRelu', { slopeShift: 0, requantize: null }, operands, { shape, format });
  }
  const slopeShift = b.draw.integer(0, 15);
  const slope = { ...drawFormat(b.draw), fractionBits: slopeShift };
  const bits = format.bits + Math.max(slope.bits, slopeShift);
  const drawn = drawRequantize(b, fractionOf(format) + slopeShift, bits);
  const operands = [x, b.constant(slope, slopes)];
  const fields = { slopeShift, requantize: drawn.requantize };
  return b.emit('leakyRelu', fields, operands, { shape, format: drawn.format });
}

function emitAveragePool(b: Builder, x: number): number {
  const { draw } = b;
  const { shape, format } = b.tensor(x);
  const countIncludePad = draw.chance(40);
  const { window, spatial } = drawWindow(b, shape, true);
  const common = { window, countIncludePad };
  const output = [shape[0], ...spatial, shape[3]];
  if (format === null) {
    const fields = { ...common, scalings: [], overflow: drawOverflow(b) };
    return b.emit('averagePool', fields, [x], { shape: output, format });
  }
  const counts = () => {
    const [rows, columns] = ([0, 1] as const).map((axis) => {
      const along = sweep(window, axis, shape[axis + 1]);
      return Array.from({ length: spatial[axis] }, (_, position) =>
        tapCount(along, position, countIncludePad),
      );
    });
    return [...new Set(rows.flatMap((row) => columns.map((column) => row * column)))];
  };
  const own = drawFormat(draw, { unusual: b.unusual });
  const precision = draw.integer(0, 20);
  const fraction = fractionOf(format) + draw.integer(-3, 3);
  const rounding = drawRounding(b);
  const shift = precision + fractionOf(format) - fraction;
  const scalings = counts().map((count) => {
    const multiplier = Math.max(1, Math.round(2 ** precision / count));
    return { count, scaling: { style: 'multiplier', multiplier, shift, rounding } as const };
  });
  const fields = { ...common, scalings, overflow: drawOverflow(b, own.narrow) };
  return b.emit('averagePool', fields, [x], { shape: output, format: { ...own, fractionBits: fraction } });
}

/** Exponentials with 31 fraction bits, or with 15 beside a table of reciprocals. */
function drawSoftmaxTables(b: Builder, length: number): number[] {
  const newton = b.draw.chance(50);
  const bits = newton ? 32 : 16;
  const entries = drawCodes(b.draw, fixed(bits, bits - 1), length, 0, 2 ** (bits - 1) - 1);
  entries[0] = b.draw.pick([2 ** (bits - 1) - 1, newton ? 2 ** 30 : 2]);
  const exponentials = b.constant(fixed(bits, bits - 1), [length], entries);
  return newton ? [exponentials] : [exponentials, b.constant(fixed(16, 15), [513])];
}
