/** Products with constant weights, as recovery changes them: what they read, and which weight meets which input channel. */
import { intAttribute } from '../graph/attributes.js';
import type { Graph, Node } from '../graph/graph.js';
import { isNormalGemm } from '../passes/linear.js';
import { elementCount } from '../shape.js';

/** How many inputs of nodes each constant is. */
export function usesOfConstants({ nodes, constants }: Graph): Map<string, number> {
  const uses = new Map<string, number>();
  for (const { inputs } of nodes) {
    for (const name of inputs) if (constants.has(name)) uses.set(name, (uses.get(name) ?? 0) + 1);
  }
  return uses;
}

/** True for a Conv or normalised Gemm whose constants are float32 and its own, so that they can be changed. */
export function isProduct(graph: Graph, node: Node, uses: ReadonlyMap<string, number>): boolean {
  const { constants, types } = graph;
  if (node.domain !== '') return false;
  if (node.operator !== 'Conv' && !isNormalGemm(node, { constant: (name) => constants.get(name) }))
    return false;
  const [input, weights, bias = ''] = node.inputs;
  if (constants.has(input) || types.get(input)?.shape[0] !== 1) return false;
  const own = (name: string) => constants.get(name)?.type === 'float32' && uses.get(name) === 1;
  return own(weights) && (bias === '' || own(bias));
}

/** The weights of a product: row `o` holds, for each of its input channels, `inner` weights. */
export interface ProductWeights {
  readonly name: string;
  readonly data: Float32Array;
  readonly outputs: number;
  /** Input channels that one output reads. */
  readonly depth: number;
  readonly inner: number;
  readonly groups: number;
}

export function weightsOf({ constants }: Graph, node: Node): ProductWeights {
  const name = node.inputs[1];
  const { shape, data } = constants.get(name)!;
  const [outputs, depth] = shape;
  const groups = node.operator === 'Conv' ? intAttribute(node, 'group', 1) : 1;
  return { name, data: data as Float32Array, outputs, depth, inner: elementCount(shape.slice(2)), groups };
}

/** The first input channel that an output channel reads. */
export function firstChannel({ outputs, depth, groups }: ProductWeights, output: number): number {
  return Math.floor(output / (outputs / groups)) * depth;
}

export function biasOf({ constants }: Graph, node: Node): Float32Array | undefined {
  const name = node.inputs[2];
  return name ? (constants.get(name)!.data as Float32Array) : undefined;
}
