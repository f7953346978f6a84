/** Random programs of one instruction that reads or writes codes of 17 to 32 bits, as wasm-arithmetic-cases.ts. */
import fc from 'fast-check';
import { codeRange, type Format, fixed } from '#src/formats/format.js';
import { OVERFLOWS } from '#src/formats/rounding.js';
import type { Instruction, Requantize, Scaling } from '#src/program/instructions.js';
import {
  anyFormat,
  anyRounding,
  anyScaling,
  between,
  type Next,
  pick,
  products,
} from './wasm-arithmetic-cases.js';
import { type Case, codes, fills, floats, type Operand, random, seeds, single, size } from './wasm-cases.js';
import { outputOf, shrink } from './wasm-other-cases.js';

function wideFormat(next: Next): Format {
  return fixed(pick([17, 20, 24, 31, 32, 32], next), 4, { narrow: next() < 0.1 });
}

/** The output of products as wide codes; of some of them the sums as they stand. */
const wideProducts = fc.tuple(seeds, products).map(([seed, { program, inputs }]): Case => {
  const next = random(seed);
  const [instruction] = program.instructions as [Instruction<'convolution' | 'gemm'>];
  const format = wideFormat(next);
  const { arithmetic, clamp } = instruction;
  const plain: Requantize = {
    style: 'shift',
    shift: 0,
    rounding: anyRounding(next),
    overflow: pick(
      OVERFLOWS.filter((name) => name !== 'wrap' || !format.narrow),
      next,
    ),
  };
  const isPlain = format.narrow || next() < 0.7;
  const requantize = isPlain ? plain : arithmetic!.requantize;
  const changed = {
    ...instruction,
    clamp: next() < 0.5 ? null : clamp,
    arithmetic: { ...arithmetic!, requantize },
  } as Instruction;
  const tensors = program.tensors.with(instruction.output, {
    ...program.tensors[instruction.output],
    format,
  });
  return { program: { ...program, tensors, instructions: [changed] }, inputs };
});

const elementwise = fc.record({
  seed: seeds,
  fills: fc.tuple(fills, fills),
  shape: fc.array(fc.constantFrom(1, 2, 3, 5, 8, 9, 17, 33), { minLength: 1, maxLength: 3 }),
  kind: fc.constantFrom('add', 'scaledAdd', 'requantize', 'reduce', 'resample'),
});

const others = elementwise.map(({ seed, fills: [aFill, bFill], shape, kind }): Case => {
  const next = random(seed);
  const x = wideFormat(next);
  const a: Operand = { shape, format: x, data: codes(x, size(shape), aFill, next) };
  const own = next() < 0.5 ? wideFormat(next) : anyFormat(next);
  const overflow = pick(OVERFLOWS, next);
  const format = overflow === 'wrap' ? { ...own, narrow: false } : own;
  const scaling = (bits: number, channels: number) => ({ ...anyScaling(bits, channels, next), overflow });
  const channels = shape[shape.length - 1];
  if (kind === 'requantize') {
    const fields = { op: 'requantize', requantize: scaling(x.bits, channels) } as const;
    return single<'requantize'>(fields, [a], { shape, format });
  }
  if (kind === 'resample') {
    const axis = between(0, shape.length - 1, next);
    const [outputs, taps] = [between(1, 5, next), between(1, 3, next)];
    const indices = Array.from({ length: outputs * taps }, () => between(0, shape[axis] - 1, next));
    const own = fixed(pick([8, 16], next), 3);
    const weights = {
      shape: [outputs, taps],
      format: own,
      data: codes(own, outputs * taps, bFill, next),
      constant: true,
    };
    const y: number[] = [...shape];
    y[axis] = outputs;
    const requantize = scaling(Math.min(x.bits + own.bits + 2, 48), y[y.length - 1]);
    return single<'resample'>({ op: 'resample', axis, indices, requantize }, [a, weights], {
      shape: y,
      format,
    });
  }
  if (kind === 'reduce') {
    const axes = shape.map((_, axis) => axis).filter(() => next() < 0.5);
    const y = shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
    const requantize = scaling(x.bits + 4, y[y.length - 1]);
    const fields = { op: 'reduce', function: 'sum', axes, requantize } as const;
    return single<'reduce'>(fields, [a], { shape: y, format });
  }
  const partner = next() < 0.5 ? wideFormat(next) : anyFormat(next);
  const shrunk = shrink(shape, next);
  const constant = next() < 0.5;
  const b = { shape: shrunk, format: partner, data: codes(partner, size(shrunk), bFill, next), constant };
  const shifts = [between(0, 48 - x.bits, next) % 20, between(0, 48 - partner.bits, next) % 20] as const;
  const bits = Math.max(x.bits + shifts[0], partner.bits + shifts[1]);
  const least = Math.min(bits, 20);
  const scalings = [0, 1].map(() => anyScaling(least, 1, next)) as [Scaling, Scaling];
  const isScaled = kind === 'scaledAdd';
  const y = outputOf(shape, shrunk);
  const requantize = scaling(isScaled ? least : bits, y[y.length - 1]);
  const fields = { op: 'add', sign: pick([1, -1] as const, next), shifts, clamp: null } as const;
  const operands = next() < 0.5 ? [a, b] : [b, a];
  const ordered = operands[0] === a ? shifts : ([shifts[1], shifts[0]] as const);
  const complete = { ...fields, shifts: ordered, scalings: isScaled ? scalings : null, requantize };
  return single<'add'>(complete, operands, { shape: y, format });
});

const conversions = elementwise.map(({ seed, fills: [fill], shape }): Case => {
  const next = random(seed);
  const perChannel = next() < 0.5;
  const axis = shape.length - 1;
  const fraction = () => between(-8, 30, next);
  const base = wideFormat(next);
  const mantissa = pick([1, 9_741_277, 2 ** 24 - 1], next);
  const placed = perChannel
    ? { fractionBits: Array.from({ length: shape[axis] }, fraction), axis }
    : { fractionBits: fraction() };
  const format = { ...base, ...placed, mantissa };
  if (next() < 0.5) {
    const operand = { shape, format, data: codes(format, size(shape), fill, next) };
    return single<'dequantize'>({ op: 'dequantize' }, [operand], { shape, format: null });
  }
  const overflow = pick(
    OVERFLOWS.filter((name) => name !== 'wrap' || !format.narrow),
    next,
  );
  const operand = { shape, format: null, data: floats(size(shape), next, next() < 0.1) };
  const fields = {
    op: 'quantize',
    float32Quotient: next() < 0.3,
    rounding: anyRounding(next),
    overflow,
  } as const;
  return single<'quantize'>(fields, [operand], { shape, format });
});

const paddings = elementwise.map(({ seed, fills: [fill], shape }): Case => {
  const next = random(seed);
  const format = wideFormat(next);
  const [before, after, interior] = [0, 1, 2].map(() => shape.map(() => between(0, 2, next)));
  const y = shape.map((extent, i) => before[i] + extent + (extent - 1) * interior[i] + after[i]);
  const { low, high } = codeRange(format);
  const fields = { op: 'pad', before, after, interior, value: pick([low, -1, 0, high], next) } as const;
  const operand = { shape, format, data: codes(format, size(shape), fill, next) };
  return single<'pad'>(fields, [operand], { shape: y, format });
});

export const families = {
  wideProducts,
  wideOthers: others,
  wideConversions: conversions,
  widePaddings: paddings,
};
