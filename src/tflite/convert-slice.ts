/** Operators that take parts of a tensor: slices, splits and single elements of an axis. */
import { ModelError } from '../errors.js';
import { int } from '../graph/attributes.js';
import { axisFrom0, type Converter, operand } from './converter.js';
import { layouts, readOptions } from './schema.js';

/** The bits of a mask of STRIDED_SLICE, one for each entry of its lists. */
const MASK_BITS = 32;

/** SLICE: begin and size per axis; a size of -1 reaches to the end. */
export const slice: Converter = (operator, writer, where) => {
  const x = operand(operator, 0, where);
  const begin = writer.integers(operator.inputs[1], where);
  const size = writer.integers(operator.inputs[2], where);
  const { shape } = writer.tensor(x);
  if (begin.length !== shape.length || size.length !== shape.length)
    throw new ModelError({ where, what: 'the slice does not fit', expected: `${shape.length} axes` });
  const end = begin.map((start, axis) => (size[axis] === -1 ? shape[axis] : start + size[axis]));
  const inputs = [writer.read(x), writer.list(begin), writer.list(end)];
  writer.add('Slice', inputs, [writer.write(operator.outputs[0])]);
};

/** What a strided slice does along one axis of its input, or a new axis of size 1. */
interface Range {
  readonly isNew: boolean;
  readonly start: number;
  readonly stop: number;
  readonly step: number;
  readonly shrinks: boolean;
}

const whole = (size: number): Range => ({ isNew: false, start: 0, stop: size, step: 1, shrinks: false });
const clampTo = (index: number, low: number, high: number) => Math.min(Math.max(index, low), high);

/** Masks say per given axis that begin or end is open, that the axis goes, is new, or stands for all that are not given. */
function rangesOf(
  o: Readonly<
    Record<'beginMask' | 'endMask' | 'ellipsisMask' | 'newAxisMask' | 'shrinkAxisMask' | 'offset', number>
  >,
  shape: readonly number[],
  [begin, end, strides]: readonly (readonly number[])[],
): Range[] {
  const has = (mask: number, index: number) => (mask & (1 << index)) !== 0;
  const ranges: Range[] = [];
  let axis = 0;
  begin.forEach((given, index) => {
    const later = begin.filter((_, other) => other > index && !has(o.newAxisMask, other)).length;
    if (has(o.ellipsisMask, index)) {
      for (; axis < shape.length - later; axis++) ranges.push(whole(shape[axis]));
      return;
    }
    if (has(o.newAxisMask, index)) {
      ranges.push({ ...whole(1), isNew: true });
      return;
    }
    const size = shape[axis++];
    const step = strides[index];
    const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
    const fromStart = (position: number) => (position < 0 ? position + size : position);
    const open = step > 0 ? 0 : size - 1;
    const start = has(o.beginMask, index) ? open : clampTo(fromStart(given), low, high);
    const shrinks = has(o.shrinkAxisMask, index);
    const ending = o.offset !== 0 ? start + end[index] : fromStart(end[index]);
    const stop = has(o.endMask, index) ? (step > 0 ? size : -1) : clampTo(ending, low, high);
    ranges.push({ isNew: false, start, stop: shrinks ? start + 1 : stop, step: shrinks ? 1 : step, shrinks });
  });
  for (; axis < shape.length; axis++) ranges.push(whole(shape[axis]));
  return ranges;
}

/** Requires lists of one length, each entry of which has a bit in the masks. */
function requireEntries([begin, ...others]: readonly (readonly number[])[], where: string): void {
  const sameLength = others.every(({ length }) => length === begin.length);
  if (sameLength && begin.length <= MASK_BITS) return;
  throw new ModelError({
    where,
    what: 'the lists of the slice do not fit',
    expected: `one length of at most ${MASK_BITS}`,
    got: [begin, ...others].map(({ length }) => length).join(', '),
  });
}

/** Begin and end for ONNX, which counts what is below 0 from the end; backwards from before the first element is nothing. */
const boundsOf =
  (shape: readonly number[]) =>
  ({ start, stop }: Range, axis: number): [number, number] => {
    if (start < 0) return [0, 0];
    return [start, stop < 0 ? -shape[axis] - 1 : stop];
  };

export const stridedSlice: Converter = (operator, writer, where) => {
  const o = readOptions(layouts.stridedSlice, operator.options, where);
  const x = operand(operator, 0, where);
  const lists = [1, 2, 3].map((index) => writer.integers(operator.inputs[index], where));
  const [begin, , strides] = lists;
  const { shape } = writer.tensor(x);
  requireEntries(lists, where);
  const ranges = rangesOf(o, shape, lists);
  const sliced = ranges.filter(({ isNew }) => !isNew);
  const fits =
    sliced.length === shape.length &&
    !strides.includes(0) &&
    sliced.every(({ shrinks, start }, axis) => !shrinks || (start >= 0 && start < shape[axis]));
  if (!fits)
    throw new ModelError({
      where,
      what: 'the slice does not fit',
      expected: `[${shape}]`,
      got: `[${begin}]`,
    });
  const bounds = sliced.map(boundsOf(shape));
  const values = [
    bounds.map(([first]) => first),
    bounds.map(([, last]) => last),
    sliced.map((_, axis) => axis),
    sliced.map(({ step }) => step),
  ].map((list) => writer.list(list));
  const [tensor] = operator.outputs;
  const output = writer.write(tensor);
  const gone = sliced.flatMap(({ shrinks }, axis) => (shrinks ? [axis] : []));
  const added = ranges.filter(({ shrinks }) => !shrinks).flatMap(({ isNew }, axis) => (isNew ? [axis] : []));
  const steps = [
    { name: 'Slice', lists: values },
    ...(gone.length > 0 ? [{ name: 'Squeeze', lists: [writer.list(gone)] }] : []),
    ...(added.length > 0 ? [{ name: 'Unsqueeze', lists: [writer.list(added)] }] : []),
  ];
  let value = writer.read(x);
  steps.forEach((step, index) => {
    const next = index === steps.length - 1 ? output : writer.fresh(`${output}/slice`, tensor);
    writer.add(step.name, [value, ...step.lists], [next]);
    value = next;
  });
};

/** SPLIT has the axis first, SPLIT_V the sizes and then the axis. */
function writeSplit(sizesFirst: boolean): Converter {
  return (operator, writer, where) => {
    const x = operand(operator, sizesFirst ? 0 : 1, where);
    const { shape } = writer.tensor(x);
    const [given] = writer.integers(operator.inputs[sizesFirst ? 2 : 0], where);
    const axis = axisFrom0(given ?? 0, shape.length, where);
    const parts = operator.outputs.length;
    const sizes = sizesFirst ? [...writer.integers(operator.inputs[1], where)] : [];
    if (!sizesFirst) for (let i = 0; i < parts; i++) sizes.push(shape[axis] / parts);
    const open = sizes.indexOf(-1);
    if (open >= 0) sizes[open] = shape[axis] - sizes.reduce((sum, size) => sum + size, 1);
    if (sizes.length !== parts || !sizes.every((size) => Number.isInteger(size) && size >= 0))
      throw new ModelError({ where, what: 'the parts do not fit', expected: `${parts} of ${shape[axis]}` });
    const outputs = operator.outputs.map((tensor) => writer.write(tensor));
    writer.add('Split', [writer.read(x), writer.list(sizes)], outputs, { axis: int(axis) });
  };
}

export const split = writeSplit(false);
export const splitV = writeSplit(true);

/** UNPACK: every element of an axis as a tensor without that axis. */
export const unpack: Converter = (operator, writer, where) => {
  const o = readOptions(layouts.unpack, operator.options, where);
  const x = operand(operator, 0, where);
  const { shape } = writer.tensor(x);
  const axis = axisFrom0(o.axis, shape.length, where);
  if (shape[axis] !== operator.outputs.length)
    throw new ModelError({
      where,
      what: 'has the wrong number of outputs',
      expected: `${shape[axis]}`,
      got: `${operator.outputs.length}`,
    });
  const outputs = operator.outputs.map((tensor) => writer.write(tensor));
  const parts = operator.outputs.map((tensor, index) => writer.fresh(`${outputs[index]}/part`, tensor));
  const sizes = writer.list(parts.map(() => 1));
  writer.add('Split', [writer.read(x), sizes], parts, { axis: int(axis) });
  const axes = writer.list([axis]);
  parts.forEach((part, index) => {
    writer.add('Squeeze', [part, axes], [outputs[index]]);
  });
};
