/** Random programs of the instructions that move data, or weight or compare what they moved. */
import fc from 'fast-check';
import { type Format, fixed } from '#src/formats/format.js';
import { plainAccumulator } from '#src/program/accumulator.js';
import { activations, type Case, type Operand, random, seeds, single, size } from './wasm-cases.js';
import {
  codeOperand,
  floatOperand,
  outputOf,
  requantized,
  rounded,
  shapes,
  shrink,
} from './wasm-other-cases.js';

/** Codes or float32 that only move. */
const moved = fc.record({
  seed: seeds,
  shape: fc.array(fc.constantFrom(1, 2, 3, 5, 8, 11), { minLength: 1, maxLength: 5 }),
  format: fc.constantFrom<Format | null>(null, fixed(8, 4), fixed(16, 2)),
  axis: fc.nat(),
});
type Moved = typeof moved extends fc.Arbitrary<infer T> ? T : never;

function movedOperand({ format }: Moved, shape: readonly number[], next: () => number): Operand {
  return format === null ? floatOperand(shape, next) : codeOperand(shape, format, 'uniform', next);
}

const concats = moved.map((v): Case => {
  const next = random(v.seed);
  const axis = v.axis % v.shape.length;
  const parts = Array.from({ length: 1 + Math.floor(next() * 3) }, () =>
    v.shape.map((extent, index) => (index === axis ? 1 + Math.floor(next() * 9) : extent)),
  );
  const total = parts.reduce((sum, part) => sum + part[axis], 0);
  const output = {
    shape: v.shape.map((extent, index) => (index === axis ? total : extent)),
    format: v.format,
  };
  return single<'concat'>(
    { op: 'concat', axis },
    parts.map((part) => movedOperand(v, part, next)),
    output,
  );
});

const slices = moved.map((v): Case => {
  const next = random(v.seed);
  const steps = v.shape.map(() => [1, 1, 2, -1, -2, 3][Math.floor(next() * 6)]);
  const starts = v.shape.map((extent) => Math.floor(next() * extent));
  const shape = v.shape.map((extent, axis) => {
    const room = steps[axis] > 0 ? extent - 1 - starts[axis] : starts[axis];
    return 1 + Math.floor(next() * (Math.floor(room / Math.abs(steps[axis])) + 1));
  });
  return single<'slice'>({ op: 'slice', starts, steps }, [movedOperand(v, v.shape, next)], {
    shape,
    format: v.format,
  });
});

const pads = moved.map((v): Case => {
  const next = random(v.seed);
  // Every further axis multiplies what is padded.
  const most = v.shape.length > 4 ? 1 : 2;
  const margins = () => v.shape.map(() => Math.floor(next() * (most + 1)));
  const [before, after] = [margins(), margins()];
  const interior = next() < 0.5 ? [] : margins();
  const shape = v.shape.map(
    (extent, axis) => before[axis] + extent + (extent - 1) * (interior[axis] ?? 0) + after[axis],
  );
  const fields = { op: 'pad', before, after, interior, value: v.format === null ? -0.25 : -3 } as const;
  return single<'pad'>(fields, [movedOperand(v, v.shape, next)], { shape, format: v.format });
});

const gathers = moved.map((v): Case => {
  const next = random(v.seed);
  const axis = v.axis % v.shape.length;
  const count = 1 + Math.floor(next() * 9);
  const indices = Array.from({ length: count }, () => Math.floor(next() * v.shape[axis]));
  return single<'gather'>({ op: 'gather', axis, indices }, [movedOperand(v, v.shape, next)], {
    shape: v.shape.map((extent, index) => (index === axis ? count : extent)),
    format: v.format,
  });
});

const resamples = rounded.map((v): Case => {
  const next = random(v.seed);
  const float = v.spread > 0;
  const axis = v.shifts[0] % v.shape.length;
  const [outputs, taps] = [1 + Math.floor(next() * 9), 1 + (v.shifts[1] % 6)];
  const indices = Array.from({ length: outputs * taps }, () => Math.floor(next() * v.shape[axis]));
  const { requantize, fractionBits } = requantized({ ...v, spread: 0 }, 8, 1, next);
  const x = float ? floatOperand(v.shape, next, false) : codeOperand(v.shape, v.formats[0], v.fills[0], next);
  const weights = float
    ? floatOperand([outputs, taps], next, false)
    : codeOperand([outputs, taps], v.formats[1], v.fills[1], next);
  const fields = { op: 'resample', axis, indices, requantize: float ? null : requantize } as const;
  return single<'resample'>(fields, [x, { ...weights, constant: true }], {
    shape: v.shape.map((extent, index) => (index === axis ? outputs : extent)),
    format: float ? null : { ...v.formats[2], fractionBits },
  });
});

const extremes = fc
  .tuple(shapes, seeds, activations, fc.constantFrom('maximum' as const, 'minimum' as const), fc.boolean())
  .map(([shape, seed, format, fn, float]): Case => {
    const next = random(seed);
    const [a, b] = [shrink(shape, next), shrink(shape, next)];
    const operands = [a, b].map((one) =>
      float ? floatOperand(one, next) : codeOperand(one, format, 'uniform', next),
    );
    const output = { shape: outputOf(a, b), format: operands[0].format };
    return single<'extremum'>({ op: 'extremum', function: fn }, operands, output);
  });

const reductions = rounded.map((v): Case => {
  const next = random(v.seed);
  const float = v.spread > 0;
  const axes = v.shape.map((_, axis) => axis).filter(() => next() < 0.5);
  const shape = v.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  const operand = float ? floatOperand(v.shape, next) : codeOperand(v.shape, v.formats[0], v.fills[0], next);
  const fn = (['sum', 'maximum', 'minimum'] as const)[v.shifts[0] % 3];
  if (float || fn !== 'sum') {
    const fields = { op: 'reduce', function: fn, axes, requantize: null } as const;
    return single<'reduce'>(fields, [operand], { shape, format: operand.format });
  }
  const { requantize, fractionBits } = requantized({ ...v, spread: 0 }, 4, 1, next);
  const format = { ...v.formats[2], fractionBits };
  return single<'reduce'>({ op: 'reduce', function: fn, axes, requantize }, [operand], { shape, format });
});

const argMaxima = moved.map((v): Case => {
  const next = random(v.seed);
  const axis = v.axis % v.shape.length;
  const output = {
    shape: v.shape.map((extent, index) => (index === axis ? 1 : extent)),
    format: next() < 0.5 ? null : fixed(16, 0),
  };
  const fields = { op: 'argMax', axis, last: next() < 0.5 } as const;
  // Few different values, so that some are equal.
  const operand =
    v.format === null ? movedOperand(v, v.shape, next) : codeOperand(v.shape, v.format, 'small', next);
  return single<'argMax'>(fields, [operand], output);
});

const products = rounded.map((v): Case => {
  const next = random(v.seed);
  const float = v.spread > 0;
  const size = () => 1 + Math.floor(next() * 20);
  const [rows, depth, columns] = [size(), size(), size()];
  const batch = v.shape.slice(0, 2);
  const left = [...shrink(batch, next), rows, depth];
  const right = [...shrink(batch, next), depth, columns];
  const shape = [...outputOf(left.slice(0, -2), right.slice(0, -2)), rows, columns];
  if (float) {
    const operands = [floatOperand(left, next), floatOperand(right, next)];
    return single<'matmul'>({ op: 'matmul', arithmetic: null }, operands, { shape, format: null });
  }
  const [a, b, y] = v.formats;
  const operands = [codeOperand(left, a, v.fills[0], next), codeOperand(right, b, v.fills[1], next)];
  const { requantize, fractionBits } = requantized({ ...v, spread: 0 }, 8, 1, next);
  const bits = a.bits + b.bits + Math.ceil(Math.log2(depth)) + 1;
  const narrow = { overflow: 'saturate', order: ['inputBlock', 'row', 'column', 'inputLane'] } as const;
  const register =
    next() < 0.5 ? plainAccumulator(64, bits) : { ...plainAccumulator(16), ...narrow, productsPerStep: 3 };
  const arithmetic = { accumulator: register, requantize };
  return single<'matmul'>({ op: 'matmul', arithmetic }, operands, { shape, format: { ...y, fractionBits } });
});
const byte = (next: () => number) => 1 + Math.floor(next() * 200);
const scaledPairs = fc
  .tuple(shapes, seeds, fc.boolean(), fc.boolean(), fc.boolean())
  .map(([shape, seed, signed, product, limited]): Case => {
    const next = random(seed);
    const [a, b] = [shrink(shape, next), shrink(shape, next)];
    const format = (): Format => fixed(8, 0, { signed, zeroPoint: byte(next) - (signed ? 128 : 0) });
    const operands = [a, b].map((one) => codeOperand(one, format(), 'uniform', next));
    const scale = () => Math.fround((0.5 + next()) / (next() < 0.5 ? 4 : 3));
    const offset = Math.fround(byte(next) - 100.5);
    const by = product
      ? ({ function: 'product', scale: scale() / 16, offset } as const)
      : ({ function: 'sum', scales: [scale(), scale()], offset } as const);
    const clamp = limited ? { low: 3, high: 90 } : null;
    const output = { shape: outputOf(a, b), format: format() };
    return single<'scaledPair'>({ op: 'scaledPair', by, clamp }, operands, output);
  });

const transposes = moved.map((v): Case => {
  const next = random(v.seed);
  const permutation = v.shape.map((_, axis) => ({ axis, key: next() }));
  permutation.sort((a, b) => a.key - b.key);
  const order = permutation.map(({ axis }) => axis);
  const output = { shape: order.map((axis) => v.shape[axis]), format: v.format };
  const fields = { op: 'transpose', permutation: order } as const;
  return single<'transpose'>(fields, [movedOperand(v, v.shape, next)], output);
});

const reshapes = moved.map((v): Case => {
  const operand = movedOperand(v, v.shape, random(v.seed));
  return single<'reshape'>({ op: 'reshape' }, [operand], { shape: [size(v.shape)], format: v.format });
});

export const families = {
  concats,
  slices,
  pads,
  gathers,
  resamples,
  extremes,
  reductions,
  argMaxima,
  products,
  scaledPairs,
  transposes,
  reshapes,
};
