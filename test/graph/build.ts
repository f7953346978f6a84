/** Tiny graphs for tests, written in a few lines. */
import type { Attribute, Graph, Node } from '#src/graph/graph.js';
import type { Tensor } from '#src/graph/tensor.js';

type Value = number | string | readonly number[] | Attribute;

/** A float attribute whose value may be a whole number. */
export const float = (value: number): Attribute => ({ kind: 'float', value });

function attribute(value: Value): Attribute {
  if (typeof value === 'string') return { kind: 'string', value };
  if (typeof value === 'number') return { kind: Number.isInteger(value) ? 'int' : 'float', value };
  return 'kind' in value ? value : { kind: 'ints', value };
}

/** A node named after its first output. Numbers are ints where whole, else floats. */
export function op(
  operator: string,
  inputs: readonly string[],
  outputs: string | readonly string[],
  attributes: Record<string, Value> = {},
): Node {
  const list = typeof outputs === 'string' ? [outputs] : outputs;
  return {
    name: list[0],
    operator,
    domain: '',
    inputs,
    outputs: list,
    attributes: Object.fromEntries(
      Object.entries(attributes).map(([name, value]) => [name, attribute(value)]),
    ),
  };
}

export interface GraphParts {
  readonly opset?: number;
  readonly inputs?: Record<string, readonly number[]>;
  readonly constants?: Record<string, Tensor>;
  readonly nodes: readonly Node[];
  readonly outputs: readonly string[];
}

/** A graph with float32 inputs of the shapes given. */
export function buildGraph({ opset = 13, inputs = {}, constants = {}, nodes, outputs }: GraphParts): Graph {
  return {
    name: 'test',
    opset,
    nodes,
    inputs: Object.entries(inputs).map(([name, shape]) => ({ name, type: 'float32', shape })),
    outputs,
    constants: new Map(Object.entries(constants)),
    types: new Map(),
  };
}

/** Numbers in [-1, 1) that look random: the same ones for the same seed (Numerical Recipes' LCG). */
export function noise(count: number, seed = 1): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}
