/** RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR. */
import { ModelError } from '../errors.js';
import { ints, text } from '../graph/attributes.js';
import { MOST_LISTED } from '../operators/expand.js';
import { nearestIndices } from '../operators/resampling.js';
import { writeGathers } from './convert-repetition.js';
import { type Converter, operand, requireRank } from './converter.js';
import { layouts, readOptions } from './schema.js';

const { fround } = Math;

/** How the positions of the output's pixels follow from those of the input's. */
interface Positions {
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

const modeOf = ({ alignCorners, halfPixelCenters }: Positions) =>
  alignCorners ? 'align_corners' : halfPixelCenters ? 'half_pixel' : 'asymmetric';

/** reference/resize_nearest_neighbor.h: the element of the input for each of the output, by float32 positions. */
export function nearestElements(
  size: number,
  resized: number,
  { alignCorners, halfPixelCenters }: Positions,
): number[] {
  const scale = alignCorners && resized > 1 ? fround((size - 1) / (resized - 1)) : fround(size / resized);
  return Array.from({ length: resized }, (_, index) => {
    const position = fround((index + (halfPixelCenters ? 0.5 : 0)) * scale);
    return Math.min(Math.floor(alignCorners ? position + 0.5 : position), size - 1);
  });
}

/** Height and width that the second operand asks for. */
function sizeOf(
  operator: Parameters<Converter>[0],
  writer: Parameters<Converter>[1],
  where: string,
): number[] {
  requireRank(writer, operand(operator, 0, where), 4, where);
  const size = writer.integers(operator.inputs[1], where);
  if (size.length === 2 && size.every((length) => length > 0 && length <= MOST_LISTED)) return size;
  throw new ModelError({
    where,
    what: 'has an impossible size',
    expected: `height and width from 1 to ${MOST_LISTED}`,
    got: `[${size}]`,
  });
}

function writeResize(
  operator: Parameters<Converter>[0],
  writer: Parameters<Converter>[1],
  [height, width]: readonly number[],
  attributes: Readonly<Record<string, string>>,
): void {
  // Not an attribute of ONNX: the kernels for codes depend on it.
  const size = ints([height, width]);
  const x = operator.inputs[0];
  const [batch, , , channels] = writer.tensor(x).shape;
  writer.add(
    'Resize',
    [writer.read(x, 'channelsFirst'), '', '', writer.list([batch, channels, height, width])],
    [writer.write(operator.outputs[0], 'channelsFirst')],
    { ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, text(value)])), size },
  );
}

export const resizeBilinear: Converter = (operator, writer, where) => {
  const o = readOptions(layouts.resizeBilinear, operator.options, where);
  const size = sizeOf(operator, writer, where);
  const positions = { alignCorners: o.alignCorners !== 0, halfPixelCenters: o.halfPixelCenters !== 0 };
  const mode = modeOf(positions);
  writeResize(operator, writer, size, { mode: 'linear', coordinate_transformation_mode: mode });
};

/** A Resize where that takes the elements that TFLite takes, else a Gather for each axis. */
export const resizeNearest: Converter = (operator, writer, where) => {
  const o = readOptions(layouts.resizeNearest, operator.options, where);
  const resized = sizeOf(operator, writer, where);
  const { shape } = writer.tensor(operator.inputs[0]);
  const positions = { alignCorners: o.alignCorners !== 0, halfPixelCenters: o.halfPixelCenters !== 0 };
  const mode = modeOf(positions);
  const nearest = mode === 'asymmetric' ? 'floor' : 'round_prefer_ceil';
  const elements = resized.map((length, axis) => nearestElements(shape[axis + 1], length, positions));
  const isResize = resized.every((length, axis) => {
    const size = shape[axis + 1];
    const onnx = nearestIndices({ size, resized: length, scale: length / size }, mode, nearest);
    return onnx.join() === elements[axis].join();
  });
  const attributes = { mode: 'nearest', coordinate_transformation_mode: mode, nearest_mode: nearest };
  if (isResize) writeResize(operator, writer, resized, attributes);
  else writeGathers(writer, operator.inputs[0], operator.outputs[0], [null, ...elements, null]);
};
