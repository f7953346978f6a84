/** Random programs of the instructions that are no products and move no data. */
import fc from 'fast-check';
import { at, codeRange, type Format, fixed } from '#src/formats/format.js';
import {
  BINARY_FUNCTIONS,
  NORMALIZE_RESULTS,
  PLAIN_FUNCTIONS,
  type UnaryFunction,
  type Window,
} from '#src/program/instructions.js';
import {
  activations,
  type Case,
  codes,
  type Fill,
  fills,
  floats,
  type Operand,
  outputSize,
  random,
  roundings,
  saturations,
  seeds,
  shiftOf,
  single,
  size,
  windows,
} from './wasm-cases.js';

export const shapes = fc.array(fc.constantFrom(1, 1, 2, 3, 5, 8, 9, 17, 33), { minLength: 1, maxLength: 4 });

export function codeOperand(
  shape: readonly number[],
  format: Format,
  fill: Fill,
  next: () => number,
): Operand {
  return { shape, format, data: codes(format, size(shape), fill, next) };
}

export function floatOperand(shape: readonly number[], next: () => number, special = true): Operand {
  return { shape, format: null, data: floats(size(shape), next, special) };
}

/** A shape that broadcasts to `shape`: some axes 1, some in front missing. */
export function shrink(shape: readonly number[], next: () => number): number[] {
  const cut = next() < 0.3 ? Math.floor(next() * shape.length) : 0;
  return shape.slice(cut).map((extent) => (next() < 0.35 ? 1 : extent));
}

export function outputOf(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  const pad = (shape: readonly number[]) => [...new Array<number>(rank - shape.length).fill(1), ...shape];
  const [left, right] = [pad(a), pad(b)];
  return left.map((extent, axis) => Math.max(extent, right[axis]));
}

export const rounded = fc.record({
  seed: seeds,
  shape: shapes,
  formats: fc.tuple(activations, activations, activations),
  fills: fc.tuple(fills, fills),
  rounding: roundings,
  overflow: saturations,
  shift: fc.integer({ min: -4, max: 24 }),
  /** One shift per channel, up to this much larger. */
  spread: fc.constantFrom(0, 0, 5),
  shifts: fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 16 })),
  sign: fc.constantFrom(1 as const, -1 as const),
  clamp: fc.boolean(),
});
type Rounded = typeof rounded extends fc.Arbitrary<infer T> ? T : never;

/** A shift, or one per channel, and the format in which a value with `fraction` fraction bits then stands. */
export function requantized(v: Rounded, fraction: number, channels: number, next: () => number) {
  const shift =
    v.spread === 0
      ? v.shift
      : Array.from({ length: channels }, () => v.shift + Math.floor(next() * (v.spread + 1)));
  const fractionBits = typeof shift === 'number' ? fraction - shift : shift.map((one) => fraction - one);
  return { requantize: shiftOf(shift, v.rounding, v.overflow), fractionBits };
}

function halfClamp(format: Format, wanted: boolean) {
  const { low, high } = codeRange(format);
  return wanted ? { low: Math.max(low, Math.min(high, -1)), high: Math.max(low, high - 1) } : null;
}

const additions = rounded.map((v): Case => {
  const next = random(v.seed);
  const [a, b] = [shrink(v.shape, next), shrink(v.shape, next)];
  const formats = v.shifts.map((shift, index) => ({ ...v.formats[index], fractionBits: 20 - shift }));
  const shape = outputOf(a, b);
  const { requantize, fractionBits } = requantized({ ...v, spread: 0 }, 20, 1, next);
  const format = { ...v.formats[2], fractionBits };
  const operands = [
    codeOperand(a, formats[0], v.fills[0], next),
    { ...codeOperand(b, formats[1], v.fills[1], next), constant: v.clamp },
  ];
  const { sign, shifts } = v;
  const clamp = halfClamp(format, v.clamp);
  const fields = { op: 'add', sign, shifts, scalings: null, clamp, requantize } as const;
  return single<'add'>(fields, operands, { shape, format });
});

const multiplications = rounded.map((v): Case => {
  const next = random(v.seed);
  const [a, b] = [shrink(v.shape, next), shrink(v.shape, next)];
  const shape = outputOf(a, b);
  const { requantize, fractionBits } = requantized({ ...v, spread: 0 }, 8, 1, next);
  const format = { ...v.formats[2], fractionBits };
  const operands = [
    codeOperand(a, v.formats[0], v.fills[0], next),
    codeOperand(b, v.formats[1], v.fills[1], next),
  ];
  const fields = { op: 'multiply', clamp: halfClamp(format, v.clamp), requantize } as const;
  return single<'multiply'>(fields, operands, { shape, format });
});

const leakyRelus = rounded.map((v): Case => {
  const next = random(v.seed);
  const slopeShift = v.shifts[0];
  const slopes = { ...v.formats[1], fractionBits: slopeShift };
  const channels = v.shape[v.shape.length - 1];
  const { requantize, fractionBits } = requantized({ ...v, spread: 0 }, 4 + slopeShift, 1, next);
  const operands = [
    codeOperand(v.shape, v.formats[0], v.fills[0], next),
    { ...codeOperand([v.clamp ? 1 : channels], slopes, v.fills[1], next), constant: true },
  ];
  const fields = { op: 'leakyRelu', slopeShift, requantize } as const;
  return single<'leakyRelu'>(fields, operands, { shape: v.shape, format: { ...v.formats[2], fractionBits } });
});

const requantizations = rounded.map((v): Case => {
  const next = random(v.seed);
  const channels = v.shape[v.shape.length - 1];
  const { requantize, fractionBits } = requantized(v, 4, channels, next);
  const axis = typeof fractionBits === 'number' ? null : v.shape.length - 1;
  const format = { ...v.formats[2], fractionBits, axis };
  const operands = [codeOperand(v.shape, v.formats[0], v.fills[0], next)];
  return single<'requantize'>({ op: 'requantize', requantize }, operands, { shape: v.shape, format });
});

const floatBounds = fc.constantFrom(null, { low: -1, high: 2 }, { low: 0, high: Number.POSITIVE_INFINITY });

const floatBinaries = fc
  .tuple(shapes, seeds, floatBounds, fc.constantFrom('add', 'subtract', 'multiply', 'leakyRelu'))
  .map(([shape, seed, clamp, kind]): Case => {
    const next = random(seed);
    const [a, b] = [shrink(shape, next), shrink(shape, next)];
    const operands = [floatOperand(a, next), floatOperand(b, next)];
    const output = { shape: outputOf(a, b), format: null };
    if (kind === 'multiply')
      return single<'multiply'>({ op: 'multiply', clamp, requantize: null }, operands, output);
    if (kind === 'leakyRelu') {
      const slopes = { ...floatOperand([next() < 0.5 ? 1 : shape[shape.length - 1]], next), constant: true };
      const fields = { op: 'leakyRelu', slopeShift: 0, requantize: null } as const;
      return single<'leakyRelu'>(fields, [floatOperand(shape, next), slopes], { shape, format: null });
    }
    const sign = kind === 'add' ? 1 : -1;
    return single<'add'>(
      { op: 'add', sign, shifts: [0, 0], scalings: null, clamp, requantize: null },
      operands,
      output,
    );
  });

const pairFunctions = fc
  .tuple(shapes, seeds, fc.constantFrom(...BINARY_FUNCTIONS))
  .map(([shape, seed, fn]): Case => {
    const next = random(seed);
    const operands = [shrink(shape, next), shrink(shape, next)].map((own) => floatOperand(own, next));
    const output = { shape: outputOf(operands[0].shape, operands[1].shape), format: null };
    if (fn === 'power') {
      const bases = operands[0].data as Float32Array;
      const exponents = operands[1].data as Float32Array;
      bases.set([0, -0, 1, -1, -2, -Infinity, 2, -8].slice(0, bases.length));
      exponents.set([3, -3, 0.5, 2, Infinity, -1, -0, 1e9].slice(0, exponents.length));
    }
    return single<'binary'>({ op: 'binary', function: fn }, operands, output);
  });

const selections = fc.tuple(shapes, seeds).map(([shape, seed]): Case => {
  const next = random(seed);
  const operands = [1, 2, 3].map(() => floatOperand(shrink(shape, next), next));
  (operands[0].data as Float32Array).set([0, -0, NaN].slice(0, size(operands[0].shape)));
  const joined = operands.map((operand) => operand.shape).reduce(outputOf);
  return single<'select'>({ op: 'select' }, operands, { shape: joined, format: null });
});

const clamps = fc
  .tuple(shapes, seeds, activations, fc.boolean())
  .map(([shape, seed, format, float]): Case => {
    const next = random(seed);
    const { high } = codeRange(format);
    const clamp = { low: Math.min(1, high), high: Math.max(1, high - 2) };
    const operand = float ? floatOperand(shape, next) : codeOperand(shape, format, 'uniform', next);
    return single<'clamp'>({ op: 'clamp', clamp }, [operand], { shape, format: operand.format });
  });

const lookups = fc.tuple(shapes, seeds, activations, activations).map(([shape, seed, x, y]): Case => {
  const next = random(seed);
  const table = { ...codeOperand([2 ** x.bits], y, 'uniform', next), constant: true };
  const operands = [codeOperand(shape, x, 'uniform', next), table];
  return single<'lookup'>({ op: 'lookup' }, operands, { shape, format: y });
});

const functions = fc.constantFrom<UnaryFunction>(
  ...PLAIN_FUNCTIONS.map((name) => ({ name })),
  { name: 'hardSigmoid', alpha: 0.2, beta: 0.5 },
  { name: 'elu', alpha: 1.5, scale: 1.1 },
);

/** Around the places where functions change their method. */
const edges = [800, -800, 709.5, -708.5, 0.0156, 0.03124, 0.03126, -0.9163, -0.9162, 5.9999, -6, 8.4853];

const unaries = fc.tuple(shapes, seeds, functions).map(([shape, seed, fn]): Case => {
  const next = random(seed);
  const operand = floatOperand(shape, next);
  (operand.data as Float32Array).set(edges.slice(0, size(shape)));
  return single<'unary'>({ op: 'unary', function: fn }, [operand], { shape, format: null });
});

const images = fc
  .record({
    seed: seeds,
    batch: fc.integer({ min: 1, max: 2 }),
    input: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
    channels: fc.integer({ min: 1, max: 19 }),
    window: windows,
  })
  .filter(
    ({ window, input }) => outputSize(window, input) !== undefined && window.pads.every((pad) => pad < 2),
  );
type Image = typeof images extends fc.Arbitrary<infer T> ? T : never;

function imageShapes({ batch, input, channels, window }: Image) {
  return { x: [batch, ...input, channels], y: [batch, ...outputSize(window, input)!, channels] };
}

const maxPools = fc
  .tuple(images, activations, fills, fc.boolean())
  .map(([image, format, fill, float]): Case => {
    const next = random(image.seed);
    const { x, y } = imageShapes(image);
    const operand = float ? floatOperand(x, next) : codeOperand(x, format, fill, next);
    return single<'maxPool'>({ op: 'maxPool', window: image.window }, [operand], {
      shape: y,
      format: operand.format,
    });
  });

/** Every number of taps that a window may cover. */
function counts({ kernel }: Window): number[] {
  return Array.from({ length: kernel[0] * kernel[1] }, (_, index) => index + 1);
}

const averagePools = fc
  .tuple(images, rounded, fc.boolean(), fc.boolean())
  .filter(
    ([{ window }]) => window.pads.every((pad) => pad === 0) || window.kernel.every((extent) => extent > 2),
  )
  .map(([image, v, float, countIncludePad]): Case => {
    const next = random(image.seed);
    const { x, y } = imageShapes(image);
    const { window } = image;
    const [format, , output] = v.formats;
    const operand = float ? floatOperand(x, next, false) : codeOperand(x, format, v.fills[0], next);
    const shift = 12 + v.shift;
    const { rounding, overflow } = v;
    const scalings = float
      ? []
      : counts(window).map((count) => {
          const multiplier = Math.round(2 ** 12 / count);
          return { count, scaling: { style: 'multiplier', multiplier, shift, rounding } as const };
        });
    const fields = {
      op: 'averagePool',
      window,
      countIncludePad,
      scalings,
      overflow,
    } as const;
    const fractionBits = at(format.fractionBits, 0);
    return single<'averagePool'>(fields, [operand], {
      shape: y,
      format: float ? null : { ...output, fractionBits },
    });
  });

const quantizations = fc
  .tuple(
    shapes,
    seeds,
    activations,
    roundings,
    saturations,
    fc.constantFrom('shift', 'scale', 'channels'),
    fc.boolean(),
  )
  .map(([shape, seed, base, rounding, overflow, kind, float32Quotient]): Case => {
    const next = random(seed);
    const operand = floatOperand(shape, next, false);
    const data = operand.data as Float32Array;
    // Ties, and what lies just beside them.
    for (let i = 0; i < data.length; i++) {
      const tie = (Math.floor(next() * 64) - 32 + 0.5) / 16;
      if (next() < 0.5) data[i] = next() < 0.8 ? tie : tie * (1 + 2 ** -23);
    }
    data.set([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].slice(0, data.length - 1));
    const axis = Math.floor(next() * shape.length);
    const list = (make: () => number) => Array.from({ length: shape[axis] }, make);
    const unsigned = !base.signed;
    const format: Format =
      kind === 'shift'
        ? base
        : kind === 'scale'
          ? { ...base, mantissa: 12345677, fractionBits: 27, zeroPoint: unsigned ? 3 : -1 }
          : {
              ...base,
              axis,
              mantissa: list(() => 1 + Math.floor(next() * 1000)),
              fractionBits: list(() => 10 + Math.floor(next() * 4)),
              zeroPoint: list(() => Math.floor(next() * 2)),
            };
    return single<'quantize'>({ op: 'quantize', float32Quotient, rounding, overflow }, [operand], {
      shape,
      format,
    });
  });

const dequantizations = quantizations.map(({ program }): Case => {
  const { shape, format } = program.tensors[1];
  const operand = codeOperand(shape, format!, 'uniform', random(size(shape)));
  return single<'dequantize'>({ op: 'dequantize' }, [operand], { shape, format: null });
});

const normalizations = fc
  .tuple(shapes, seeds, fc.constantFrom(...NORMALIZE_RESULTS), fc.constantFrom(0, 1e-5))
  .map(([shape, seed, result, epsilon]): Case => {
    const next = random(seed);
    const axis = Math.floor(next() * (shape.length + 1));
    const lines = shape.map((extent, i) => (result !== 'values' && i >= axis ? 1 : extent));
    const fields = { op: 'normalize', axis, epsilon, result } as const;
    return single<'normalize'>(fields, [floatOperand(shape, next)], { shape: lines, format: null });
  });

const softmaxes = fc
  .tuple(shapes, seeds, fc.nat(), fc.boolean())
  .map(([shape, seed, axis, special]): Case => {
    const operand = floatOperand(shape, random(seed), special);
    return single<'softmax'>({ op: 'softmax', axis: axis % shape.length }, [operand], {
      shape,
      format: null,
    });
  });

const softmaxesOfCodes = fc
  .tuple(shapes, seeds, fc.nat(), activations, activations, fc.boolean())
  .map(([shape, seed, axis, x, y, newton]): Case => {
    const next = random(seed);
    const bits = newton ? 32 : 16;
    const exponentials = codeOperand([2 ** x.bits], fixed(bits, bits - 1), 'uniform', next);
    const data = (exponentials.data as Int32Array).map((entry) => Math.abs(entry + 1));
    data[0] = newton ? 2 ** 30 : 2;
    const reciprocals = codeOperand([513], fixed(16, 15), 'uniform', next);
    const tables = newton ? [{ ...exponentials, data }] : [{ ...exponentials, data }, reciprocals];
    const operands = [
      codeOperand(shape, x, 'uniform', next),
      ...tables.map((table) => ({ ...table, constant: true })),
    ];
    const fields = { op: 'softmax', axis: axis % shape.length } as const;
    return single<'softmax'>(fields, operands, { shape, format: y });
  });

const localNormalizations = fc
  .tuple(
    shapes,
    seeds,
    fc.integer({ min: 1, max: 7 }),
    fc.constantFrom(1e-4, 1, 1e300, -1),
    fc.constantFrom(0.75, 0.5, 1, -2, 500),
    fc.constantFrom(1, 0, 2, 1e-320),
    fc.boolean(),
  )
  .map(([shape, seed, width, alpha, beta, bias, special]): Case => {
    const operand = floatOperand(shape, random(seed), special);
    const fields = { op: 'localResponseNormalization', size: width, alpha, beta, bias } as const;
    return single<'localResponseNormalization'>(fields, [operand], { shape, format: null });
  });

export const families = {
  additions,
  multiplications,
  leakyRelus,
  requantizations,
  floatBinaries,
  pairFunctions,
  normalizations,
  selections,
  clamps,
  lookups,
  unaries,
  maxPools,
  averagePools,
  quantizations,
  dequantizations,
  softmaxes,
  softmaxesOfCodes,
  localNormalizations,
};
