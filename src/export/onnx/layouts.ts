/**
 * The tensors of a program as values of an ONNX graph. Programs store channels last, ONNX's windows want them first: a value holds
 * a tensor in some order of its axes, and moves between channels last and channels first are other names of one value.
 */
import { keepsElements, permutationBetween, plainOrder, sameOrder } from '../../compile/axis-order.js';
import type { Instruction } from '../../program/instructions.js';
import type { Program, ProgramTensor } from '../../program/program.js';

/** A value, and the axis of the program's tensor behind each of its axes. */
export interface Placed<V> {
  readonly value: V;
  readonly order: readonly number[];
}

/**
 * What a kind of value can do: it moves its elements into a permuted shape, or into another shape in the same order. The result
 * holds `tensor`, with its axes in `order`.
 */
export interface Movers<V> {
  transpose(value: V, permutation: readonly number[], tensor: ProgramTensor, order: readonly number[]): V;
  reshape(value: V, shape: readonly number[], tensor: ProgramTensor, order: readonly number[]): V;
  /** The value of a constant with its axes in this order. */
  constant(tensor: ProgramTensor, order: readonly number[]): V;
  /** A computed value under the name of a tensor, where it has no other. */
  rename(value: V, name: string): V;
  /** Says that a value is held, under the name that it has. */
  settle(value: V): void;
}

export interface Layouts<V> {
  tensor(index: number): ProgramTensor;
  /** The order in which a tensor is at hand; of constants, the plain one. */
  orderOf(index: number): readonly number[];
  read(index: number, order: readonly number[]): V;
  /** The order of an operand that has as many axes as the output. */
  commonOrder(inputs: readonly number[], output: number): readonly number[];
  /** A tensor with as many axes as the order, of size 1 where it has fewer. */
  readBroadcast(index: number, order: readonly number[]): V;
  define(index: number, value: V, order: readonly number[]): void;
  /** Says that a tensor is another one with its axes permuted: nothing is computed. */
  transpose(instruction: Instruction<'transpose'>): void;
  reshape(instruction: Instruction<'reshape'>): void;
}

/** Sizes of a shape in an order of its axes. */
export const shapeIn = (shape: readonly number[], order: readonly number[]) =>
  order.map((axis) => shape[axis]);

/** Channels first, for the operators that slide a window over [N, H, W, C]. */
export const CHANNELS_FIRST = [0, 3, 1, 2];

/** `outputs`: names that only values in the plain order have. */
export function createLayouts<V>(
  { tensors }: Program,
  outputs: ReadonlySet<string>,
  movers: Movers<V>,
): Layouts<V> {
  const placed = new Map<number, Placed<V>[]>();

  const layouts: Layouts<V> = {
    tensor: (index) => tensors[index],
    orderOf: (index) => placed.get(index)?.[0].order ?? plainOrder(tensors[index].shape.length),
    read(index, order) {
      const known = placed.get(index) ?? [];
      const found = known.find((entry) => sameOrder(entry.order, order));
      if (found !== undefined) return found.value;
      const tensor = tensors[index];
      const value =
        tensor.data === undefined ? move(known[0], tensor, order) : movers.constant(tensor, order);
      movers.settle(value);
      placed.set(index, [...known, { value, order }]);
      return value;
    },
    commonOrder(inputs, output) {
      const rank = tensors[output].shape.length;
      const whole = inputs.find((input) => placed.has(input) && tensors[input].shape.length === rank);
      return whole === undefined ? plainOrder(rank) : layouts.orderOf(whole);
    },
    readBroadcast(index, order) {
      const tensor = tensors[index];
      const missing = order.length - tensor.shape.length;
      if (missing === 0) return layouts.read(index, order);
      const shape = [...new Array<number>(missing).fill(1), ...tensor.shape];
      if (tensor.data !== undefined) return movers.constant({ ...tensor, shape }, order);
      const plain = layouts.read(index, plainOrder(tensor.shape.length));
      const whole = { ...tensor, shape };
      const first = plainOrder(shape.length);
      const value = movers.reshape(plain, shape, whole, first);
      return sameOrder(first, order) ? value : move({ value, order: first }, whole, order);
    },
    define(index, value, order) {
      const { name, shape } = tensors[index];
      const named = !outputs.has(name) || sameOrder(order, plainOrder(shape.length));
      placed.set(index, [{ value: named ? movers.rename(value, name) : value, order }]);
    },
    transpose({ inputs: [input], output, permutation }) {
      const order = layouts.orderOf(input);
      const value = layouts.read(input, order);
      placed.set(output, [{ value, order: order.map((axis) => permutation.indexOf(axis)) }]);
    },
    reshape({ inputs: [input], output }) {
      const { shape } = tensors[input];
      const plain = plainOrder(shape.length);
      const order = layouts.orderOf(input);
      // Where only axes of size 1 move, the elements already stand in the plain order.
      const source = keepsElements(shape, order) ? order : plain;
      const target = plainOrder(tensors[output].shape.length);
      const value = layouts.read(input, source);
      const reshaped = movers.reshape(value, tensors[output].shape, tensors[output], target);
      layouts.define(output, reshaped, target);
    },
  };

  function move(from: Placed<V>, tensor: ProgramTensor, order: readonly number[]): V {
    const permutation = permutationBetween(from.order, order);
    return keepsElements(shapeIn(tensor.shape, from.order), permutation)
      ? movers.reshape(from.value, shapeIn(tensor.shape, order), tensor, order)
      : movers.transpose(from.value, permutation, tensor, order);
  }

  return layouts;
}
