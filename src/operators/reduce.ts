/** Reductions over any axes. ReduceProd only on constants. */
import { intAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import type { TensorType } from '../graph/tensor.js';
import type { Reduction } from '../program/instructions.js';
import { elementCount } from '../shape.js';
import { constantsOf, integers, normalizeAxes, outputType, required } from './check.js';
import { addition, type BinaryMeaning, maximum, minimum, multiplication } from './elementwise.js';
import { wholeWindow } from './global-pool.js';
import type { ConstantInput, Operator } from './operator.js';
import { allocate, fromIntegers, integersOf, isFloat, toFloats, truncate } from './storage.js';
import { permute } from './strided.js';

/** The axes that a node reduces, ascending. */
function reducedAxes(node: Node, rank: number, constant: ConstantInput): number[] {
  const axes = integers(node, constant, 1, 'axes') ?? [];
  if (axes.length > 0) return normalizeAxes(node, axes, rank).sort((a, b) => a - b);
  return intAttribute(node, 'noop_with_empty_axes', 0) !== 0 ? [] : Array.from({ length: rank }, (_, i) => i);
}

function infer(
  node: Node,
  inputs: readonly (TensorType | undefined)[],
  constant: ConstantInput,
): TensorType[] {
  const x = required(node, inputs, 0);
  const axes = reducedAxes(node, x.shape.length, constant);
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const keep = intAttribute(node, 'keepdims', 1) !== 0;
  return [outputType(node, x.type, keep ? kept : kept.filter((_, axis) => !axes.includes(axis)))];
}

/** A reduction of constants; `initial` is what it gives where there is nothing to reduce. */
function reduction(name: string, by: BinaryMeaning, initial: number): Operator {
  return {
    name,
    since: 1,
    infer,
    fold(node, inputs, [{ type, shape }]) {
      const x = required(node, inputs, 0);
      const axes = reducedAxes(node, x.shape.length, (index) => inputs[index]);
      const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
      const rows = permute(node, x, [...kept, ...axes]);
      const count = elementCount(axes.map((axis) => x.shape[axis]));
      if (!isFloat(type)) {
        const valueAt = integersOf(node, rows);
        const reduceRow = (row: number) => {
          let result = truncate(initial, type);
          for (let k = row * count; k < (row + 1) * count; k++) result = by.integer(result, valueAt(k));
          return result;
        };
        return [fromIntegers(node, type, shape, reduceRow)];
      }
      const values = toFloats(node, rows);
      const data = allocate(node, type, shape) as Float32Array;
      for (let i = 0; i < data.length; i++) {
        let result = initial;
        for (let k = i * count; k < (i + 1) * count; k++) result = by.float(result, values[k]);
        data[i] = result;
      }
      return [{ type, shape, data }];
    },
  };
}

export const reduceProd = reduction('ReduceProd', multiplication, 1);

/** The lowering of a reduction; one over no axis is its input. */
function lowerAs(fn: Reduction | 'mean'): Operator['lower'] {
  return (node, lowering) => {
    const { shape } = lowering.type(node.inputs[0]);
    const axes = reducedAxes(node, shape.length, constantsOf(lowering.graph, node));
    if (axes.length === 0) return lowering.alias(node);
    const spatial = shape.map((_, axis) => axis).slice(2);
    const isPool = spatial.length > 0 && spatial.length <= 2 && axes.join() === spatial.join();
    if (fn === 'mean' && isPool) lowering.averagePool(node, wholeWindow(shape), false);
    else lowering.reduce(node, fn, axes);
  };
}

export const reduceSum: Operator = { ...reduction('ReduceSum', addition, 0), lower: lowerAs('sum') };
export const reduceMax: Operator = {
  ...reduction('ReduceMax', maximum, Number.NEGATIVE_INFINITY),
  lower: lowerAs('maximum'),
};
export const reduceMin: Operator = {
  ...reduction('ReduceMin', minimum, Number.POSITIVE_INFINITY),
  lower: lowerAs('minimum'),
};

export const reduceMean: Operator = { name: 'ReduceMean', since: 1, infer, lower: lowerAs('mean') };
