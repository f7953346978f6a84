/** Operators that move elements, and those between real values and codes. */
import { ModelError } from '../errors.js';
import {
  axisFrom0,
  axisIn,
  type Converter,
  int,
  ints,
  operand,
  requireRank,
  text,
  writeActivated,
} from './converter.js';
import type { GraphWriter } from './graph-writer.js';
import { layouts, readOptions } from './schema.js';

/** QUANTIZE, DEQUANTIZE and CAST: the value is the same, its representation is not. */
export const sameValue: Converter = (operator, writer, where) => {
  const x = operand(operator, 0, where);
  const layout = writer.layoutOf([x]);
  writer.add('Identity', [writer.read(x, layout)], [writer.write(operator.outputs[0], layout)]);
};

export const concatenation: Converter = (operator, writer, where) => {
  const o = readOptions(layouts.concatenation, operator.options, where);
  const operands = operator.inputs.map((_, index) => operand(operator, index, where));
  const axis = axisFrom0(o.axis, writer.tensor(operand(operator, 0, where)).shape.length, where);
  const layout = writer.layoutOf(operands);
  const inputs = operands.map((tensor) => writer.read(tensor, layout));
  writeActivated(operator, writer, layout, o.activation, false, (output) =>
    writer.add('Concat', inputs, [output], { axis: int(axisIn(layout, axis)) }),
  );
};

/** PAD and PADV2: amounts [axis][before, after], the value a constant of the input's kind. */
export const pad: Converter = (operator, writer, where) => {
  const x = operand(operator, 0, where);
  const rank = writer.tensor(x).shape.length;
  const amounts = writer.integers(operator.inputs[1], where);
  if (amounts.length !== 2 * rank)
    throw new ModelError({
      where,
      what: 'the pads do not fit',
      expected: `${2 * rank}`,
      got: `${amounts.length}`,
    });
  const layout = writer.layoutOf([x]);
  const order = layout === 'plain' ? amounts.map((_, axis) => axis).slice(0, rank) : [0, 3, 1, 2];
  const pads = [0, 1].flatMap((side) => order.map((axis) => amounts[2 * axis + side]));
  const value = operator.inputs[2] ?? -1;
  if (value >= 0 && writer.stored(value) === undefined)
    return writer.refuse(operator, 'the padding value is computed');
  const inputs = [writer.read(x, layout), writer.list(pads)];
  if (value >= 0) inputs.push(writer.read(value));
  writer.add('Pad', inputs, [writer.write(operator.outputs[0], layout)]);
};

function writeReshape(writer: GraphWriter, from: number, to: number, shape: readonly number[]): void {
  const inputs = [writer.read(from), writer.list(shape)];
  writer.add('Reshape', inputs, [writer.write(to)], { allowzero: int(1) });
}

/** The shape is the second operand or, where that is left out, an option. */
export const reshape: Converter = (operator, writer, where) => {
  const x = operand(operator, 0, where);
  const shape = operator.inputs[1] ?? -1;
  readOptions(layouts.reshape, operator.options, where);
  const wanted = shape >= 0 ? writer.integers(shape, where) : (operator.options.table?.ints(0) ?? []);
  writeReshape(writer, x, operator.outputs[0], wanted);
};

export const squeeze: Converter = (operator, writer, where) => {
  const x = operand(operator, 0, where);
  readOptions(layouts.squeeze, operator.options, where);
  const axes = operator.options.table?.ints(0) ?? [];
  const inputs = [writer.read(x), ...(axes.length > 0 ? [writer.list(axes)] : [])];
  writer.add('Squeeze', inputs, [writer.write(operator.outputs[0])]);
};

export const expandDimensions: Converter = (operator, writer, where) => {
  const x = operand(operator, 0, where);
  const axes = writer.list(writer.integers(operator.inputs[1], where));
  writer.add('Unsqueeze', [writer.read(x), axes], [writer.write(operator.outputs[0])]);
};

export const transpose: Converter = (operator, writer, where) => {
  const x = operand(operator, 0, where);
  const perm = ints(writer.integers(operator.inputs[1], where));
  writer.add('Transpose', [writer.read(x)], [writer.write(operator.outputs[0])], { perm });
};

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

/** Masks say per axis that begin or end is open, or that the axis goes. */
export const stridedSlice: Converter = (operator, writer, where) => {
  const o = readOptions(layouts.stridedSlice, operator.options, where);
  const x = operand(operator, 0, where);
  const [begin, end, strides] = [1, 2, 3].map((index) => writer.integers(operator.inputs[index], where));
  const { shape } = writer.tensor(x);
  if (o.ellipsisMask !== 0 || o.newAxisMask !== 0)
    return writer.refuse(operator, 'ellipsis and new axes are not supported');
  const axes = begin.length;
  if (end.length !== axes || strides.length !== axes || axes > shape.length || strides.includes(0))
    throw new ModelError({
      where,
      what: 'the slice does not fit',
      expected: `[${shape}]`,
      got: `[${begin}]`,
    });
  const has = (mask: number, axis: number) => (mask & (1 << axis)) !== 0;
  const starts: number[] = [];
  const ends: number[] = [];
  const steps: number[] = [];
  for (let axis = 0; axis < axes; axis++) {
    const size = shape[axis];
    const shrinks = has(o.shrinkAxisMask, axis);
    const step = shrinks ? 1 : strides[axis];
    const open = step > 0 ? { first: 0, last: size } : { first: size - 1, last: -size - 1 };
    const start = has(o.beginMask, axis) && !shrinks ? open.first : begin[axis];
    const stop = o.offset !== 0 ? start + end[axis] : end[axis];
    starts.push(start);
    ends.push(shrinks ? (start === -1 ? size : start + 1) : has(o.endMask, axis) ? open.last : stop);
    steps.push(step);
  }
  const gone = starts.map((_, axis) => axis).filter((axis) => has(o.shrinkAxisMask, axis));
  const lists = [starts, ends, starts.map((_, axis) => axis), steps].map((list) => writer.list(list));
  const output = writer.write(operator.outputs[0]);
  const sliced = gone.length === 0 ? output : writer.fresh(`${output}/slice`, operator.outputs[0]);
  writer.add('Slice', [writer.read(x), ...lists], [sliced]);
  if (gone.length > 0) writer.add('Squeeze', [sliced, writer.list(gone)], [output]);
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

export const gather: Converter = (operator, writer, where) => {
  const o = readOptions(layouts.gather, operator.options, where);
  if (o.batchDimensions !== 0) return writer.refuse(operator, 'batch dimensions are not supported');
  const x = operand(operator, 0, where);
  const indices = operand(operator, 1, where);
  const stored = writer.stored(indices);
  if (stored === undefined) return writer.refuse(operator, 'the indices are computed');
  const flat = writer.list(writer.integers(indices, where));
  const output = writer.write(operator.outputs[0]);
  if (stored.shape.length !== 1) return writer.refuse(operator, 'only a list of indices is supported');
  writer.add('Gather', [writer.read(x), flat], [output], { axis: int(o.axis) });
};

export const pack: Converter = (operator, writer, where) => {
  const o = readOptions(layouts.pack, operator.options, where);
  const axis = writer.list([o.axis]);
  const output = writer.write(operator.outputs[0]);
  const parts = operator.inputs.map((_, index) => {
    const x = operand(operator, index, where);
    const lifted = writer.fresh(`${output}/part`, x);
    writer.add('Unsqueeze', [writer.read(x), axis], [lifted]);
    return lifted;
  });
  writer.add('Concat', parts, [output], { axis: int(o.axis) });
};

function blocks(
  name: 'DepthToSpace' | 'SpaceToDepth',
  layout: typeof layouts.depthToSpace | typeof layouts.spaceToDepth,
): Converter {
  return (operator, writer, where) => {
    const o = readOptions(layout, operator.options, where);
    const x = operand(operator, 0, where);
    requireRank(writer, x, 4, where);
    const output = writer.write(operator.outputs[0], 'channelsFirst');
    writer.add(name, [writer.read(x, 'channelsFirst')], [output], { blocksize: int(o.blockSize) });
  };
}

export const depthToSpace = blocks('DepthToSpace', layouts.depthToSpace);
export const spaceToDepth = blocks('SpaceToDepth', layouts.spaceToDepth);

/** RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR, with the positions and ties of TFLite's kernels. */
function resize(mode: 'linear' | 'nearest'): Converter {
  return (operator, writer, where) => {
    const layout = mode === 'linear' ? layouts.resizeBilinear : layouts.resizeNearest;
    const o = readOptions(layout, operator.options, where);
    const x = operand(operator, 0, where);
    requireRank(writer, x, 4, where);
    const size = writer.integers(operator.inputs[1], where);
    if (size.length !== 2)
      throw new ModelError({ where, what: 'has an impossible size', expected: 'height and width' });
    const { shape } = writer.tensor(x);
    const positions =
      o.alignCorners !== 0 ? 'align_corners' : o.halfPixelCenters !== 0 ? 'half_pixel' : 'asymmetric';
    writer.add(
      'Resize',
      [writer.read(x, 'channelsFirst'), '', '', writer.list([shape[0], shape[3], ...size])],
      [writer.write(operator.outputs[0], 'channelsFirst')],
      {
        mode: text(mode),
        coordinate_transformation_mode: text(positions),
        nearest_mode: text(positions === 'asymmetric' ? 'floor' : 'round_prefer_ceil'),
      },
    );
  };
}

export const resizeBilinear = resize('linear');
export const resizeNearest = resize('nearest');
