/**
 * What each node of a graph computes, as far as number formats are concerned. The nodes are lowered as for a
 * program, by an implementation of Lowering that only takes notes: an operator says once what it computes.
 */
import { ModelError } from '../errors.js';
import type { Graph, Node } from '../graph/graph.js';
import type { Tensor } from '../graph/tensor.js';
import { operatorOf } from '../operators/index.js';
import type { Lowering } from '../operators/lowering.js';

export interface NamedConstant {
  readonly name: string;
  readonly tensor: Tensor;
}

interface Common {
  readonly node: Node;
  /** Names of values; constants are left out. */
  readonly inputs: readonly string[];
  readonly output: string;
}

/** Input times weights per output channel (axis 0 of `weights`), plus a bias. */
export interface ProductDemand extends Common {
  readonly kind: 'product';
  readonly weights: NamedConstant;
  readonly bias?: NamedConstant;
}

export type Demand =
  | ProductDemand
  /** Operands are brought to one position and added. */
  | (Common & { readonly kind: 'sum'; readonly constants: readonly NamedConstant[] })
  | (Common & { readonly kind: 'multiplication'; readonly constants: readonly NamedConstant[] })
  | (Common & { readonly kind: 'slope'; readonly slopes: NamedConstant })
  /** A look-up or an average: the output has a format of its own. */
  | (Common & { readonly kind: 'function' })
  /** The output's elements are elements of the inputs, limits of a clamp or, where `mixed`, constants. */
  | (Common & { readonly kind: 'movement'; readonly mixed?: boolean })
  /** The output is the input under another shape. */
  | (Common & { readonly kind: 'alias' })
  /** Computed in float32, or an index, which needs no format of its own. */
  | (Common & { readonly kind: 'float' });

/**
 * The demands of all nodes, in the order of the graph. Throws a ModelError for an operator that cannot be
 * compiled.
 */
export function collectDemands(graph: Graph): Demand[] {
  const demands: Demand[] = [];
  const named = (name: string): NamedConstant => ({ name, tensor: graph.constants.get(name)! });
  const values = (names: readonly string[]) =>
    names.filter((name) => name !== '' && !graph.constants.has(name));
  const note = (kind: 'function' | 'movement' | 'alias' | 'float') => (node: Node) => {
    demands.push({ kind, node, inputs: values(node.inputs), output: node.outputs[0] });
  };
  const floatValue = (node: Node, output: string) => {
    if (output !== '') demands.push({ kind: 'float', node, inputs: values(node.inputs), output });
  };
  const mix = (node: Node, mixed: boolean) => {
    demands.push({ kind: 'movement', node, inputs: values(node.inputs), output: node.outputs[0], mixed });
  };
  const mixConstants = (node: Node) =>
    mix(
      node,
      node.inputs.some((name) => graph.constants.has(name)),
    );
  const operands = (kind: 'sum' | 'multiplication', node: Node) => {
    const constants = node.inputs.filter((name) => graph.constants.has(name)).map(named);
    demands.push({ kind, node, inputs: values(node.inputs), output: node.outputs[0], constants });
  };
  const product = (node: Node, weights: NamedConstant, bias: NamedConstant | undefined) => {
    const [input] = node.inputs;
    demands.push({ kind: 'product', node, inputs: [input], output: node.outputs[0], weights, bias });
  };
  const lowering: Lowering = {
    graph,
    type(value) {
      const type = graph.types.get(value);
      if (type !== undefined) return type;
      throw new ModelError({ where: `value "${value}"`, what: 'has no inferred shape' });
    },
    constant: (value) => graph.constants.get(value),
    convolution: (node, weights, bias) =>
      product(node, named(weights), bias === undefined ? undefined : named(bias)),
    spreadConvolution: (node, weights, bias) =>
      product(node, weights, bias === undefined ? undefined : named(bias)),
    gemm: product,
    add: (node) => operands('sum', node),
    multiply: (node) => operands('multiplication', node),
    leakyRelu: (node, slopes) =>
      demands.push({ kind: 'slope', node, inputs: [node.inputs[0]], output: node.outputs[0], slopes }),
    unary: note('function'),
    averagePool: note('function'),
    reduce: (node, fn) => note(fn === 'sum' || fn === 'mean' ? 'function' : 'movement')(node),
    argMax: note('float'),
    matmul: (node) => operands('multiplication', node),
    clamp: note('movement'),
    maxPool: note('movement'),
    concat: mixConstants,
    extremum: mixConstants,
    gather: note('movement'),
    resample(node, axes) {
      const isMean = axes.every((taps) => taps === null || taps.weights.every((weight) => weight >= 0));
      note(isMean ? 'movement' : 'function')(node);
    },
    pad: (node, _before, _after, value) => mix(node, value !== 0),
    slice: (node, output) =>
      demands.push({ kind: 'movement', node, inputs: values([node.inputs[0]]), output }),
    depthToSpace: note('alias'),
    spaceToDepth: note('alias'),
    transpose: note('alias'),
    reshape: note('alias'),
    alias: note('alias'),
    binary: note('float'),
    select: note('float'),
    steps: note('float'),
    logSoftmax: note('float'),
    lpNormalization: note('float'),
    lpPool: note('float'),
    normalize: note('float'),
    softmax: note('float'),
    localResponseNormalization: note('float'),
  };
  for (const node of graph.nodes) {
    const operator = operatorOf(node);
    if (operator?.lower === undefined) {
      throw new ModelError({ where: `node "${node.name}"`, what: `${node.operator} cannot be compiled` });
    }
    const first = demands.length;
    operator.lower(node, lowering);
    // Whatever a float operator is made of, its outputs are float32; what it only renames stays what it is.
    if (operator.float && demands.slice(first).some(({ kind }) => kind !== 'alias')) {
      demands.length = first;
      for (const output of node.outputs) floatValue(node, output);
    }
  }
  return demands;
}
