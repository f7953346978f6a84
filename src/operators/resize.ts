/** Resize and its older form Upsample: nearest, linear and cubic, with constant scales or sizes. */
import {
  floatAttribute,
  floatsAttribute,
  intAttribute,
  intsAttribute,
  stringAttribute,
} from '../graph/attributes.js';
import type { Graph, Node } from '../graph/graph.js';
import { numbers, type TensorType } from '../graph/tensor.js';
import {
  constantInput,
  constantsOf,
  nodeError,
  normalizeAxes,
  outputType,
  rejectConstantInput,
  required,
  shapeText,
  typeOf,
} from './check.js';
import { MOST_LISTED } from './expand.js';
import type { Lowering } from './lowering.js';
import type { ConstantInput, Operator } from './operator.js';
import {
  type AxisScale,
  COORDINATE_MODES,
  type CoordinateMode,
  coordinates,
  cubicFilter,
  filterTaps,
  linearFilter,
  NEAREST_MODES,
  type NearestMode,
  nearestIndices,
} from './resampling.js';

/** The elements of a constant input; undefined where it is left out or empty. */
function list(node: Node, constant: ConstantInput, index: number): readonly number[] | undefined {
  const tensor = constantInput(node, constant, index);
  return tensor === undefined || tensor.data.length === 0 ? undefined : numbers(tensor);
}

/** Axis by axis what a node does to a tensor of this shape. */
function axisScales(
  node: Node,
  shape: readonly number[],
  constant: ConstantInput,
  opset: number,
): AxisScale[] {
  const isOld = node.operator === 'Upsample' || opset < 11;
  const scales = floatsAttribute(node, 'scales') ?? list(node, constant, isOld ? 1 : 2);
  const sizes = isOld ? undefined : list(node, constant, 3);
  const given = intsAttribute(node, 'axes');
  const axes = given ? normalizeAxes(node, given, shape.length) : shape.map((_, axis) => axis);
  const values = scales ?? sizes;
  if (values === undefined) throw nodeError(node, 'neither scales nor sizes are given');
  if (values.length !== axes.length || !values.every((value) => value > 0))
    throw nodeError(
      node,
      'the scales or sizes do not fit',
      `${axes.length} positive numbers`,
      shapeText(values),
    );
  const policy = stringAttribute(node, 'keep_aspect_ratio_policy', 'stretch');
  const ratios = axes.map((axis, i) => (scales === undefined ? values[i] / shape[axis] : values[i]));
  const isCropped = stringAttribute(node, 'coordinate_transformation_mode', '') === 'tf_crop_and_resize';
  const roi = isCropped ? list(node, constant, 1) : undefined;
  if (isCropped && roi?.length !== 2 * axes.length)
    throw nodeError(node, 'roi does not fit', `${2 * axes.length} numbers`, shapeText(roi ?? []));
  const cropOf = (i: number) => (roi === undefined ? {} : { crop: [roi[i], roi[i + axes.length]] as const });
  const common = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  const isCommon = scales === undefined && policy !== 'stretch';
  return shape.map((size, axis) => {
    const i = axes.indexOf(axis);
    if (i < 0) return { size, resized: size, scale: 1 };
    if (isCommon) return { size, resized: Math.floor(common * size + 0.5), scale: common, ...cropOf(i) };
    const resized = scales === undefined ? values[i] : Math.floor(size * values[i]);
    return { size, resized, scale: ratios[i], ...cropOf(i) };
  });
}

/** The modes of a node; older operator sets know one of each. */
function modes(node: Node, opset: number): { coordinates: string; nearest: string; mode: string } {
  const isOld = node.operator === 'Upsample' || opset < 11;
  const coordinates = stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel');
  return {
    mode: stringAttribute(node, 'mode', 'nearest'),
    coordinates: isOld ? 'asymmetric' : coordinates,
    nearest: isOld ? 'old' : stringAttribute(node, 'nearest_mode', 'round_prefer_floor'),
  };
}

function infer(
  node: Node,
  inputs: readonly (TensorType | undefined)[],
  constant: ConstantInput,
  opset: number,
): TensorType[] {
  const { type, shape } = required(node, inputs, 0);
  const axes = axisScales(node, shape, constant, opset);
  return [
    outputType(
      node,
      type,
      axes.map(({ resized }) => resized),
    ),
  ];
}

function reject(node: Node, graph: Graph): string | undefined {
  const { mode, coordinates: transformation, nearest } = modes(node, graph.opset);
  if (!['nearest', 'linear', 'bilinear', 'cubic'].includes(mode)) return `mode ${mode}`;
  if (!COORDINATE_MODES.some((known) => known === transformation))
    return `coordinate_transformation_mode ${transformation}`;
  if (mode === 'nearest' && nearest !== 'old' && !NEAREST_MODES.some((known) => known === nearest))
    return `nearest_mode ${nearest}`;
  const { shape } = typeOf(graph, node.inputs[0]);
  const axes = axisScales(node, shape, constantsOf(graph, node), graph.opset);
  if (axes.some(({ resized }) => resized < 1)) return 'the output has no elements';
  const long = axes.find(isTooLong);
  return long === undefined ? rejectConstantInput(node, graph) : `an axis of ${long.resized} elements`;
}

function isKept({ size, resized, scale, crop: [start, end] = [0, 1] }: AxisScale): boolean {
  return size === resized && scale === 1 && start === 0 && end === 1;
}

/** The elements of an axis that is not kept are listed. */
function isTooLong(axis: AxisScale): boolean {
  return axis.resized > MOST_LISTED && !isKept(axis);
}

function lower(node: Node, lowering: Lowering): void {
  const { graph } = lowering;
  const { shape } = lowering.type(node.inputs[0]);
  const axes = axisScales(node, shape, constantsOf(graph, node), graph.opset);
  const found = modes(node, graph.opset);
  const mode = found.coordinates as CoordinateMode;
  if (found.mode === 'nearest') {
    // Before operator set 11, ONNX's cases round up where an axis shrinks and down where it grows.
    const nearest = ({ scale }: AxisScale) =>
      found.nearest === 'old' ? (scale < 1 ? 'ceil' : 'floor') : (found.nearest as NearestMode);
    lowering.gather(
      node,
      axes.map((axis) => (isKept(axis) ? null : nearestIndices(axis, mode, nearest(axis)))),
    );
    return;
  }
  const isCubic = found.mode === 'cubic';
  const filter = isCubic ? cubicFilter(floatAttribute(node, 'cubic_coeff_a', -0.75)) : linearFilter;
  const options = {
    antialias: intAttribute(node, 'antialias', 0) !== 0,
    excludeOutside: isCubic && intAttribute(node, 'exclude_outside', 0) !== 0,
  };
  lowering.resample(
    node,
    axes.map((axis) => (isKept(axis) ? null : filterTaps(axis, mode, filter, options))),
  );
}

/**
 * Per axis, the output elements that a crop reads beyond the input, which are no elements of it: none without a crop. Undefined
 * where the node is rejected for a long axis.
 */
export function outsideCrop(node: Node, shape: readonly number[], constant: ConstantInput, opset: number) {
  const axes = axisScales(node, shape, constant, opset);
  if (axes.some(isTooLong)) return undefined;
  return axes.map((axis) =>
    axis.crop === undefined
      ? []
      : coordinates(axis, 'tf_crop_and_resize').map((x) => x < 0 || x > axis.size - 1),
  );
}

export const resize: Operator = { name: 'Resize', since: 10, infer, reject, lower };

export const upsample: Operator = { name: 'Upsample', since: 7, infer, reject, lower };
