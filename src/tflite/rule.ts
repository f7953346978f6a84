/** What the rules of TFLite's kernels have in common. */
import type { GivenArithmetic, NodeArithmetic } from '../compile/model-formats.js';
import type { Node } from '../graph/graph.js';
import type { TensorTable } from './file.js';
import { tableOf } from './given.js';
import type { CodeFunction, CodeType } from './unary-codes.js';

/** What is known of an operand: the tensor of the file that it holds, and its codes where it has one scale. */
export interface CodeMeaning {
  readonly table: TensorTable;
  readonly type: CodeType | null;
  readonly constant: boolean;
}

/** What a node has beside what all have in common, or why it cannot be computed. */
export interface Ruled extends Partial<NodeArithmetic> {
  readonly refused?: string;
  /** How operands become codes of the output before the node reads them; undefined where one is read as it is. */
  readonly conversions?: readonly (GivenArithmetic | undefined)[];
}

/** The rule of an operator: `inputs` are its operands on codes, `y` its output. */
export type Rule = (node: Node, inputs: readonly (CodeMeaning | undefined)[], y: CodeType) => Ruled;

export const isSameType = (a: CodeType, b: CodeType): boolean => a.bits === b.bits && a.signed === b.signed;

export const isSame = (a: CodeType, b: CodeType): boolean =>
  isSameType(a, b) && a.scale === b.scale && a.zeroPoint === b.zeroPoint;

/** A scale that TFLite accepts as the one it wants: within a thousandth. */
export const isNear = (scale: number, wanted: number): boolean => Math.abs(scale - wanted) <= 0.001 * wanted;

export const floatOperand: Ruled = { refused: 'an operand is float32, or has a scale for each channel' };
export const mixedTypes: Ruled = { refused: 'operands and output have different types' };
export const otherScales: Ruled = { refused: 'operands and output have different scales' };
export const otherOutput: Ruled = { refused: 'TFLite computes it with another scale only' };

/** Kernels that move codes, or compare them, without a look at what they mean. */
export const onPlainCodes: Rule = (_, inputs, y) =>
  inputs.some((input) => input?.type && !isSame(input.type, y)) ? otherScales : {};

/** A function of one variable as a table of all codes of at most 16 bits; a string says why there is none. */
export function table(make: (x: CodeType, y: CodeType, node: Node) => CodeFunction | string): Rule {
  return (node, [x], y) => {
    if (!x?.type) return floatOperand;
    if (!isSameType(x.type, y)) return mixedTypes;
    const fn = make(x.type, y, node);
    return typeof fn === 'string' ? { refused: fn } : { given: tableOf(x.type, y, fn) };
  };
}
