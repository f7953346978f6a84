/** Inputs of a graph: what the file declares of them, with every size made a number. */
import { ModelError, UsageError } from '../errors.js';
import type { GraphInput } from '../graph/graph.js';
import { elementCount } from '../shape.js';
import { elementTypeOf } from './element-types.js';
import type { onnx } from './onnx.proto.js';
import { toNumber } from './protobuf.js';

type Declared = number | string;

/**
 * An input with the shape given by the user, or else the declared one, where a symbolic first size is 1. Throws a
 * ModelError where another size is symbolic or the input is no tensor; a UsageError where the given shape contradicts
 * the declared one.
 */
export function readInput(info: onnx.IValueInfoProto, given?: readonly number[]): GraphInput {
  const name = info.name ?? '';
  const where = `input ${JSON.stringify(name)}`;
  const tensor = info.type?.tensorType;
  const type = elementTypeOf(tensor?.elemType ?? 0);
  if (!tensor || type === undefined) {
    const got = tensor ? `element type ${tensor.elemType ?? 0}` : Object.keys(info.type ?? {})[0];
    throw new ModelError({ where, what: 'has no type that is supported', expected: 'a tensor', got });
  }
  const declared = tensor.shape?.dim?.map(declaredSize);
  const shape =
    given === undefined ? declaredShape(declared, name, where) : checkGiven(given, declared, where);
  return { name, type, shape };
}

/** A size, or the name of a symbolic one. */
function declaredSize(dimension: onnx.TensorShapeProto.IDimension): Declared {
  if (dimension.dimValue !== null && dimension.dimValue !== undefined) {
    const size = toNumber(dimension.dimValue);
    return size === -1 ? '?' : size;
  }
  return dimension.dimParam || '?';
}

function declaredShape(declared: readonly Declared[] | undefined, name: string, where: string): number[] {
  const shape = declared?.map((size, axis) => (axis === 0 && typeof size === 'string' ? 1 : size));
  if (shape?.every((size) => typeof size === 'number')) {
    checkSizes(shape, (facts) => new ModelError({ where, ...facts }));
    return shape;
  }
  const what =
    shape === undefined
      ? 'declares no shape'
      : `has the symbolic size ${shape.filter((size) => typeof size === 'string').join(' and ')}`;
  const got = shape && `[${declared?.join(',')}]`;
  throw new ModelError({ where, what, expected: `a given shape (--shape ${name}=1,...)`, got });
}

function checkGiven(
  given: readonly number[],
  declared: readonly Declared[] | undefined,
  where: string,
): number[] {
  checkSizes(given, (facts) => new UsageError({ where: `shape given for ${where}`, ...facts }));
  const fits =
    declared === undefined ||
    (declared.length === given.length &&
      declared.every((size, axis) => typeof size === 'string' || size === given[axis]));
  if (fits) return [...given];
  throw new UsageError({
    where: `shape given for ${where}`,
    what: 'does not fit the model',
    expected: `[${declared.join(',')}]`,
    got: `[${given.join(',')}]`,
  });
}

function checkSizes(
  shape: readonly number[],
  error: (facts: { what: string; expected: string; got: string }) => Error,
): void {
  const count = elementCount(shape);
  if (shape.every((size) => Number.isSafeInteger(size) && size >= 0) && Number.isSafeInteger(count)) return;
  throw error({ what: 'is not a shape', expected: 'sizes from 0 up', got: `[${shape.join(',')}]` });
}
