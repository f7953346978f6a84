/** Operators whose output takes elements of the input more than once, or in another order. */
import { ModelError } from '../errors.js';
import { int } from '../graph/attributes.js';
import { MOST_LISTED } from '../operators/expand.js';
import { axisFrom0, type Converter, operand } from './converter.js';
import type { GraphWriter } from './graph-writer.js';
import { layouts, readOptions } from './schema.js';

/** TILE: every axis as often as the second operand says. */
export const tile: Converter = (operator, writer, where) => {
  const x = operand(operator, 0, where);
  const repeats = writer.list(writer.integers(operator.inputs[1], where));
  writer.add('Tile', [writer.read(x), repeats], [writer.write(operator.outputs[0])]);
};

/** BROADCAST_TO a constant shape. */
export const broadcastTo: Converter = (operator, writer, where) => {
  const x = operand(operator, 0, where);
  const shape = writer.list(writer.integers(operator.inputs[1], where));
  writer.add('Expand', [writer.read(x), shape], [writer.write(operator.outputs[0])]);
};

/** MIRROR_PAD: with the outermost element (symmetric) or without it (reflect). */
export const mirrorPad: Converter = (operator, writer, where) => {
  const { mode } = readOptions(layouts.mirrorPad, operator.options, where);
  const x = operand(operator, 0, where);
  const { shape } = writer.tensor(x);
  const amounts = writer.integers(operator.inputs[1], where);
  const edge = mode === 0 ? 1 : 0;
  const pairs = shape.map((_, axis) => [amounts[2 * axis], amounts[2 * axis + 1]]);
  const fits = pairs.flat().every((amount, index) => amount >= 0 && amount + edge <= shape[index >> 1]);
  if (amounts.length !== 2 * shape.length || !fits)
    throw new ModelError({ where, what: 'the pads do not fit', expected: `[${shape}]`, got: `[${amounts}]` });
  const listed = pairs.map(([before, after], axis) =>
    before + after === 0 ? 0 : before + shape[axis] + after,
  );
  const long = findLong(listed);
  if (long !== undefined) return writer.refuse(operator, long);
  const mirrored = pairs.map(([before, after], axis) => {
    if (before + after === 0) return null;
    const size = shape[axis];
    return Array.from({ length: before + size + after }, (_, index) => {
      const at = index - before;
      return at < 0 ? edge - 1 - at : at >= size ? 2 * size - 1 - edge - at : at;
    });
  });
  writeGathers(writer, x, operator.outputs[0], mirrored);
};

/** REVERSE_V2: the order of elements along some axes. */
export const reverse: Converter = (operator, writer, where) => {
  const x = operand(operator, 0, where);
  const { shape } = writer.tensor(x);
  const axes = writer.integers(operator.inputs[1], where).map((axis) => axisFrom0(axis, shape.length, where));
  const long = findLong(axes.map((axis) => shape[axis]));
  if (long !== undefined) return writer.refuse(operator, long);
  const indices = shape.map((size, axis) =>
    axes.includes(axis) ? Array.from({ length: size }, (_, index) => size - 1 - index) : null,
  );
  writeGathers(writer, x, operator.outputs[0], indices);
};

/** Why the elements of axes of these sizes cannot be listed; undefined where they can. */
function findLong(sizes: readonly number[]): string | undefined {
  const long = sizes.find((size) => size > MOST_LISTED);
  return long === undefined ? undefined : `an axis of ${long} elements`;
}

/** One Gather for every axis that has indices. */
export function writeGathers(
  writer: GraphWriter,
  from: number,
  to: number,
  indices: readonly (readonly number[] | null)[],
): void {
  const output = writer.write(to);
  let value = writer.read(from);
  const axes = indices.flatMap((list, axis) => (list === null ? [] : [{ axis, list }]));
  if (axes.length === 0) writer.add('Identity', [value], [output]);
  axes.forEach(({ axis, list }, step) => {
    const next = step === axes.length - 1 ? output : writer.fresh(`${output}/axis${axis}`, to);
    writer.add('Gather', [value, writer.list(list)], [next], { axis: int(axis) });
    value = next;
  });
}
