/** RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR on codes. */
import type { IntegerTaps } from '../compile/model-formats.js';
import { intsAttribute, stringAttribute } from '../graph/attributes.js';
import { onPlainCodes, type Rule } from './rule.js';

const { fround } = Math;

/** A position between two elements: the first of them, the second, and the share of the second. */
interface Position {
  readonly first: number;
  readonly second: number;
  readonly share: number;
}

/** Positions in 1/1024 of an element: ResizeBilinearInteger of reference/resize_bilinear.h, for signed codes. */
function integerPositions(size: number, resized: number, mode: string): Position[] {
  const [from, to] = mode === 'align_corners' && resized > 1 ? [size - 1, resized - 1] : [size, resized];
  const scale = Math.trunc((1024 * from + Math.trunc(to / 2)) / to);
  return Array.from({ length: resized }, (_, index) => {
    const at = index * scale + (mode === 'half_pixel' ? Math.trunc(scale / 2) - 512 : 0);
    const first = Math.max(Math.trunc(at / 1024), 0);
    const second = Math.min(Math.trunc((at + 1023) / 1024), size - 1);
    return { first, second, share: at / 1024 - first };
  });
}

/** Positions in float32: ResizeBilinear of the same file, for unsigned codes. */
function floatPositions(size: number, resized: number, mode: string): Position[] {
  const isAligned = mode === 'align_corners' && resized > 1;
  const scale = isAligned ? fround((size - 1) / (resized - 1)) : fround(size / resized);
  return Array.from({ length: resized }, (_, index) => {
    const at = mode === 'half_pixel' ? fround(fround((index + 0.5) * scale) - 0.5) : fround(index * scale);
    const first = Math.max(Math.floor(at), 0);
    const second = Math.min(Math.ceil(at), size - 1);
    return { first, second, share: fround(at - first) };
  });
}

const MOST_FRACTION = 10;
/** With so many fraction bits in the weights of 8-bit codes, float32 is exact. */
const FLOAT_FRACTION = 16;

/** Positions as taps with the fewest fraction bits that hold their shares; undefined where more than 10 are needed. */
function tapsOf(positions: readonly Position[]): IntegerTaps | undefined {
  const fits = (bits: number) => positions.every(({ share }) => Number.isInteger(share * 2 ** bits));
  let fractionBits = 0;
  while (fractionBits < MOST_FRACTION && !fits(fractionBits)) fractionBits++;
  if (!fits(fractionBits)) return undefined;
  const one = 2 ** fractionBits;
  const pairs = positions.map(({ first, second, share }) =>
    // Weights beyond 0 and 1 come from outside the image, where both taps are one element.
    first === second ? [one, 0] : [one - share * one, share * one],
  );
  const indices = positions.flatMap(({ first, second }) => [first, second]);
  return { count: 2, indices, weights: pairs.flat(), fractionBits };
}

const isAsItIs = ({ fractionBits, indices }: IntegerTaps, size: number) =>
  fractionBits === 0 && indices.length === 2 * size && indices.every((index, i) => index === i >> 1);

/** Nearest elements are codes as they are; means of them are rounded half away from 0, or up where codes are unsigned. */
export const interpolation: Rule = (node, inputs, y) => {
  const plain = onPlainCodes(node, inputs, y);
  if (plain.refused !== undefined || stringAttribute(node, 'mode', 'nearest') === 'nearest') return plain;
  const mode = stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel');
  const sizes = inputs[0]!.table.shape.slice(1, 3);
  const resized = intsAttribute(node, 'size') ?? sizes;
  const positionsOf = y.signed ? integerPositions : floatPositions;
  const positions = sizes.map((size, axis) => positionsOf(size, resized[axis], mode));
  if (positions.some((axis, i) => axis.some(({ first }) => first >= sizes[i])))
    return { refused: 'TFLite reads beyond the image' };
  const [rows, columns] = positions.map(tapsOf);
  const bits = (rows?.fractionBits ?? Infinity) + (columns?.fractionBits ?? Infinity);
  if (rows === undefined || columns === undefined || (!y.signed && bits > FLOAT_FRACTION))
    return { refused: 'TFLite rounds its positions and means in float32' };
  const axes = [
    null,
    null,
    isAsItIs(rows, sizes[0]) ? null : rows,
    isAsItIs(columns, sizes[1]) ? null : columns,
  ];
  const rounding = y.signed ? 'halfAwayFromZero' : 'halfTowardPositive';
  return { given: { kind: 'interpolation', axes, rounding } };
};
