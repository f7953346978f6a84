/** One random instruction of each kind that moves data. */
import { at } from '#src/formats/format.js';
import type { Opcode } from '#src/program/instructions.js';
import { elementCount } from '#src/shape.js';
import { type Builder, drawElements } from './builder.js';
import { drawFormat, drawSize, type Kind } from './draw.js';
import { drawRequantize } from './draw-arithmetic.js';

export interface Recipe {
  readonly kinds: readonly Kind[];
  /** Rank of the first operand; undefined: any. */
  readonly rank?: number;
  /** True where operands may have mantissas and zero points. */
  readonly affine: boolean;
  /** Widest code that the first operand may have; default 16. */
  readonly widest?: number;
  /** Emits the instruction on tensor `x` and returns the index of its output. */
  readonly emit: (builder: Builder, x: number) => number;
}

const both: readonly Kind[] = ['codes', 'float32'];

/** Of the instructions that take wide codes. */
export const WIDE = 32;

export const movement = {
  concat: {
    kinds: both,
    affine: true,
    widest: WIDE,
    emit(b, x) {
      const { shape, format } = b.tensor(x);
      const axis = b.draw.integer(0, shape.length - 1);
      const others = Array.from({ length: b.draw.integer(0, 2) }, () =>
        b.draw.chance(30) ? x : b.operand(format, shape.with(axis, drawSize(b.draw, 9))),
      );
      const operands = b.draw.chance(50) ? [x, ...others] : [...others, x];
      const total = operands.reduce((sum, operand) => sum + b.tensor(operand).shape[axis], 0);
      return b.emit('concat', { axis }, operands, { shape: shape.with(axis, total), format });
    },
  },
  slice: {
    kinds: both,
    affine: true,
    widest: WIDE,
    emit(b, x) {
      const { shape, format } = b.tensor(x);
      const axes = shape.map((size) => {
        const start = b.draw.integer(0, size - 1);
        const step = b.draw.pick([1, 2, 3, -1, -2]);
        const room = step > 0 ? size - 1 - start : start;
        return { start, step, count: b.draw.integer(1, Math.floor(room / Math.abs(step)) + 1) };
      });
      const fields = { starts: axes.map(({ start }) => start), steps: axes.map(({ step }) => step) };
      return b.emit('slice', fields, [x], { shape: axes.map(({ count }) => count), format });
    },
  },
  gather: {
    kinds: both,
    affine: true,
    widest: WIDE,
    emit(b, x) {
      const { shape, format } = b.tensor(x);
      if (shape.length === 0) return reshapeTo(b, x, 1);
      const axis = b.draw.integer(0, shape.length - 1);
      const count = drawSize(b.draw, 9);
      const indices = Array.from({ length: count }, () => b.draw.integer(0, shape[axis] - 1));
      return b.emit('gather', { axis, indices }, [x], { shape: shape.with(axis, count), format });
    },
  },
  resample: { kinds: both, affine: false, widest: WIDE, emit: emitResample },
  pad: {
    kinds: both,
    affine: true,
    widest: WIDE,
    emit(b, x) {
      const { shape, format } = b.tensor(x);
      const [before, after] = [0, 0].map(() => shape.map(() => b.draw.integer(0, 2)));
      const interior = b.draw.chance(70) ? [] : shape.map(() => b.draw.integer(0, 2));
      const value = Number(drawElements(b.draw, format, 1)[0]);
      const padded = shape.map(
        (size, axis) => before[axis] + size + (size - 1) * (interior[axis] ?? 0) + after[axis],
      );
      return b.emit('pad', { before, after, interior, value }, [x], { shape: padded, format });
    },
  },
  transpose: {
    kinds: both,
    affine: true,
    widest: WIDE,
    emit(b, x) {
      const { shape, format } = b.tensor(x);
      const left = shape.map((_, axis) => axis);
      const permutation = shape.map(() => left.splice(b.draw.integer(0, left.length - 1), 1)[0]);
      const permuted = permutation.map((axis) => shape[axis]);
      return b.emit('transpose', { permutation }, [x], { shape: permuted, format });
    },
  },
  reshape: {
    kinds: both,
    affine: true,
    widest: WIDE,
    emit: (b, x) => reshapeTo(b, x, b.draw.integer(1, 5)),
  },
} satisfies Partial<Record<Opcode, Recipe>>;

/** The same elements in a random shape of the given rank. */
export function reshapeTo(b: Builder, x: number, rank: number): number {
  const { shape, format } = b.tensor(x);
  let rest = elementCount(shape);
  const target: number[] = [];
  while (target.length < rank - 1) {
    const divisors = [1, 2, 3, 4, 5, 7, 8, 16].filter((size) => rest % size === 0);
    const size = target.length === 0 && rank === 4 ? 1 : b.draw.pick(divisors);
    target.push(size);
    rest /= size;
  }
  return b.emit('reshape', {}, [x], { shape: [...target, rest], format });
}

function emitResample(b: Builder, x: number): number {
  const { draw } = b;
  const { shape, format } = b.tensor(x);
  if (shape.length === 0) return reshapeTo(b, x, 1);
  const axis = draw.integer(0, shape.length - 1);
  const [outputs, taps] = [drawSize(draw, 9), draw.integer(1, 5)];
  const indices = Array.from({ length: outputs * taps }, () => draw.integer(0, shape[axis] - 1));
  const target = shape.with(axis, outputs);
  if (format === null) {
    const operands = [x, b.constant(null, [outputs, taps])];
    return b.emit('resample', { axis, indices, requantize: null }, operands, { shape: target, format });
  }
  const own = drawFormat(draw);
  const bits = format.bits + own.bits + 2;
  const position = at(format.fractionBits, 0) + at(own.fractionBits, 0);
  const drawn = drawRequantize(b, position, bits, { widest: WIDE });
  const fields = { axis, indices, requantize: drawn.requantize };
  const operands = [x, b.constant(own, [outputs, taps])];
  return b.emit('resample', fields, operands, { shape: target, format: drawn.format });
}
