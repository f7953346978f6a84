/** What the codes of a value mean: one scale and zero point, as a quantised model states them. */
import { type Format, sameFormat } from '../formats/format.js';
import { formatOfScale } from '../formats/scale.js';
import type { Node } from '../graph/graph.js';
import type { ElementType, TensorType } from '../graph/tensor.js';
import { nodeError } from '../operators/check.js';
import { integerWidth } from '../operators/storage.js';

export interface Width {
  readonly bits: number;
  readonly signed: boolean;
}

/** real = (code - zeroPoint) * scale with a float32 scale. */
export interface Quantity extends Width {
  readonly scale: number;
  readonly zeroPoint: number;
  /** Without the least code; default false. */
  readonly narrow?: boolean;
}

/** Codes that stand for themselves. */
export function plainIntegers(width: Width): Quantity {
  return { ...width, scale: 1, zeroPoint: 0 };
}

/** The width of an integer type. Only for types that hold codes. */
export function widthOf({ type }: { readonly type: ElementType }): Width {
  const { bits, signed } = integerWidth(type)!;
  return { bits, signed };
}

/** The width of codes of at most 16 bits, or of int32; a ModelError that names the node for every other type. */
export function requireWidth(node: Node, value: string, { type }: TensorType): Width {
  const width = type === 'bool' ? undefined : integerWidth(type);
  if (width !== undefined && (width.bits <= 16 || type === 'int32'))
    return { bits: width.bits, signed: width.signed };
  throw nodeError(node, `"${value}" holds no codes`, 'integers of at most 16 bits, or int32', type);
}

export function sameQuantity(a: Quantity, b: Quantity): boolean {
  return sameFormat(formatOf(a), formatOf(b));
}

export function formatOf({ bits, signed, scale, zeroPoint, narrow = false }: Quantity): Format {
  return { ...formatOfScale({ bits, signed, scale, zeroPoint }), narrow };
}

/** Of weights: one scale and zero point for all, or one for each channel, which lie on axis 0 where they are stored. */
export function formatOfScales(
  { bits, signed }: Width,
  scales: readonly number[],
  zeroPoints: readonly number[],
): Format {
  if (scales.length > 1)
    return formatOfScale({ bits, signed, scale: scales, zeroPoint: zeroPoints, axis: 0 });
  return formatOfScale({ bits, signed, scale: scales[0], zeroPoint: zeroPoints[0] });
}
