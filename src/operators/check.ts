/** What the operators' files share: errors that name the node, and access to inputs, axes and constants. */
import { ModelError } from '../errors.js';
import { intsAttribute } from '../graph/attributes.js';
import type { Graph, Node } from '../graph/graph.js';
import { type ElementType, numbers, type Tensor, type TensorType } from '../graph/tensor.js';
import type { ConstantInput } from './operator.js';

/** Most elements that a value may have. */
const largestTensor = 2 ** 31;

/** An error of one node: `node "conv1" (Conv): what, expected x, got y`. */
export function nodeError(node: Node, what: string, expected?: string, got?: string): ModelError {
  return new ModelError({ where: `node "${node.name}" (${node.operator})`, what, expected, got });
}

/** Text of a shape for messages: `[1, 3, 224, 224]`. */
export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}

/** The type of an output, once its shape is known to be possible. */
export function outputType(node: Node, type: ElementType, shape: readonly number[]): TensorType {
  const count = shape.reduce((product, size) => product * Math.max(size, 1), 1);
  if (!shape.every((size) => Number.isInteger(size) && size >= 0) || count > largestTensor)
    throw nodeError(
      node,
      'the output has an impossible shape',
      `at most ${largestTensor} elements`,
      shapeText(shape),
    );
  return { type, shape };
}

/** An input that must be present. */
export function required<T>(node: Node, inputs: readonly (T | undefined)[], index: number): T {
  const found = inputs[index];
  if (found === undefined) throw nodeError(node, `input ${index} is missing`);
  return found;
}

/** Requires that all inputs that are present have the element type of the first. */
export function requireOneType(node: Node, inputs: readonly (TensorType | undefined)[]): void {
  const present = inputs.filter((input) => input !== undefined);
  for (const { type } of present)
    if (type !== present[0].type)
      throw nodeError(node, 'the inputs have different element types', present[0].type, type);
}

/** An axis as a number from 0; negative ones count from the end. */
export function normalizeAxis(node: Node, axis: number, rank: number): number {
  if (Number.isInteger(axis) && axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis;
  throw nodeError(node, 'an axis is out of range', `${-rank} to ${rank - 1}`, String(axis));
}

/** Axes from 0, in the order given, each at most once. */
export function normalizeAxes(node: Node, axes: readonly number[], rank: number): number[] {
  const result = axes.map((axis) => normalizeAxis(node, axis, rank));
  if (new Set(result).size !== result.length)
    throw nodeError(node, 'an axis is repeated', 'different axes', shapeText(axes));
  return result;
}

/** The constant behind an input that is present; undefined where it is left out. */
export function constantInput(node: Node, constant: ConstantInput, index: number): Tensor | undefined {
  const tensor = constant(index);
  if (tensor === undefined && node.inputs[index])
    throw nodeError(node, `input ${index} ("${node.inputs[index]}") is computed`, 'a constant');
  return tensor;
}

/**
 * Integers that older operator sets keep in an attribute and newer ones in an input. Undefined where they are
 * left out; values beyond 2^53 keep their size, not their last digits.
 */
export function integers(
  node: Node,
  constant: ConstantInput,
  index: number,
  attribute?: string,
): readonly number[] | undefined {
  const fixed = attribute === undefined ? undefined : intsAttribute(node, attribute);
  if (fixed !== undefined) return fixed;
  const tensor = constantInput(node, constant, index);
  if (tensor === undefined) return undefined;
  if ((tensor.type !== 'int64' && tensor.type !== 'int32') || tensor.shape.length > 1)
    throw nodeError(node, `input ${index} is not a list of integers`, 'int64 [n]', describe(tensor));
  return numbers(tensor);
}

/** As `integers`, for a list that must be there. */
export function requiredIntegers(
  node: Node,
  constant: ConstantInput,
  index: number,
  attribute?: string,
): readonly number[] {
  const values = integers(node, constant, index, attribute);
  if (values === undefined) throw nodeError(node, `${attribute ?? `input ${index}`} is missing`);
  return values;
}

/** A number that is a constant input of one element; undefined where it is left out. */
export function scalar(node: Node, constant: ConstantInput, index: number): number | undefined {
  const tensor = constantInput(node, constant, index);
  if (tensor === undefined) return undefined;
  if (tensor.data.length !== 1 || tensor.type === 'string')
    throw nodeError(node, `input ${index} is not one number`, 'a scalar', describe(tensor));
  return Number(tensor.data[0]);
}

/** Element type and shape, for messages. */
export function describe({ type, shape }: TensorType): string {
  return `${type} ${shapeText(shape)}`;
}

/** The constants of a node in a graph. */
export function constantsOf(graph: Pick<Graph, 'constants'>, node: Node): ConstantInput {
  return (index) => graph.constants.get(node.inputs[index] ?? '');
}

/** The type of a value of a graph whose shapes are inferred. */
export function typeOf(graph: Graph, value: string): TensorType {
  return graph.types.get(value)!;
}

/** Why an operator whose operands need statistics refuses a constant as its first input; undefined where it is computed. */
export function rejectConstantInput(node: Node, graph: Graph): string | undefined {
  return graph.constants.has(node.inputs[0])
    ? 'the input is constant, only a computed one is supported'
    : undefined;
}
