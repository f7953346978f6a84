/** What the converters of TFLite's operators share. */
import { ModelError } from '../errors.js';
import { float } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import type { OperatorTable } from './file.js';
import type { GraphWriter, Layout } from './graph-writer.js';

/** Writes the nodes of one operator. `where` names it in errors. Throws a ModelError where it is not well formed. */
export type Converter = (operator: OperatorTable, writer: GraphWriter, where: string) => void;

/** An operand that must be there. */
export function operand({ inputs }: OperatorTable, index: number, where: string): number {
  const tensor = inputs[index] ?? -1;
  if (tensor >= 0) return tensor;
  throw new ModelError({ where, what: `operand ${index} is missing` });
}

/** Requires a number of axes. */
export function requireRank(writer: GraphWriter, tensor: number, rank: number, where: string): void {
  const { name, shape } = writer.tensor(tensor);
  if (shape.length === rank) return;
  const got = `[${shape}]`;
  throw new ModelError({ where, what: `"${name}" has the wrong rank`, expected: `${rank} axes`, got });
}

/** An axis from 0. */
export function axisFrom0(axis: number, rank: number, where: string): number {
  if (axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  throw new ModelError({
    where,
    what: 'names an axis that does not exist',
    expected: `${-rank} to ${rank - 1}`,
    got: `${axis}`,
  });
}

/** An axis of the file as that of a value in a layout. */
export function axisIn(layout: Layout, axis: number): number {
  return layout === 'plain' ? axis : [0, 2, 3, 1][axis];
}

/** A fused activation: none, a range, or one that TFLite's kernels know only in float (tanh, sign). */
export function fusedClamp(activation: number): Node['clamp'] | 'none' | 'other' {
  switch (activation) {
    case 0:
      return 'none';
    case 1:
      return { low: 0, high: Number.POSITIVE_INFINITY };
    case 2:
      return { low: -1, high: 1 };
    case 3:
      return { low: 0, high: 6 };
    default:
      return 'other';
  }
}

/**
 * Writes the node that computes an operator's only output, with its fused activation: a clamp of the node where
 * `fusible`, a node of its own otherwise. `emit` adds the node that computes the value it is given.
 */
export function writeActivated(
  operator: OperatorTable,
  writer: GraphWriter,
  layout: Layout,
  activation: number,
  fusible: boolean,
  emit: (output: string, clamp: Node['clamp']) => void,
): void {
  const clamp = fusedClamp(activation);
  if (clamp === 'other') {
    writer.refuse(operator, `the fused activation ${activation} is not supported`);
    return;
  }
  const [tensor] = operator.outputs;
  const output = writer.write(tensor, layout);
  if (clamp === 'none' || clamp === undefined || fusible) {
    emit(output, clamp === 'none' ? undefined : clamp);
    return;
  }
  const before = writer.fresh(`${output}/linear`, tensor);
  emit(before, undefined);
  writeClamp(writer, before, output, clamp);
}

/** Relu or Clip. */
export function writeClamp(
  writer: GraphWriter,
  input: string,
  output: string,
  { low, high }: NonNullable<Node['clamp']>,
): void {
  if (low === 0 && high === Number.POSITIVE_INFINITY) writer.add('Relu', [input], [output]);
  else writer.add('Clip', [input], [output], { min: float(low), max: float(high) });
}
