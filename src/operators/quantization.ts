/** What operators with scales and zero points share: checks of both, and which scale an element belongs to. */
import type { Node } from '../graph/graph.js';
import type { ElementType, Tensor, TensorType } from '../graph/tensor.js';
import { elementCount } from '../shape.js';
import { describe, nodeError, required, shapeText } from './check.js';
import type { ConstantInput } from './operator.js';
import { integerWidth } from './storage.js';

/** Which inputs of a node quantise one of its operands. */
export interface QuantizationInputs {
  readonly scale: number;
  readonly zeroPoint: number;
}

/** Where scales lie: one for all (axis null), one per index on an axis, or one per block along it. */
export interface ScaleLayout {
  readonly axis: number | null;
  /** Elements along the axis that share a scale; 0 without blocks. */
  readonly block: number;
}

/**
 * Checks scale and zero point: element types, equal shapes, and, as far as they are constant, that every scale is a positive
 * number. `type` is that of the codes. A zero point may be left out.
 */
export function checkQuantization(
  node: Node,
  inputs: readonly (TensorType | undefined)[],
  constant: ConstantInput,
  at: QuantizationInputs,
  type: ElementType,
): TensorType {
  const scale = required(node, inputs, at.scale);
  const zeroPoint = inputs[at.zeroPoint];
  if (!/^b?float/.test(scale.type))
    throw nodeError(node, `the scale (input ${at.scale}) has the wrong type`, 'float32', scale.type);
  if (zeroPoint !== undefined && zeroPoint.type !== type)
    throw nodeError(node, `the zero point (input ${at.zeroPoint}) has the wrong type`, type, zeroPoint.type);
  if (zeroPoint !== undefined && !sameCount(scale, zeroPoint))
    throw nodeError(
      node,
      'scale and zero point differ in shape',
      shapeText(scale.shape),
      shapeText(zeroPoint.shape),
    );
  requirePositive(node, constant(at.scale), at.scale);
  return scale;
}

/** Requires positive, finite scales; those that are computed or of another type pass. */
export function requirePositive(node: Node, scale: Tensor | undefined, index: number): void {
  if (scale?.type !== 'float32') return;
  const wrong = (scale.data as Float32Array).find((value) => !(value > 0 && Number.isFinite(value)));
  if (wrong !== undefined)
    throw nodeError(node, `a scale (input ${index}) is not a positive number`, 'above 0', `${wrong}`);
}

/** Refuses scales of a type that is not computed. */
export function requireFloat32(node: Node, { type }: TensorType): void {
  if (type !== 'float32') throw nodeError(node, 'the scale has the wrong type', 'float32', type);
}

/** Scalars are written as [] or [1]. */
function sameCount(a: TensorType, b: TensorType): boolean {
  if (elementCount(a.shape) === 1 && elementCount(b.shape) === 1) return true;
  return a.shape.join() === b.shape.join();
}

/** An integer type whose codes dynafix computes; a ModelError for every other. */
export function requireCodes(
  node: Node,
  { type, shape }: TensorType,
  what: string,
  widest = 16,
): { bits: number; signed: boolean } {
  const width = type === 'bool' ? undefined : integerWidth(type);
  if (width !== undefined && width.bits <= widest) return width;
  throw nodeError(
    node,
    `${what} has the wrong type`,
    `integers of at most ${widest} bits`,
    describe({ type, shape }),
  );
}

/** Requires one scale for the whole operand. */
export function requireOneScale(node: Node, scale: TensorType, index: number): void {
  if (elementCount(scale.shape) !== 1)
    throw nodeError(node, `input ${index} is not one scale`, '[] or [1]', shapeText(scale.shape));
}

/** The layout of the scales of a tensor with `shape`, as QuantizeLinear defines it. */
export function scaleLayout(
  node: Node,
  shape: readonly number[],
  scale: readonly number[],
  axis: number,
  block: number,
): ScaleLayout {
  if (block < 0) throw nodeError(node, 'block_size is negative', 'at least 0', `${block}`);
  if (block === 0 && elementCount(scale) === 1 && scale.length <= 1) return { axis: null, block: 0 };
  const at = axis < 0 ? axis + shape.length : axis;
  if (!(at >= 0 && at < shape.length))
    throw nodeError(node, 'axis is out of range', `${-shape.length} to ${shape.length - 1}`, `${axis}`);
  const expected =
    block === 0 ? [shape[at]] : shape.map((size, index) => (index === at ? Math.ceil(size / block) : size));
  if (scale.join() !== expected.join())
    throw nodeError(node, 'the scale has the wrong shape', shapeText(expected), shapeText(scale));
  return { axis: at, block };
}

/** The index of the scale that an element of a tensor with `shape` has. */
export function createScaleIndex(
  shape: readonly number[],
  { axis, block }: ScaleLayout,
): (element: number) => number {
  if (axis === null) return () => 0;
  const inner = elementCount(shape.slice(axis + 1));
  const size = shape[axis];
  if (block === 0) return (element) => Math.floor(element / inner) % size;
  const blocks = Math.ceil(size / block);
  return (element) => {
    const outer = Math.floor(element / (inner * size));
    const along = Math.floor((Math.floor(element / inner) % size) / block);
    return (outer * blocks + along) * inner + (element % inner);
  };
}

/** The zero point of each scale; zeros where it is left out. */
export function zeroPoints(zeroPoint: Tensor | undefined, count: number): number[] {
  if (zeroPoint === undefined) return new Array<number>(count).fill(0);
  return Array.from(zeroPoint.data as Int8Array, Number);
}
