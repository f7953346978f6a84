/** What every graph must be, after reading and after every pass. */
import { ModelError } from '../errors.js';
import { elementCount, sameShape } from '../shape.js';
import type { Attribute, Graph, Node } from './graph.js';
import { printNode, printType } from './print.js';
import type { Tensor, TensorType } from './tensor.js';

/**
 * Throws a ModelError that shows the offending node unless: node names are unique; every value has one source (an
 * input, a constant or one node); nodes read only what stands before them; the outputs exist; attributes, constants
 * and clamps are well formed. `after` names the pass that made the graph.
 */
export function verifyGraph(graph: Graph, after?: string): void {
  const where = `graph "${graph.name}"${after === undefined ? '' : ` after pass ${after}`}`;
  const fail = (what: string, expected?: string, got?: string): never => {
    throw new ModelError({ where, what, expected, got });
  };
  const sources = new Set<string>();
  const define = (name: string, kind: string) => {
    if (name === '') fail(`${kind} has no name`);
    if (sources.has(name)) fail(`value "${name}" is defined twice`, 'one source', kind);
    sources.add(name);
  };

  for (const input of graph.inputs) {
    define(input.name, `input "${input.name}"`);
    if (!isShape(input.shape)) fail(`input "${input.name}" has a bad shape`, 'sizes >= 0', printType(input));
  }
  for (const [name, tensor] of graph.constants) {
    define(name, `constant "${name}"`);
    const problem = tensorProblem(tensor);
    if (problem !== undefined) fail(`constant "${name}" ${problem}`);
    const type = graph.types.get(name);
    if (type !== undefined && !sameType(type, tensor))
      fail(`constant "${name}" has another type than recorded`, printType(type), printType(tensor));
  }

  const names = new Set<string>();
  for (const node of graph.nodes) {
    const failAt = (what: string, expected?: string) => fail(what, expected, printNode(node, graph.types));
    if (node.name === '') failAt('a node has no name');
    if (names.has(node.name)) failAt(`node name "${node.name}" is used twice`, 'unique names');
    names.add(node.name);
    for (const input of node.inputs)
      if (input !== '' && !sources.has(input))
        failAt(`node "${node.name}" reads "${input}", which nothing before it defines`);
    if (node.outputs.every((output) => output === '')) failAt(`node "${node.name}" has no output`);
    for (const output of node.outputs) if (output !== '') define(output, printNode(node, graph.types));
    const problem = nodeProblem(node);
    if (problem !== undefined) failAt(`node "${node.name}" ${problem}`);
  }

  if (graph.outputs.length === 0) fail('the graph has no outputs');
  for (const output of graph.outputs)
    if (!sources.has(output)) fail(`output "${output}" is not defined by any input, constant or node`);
}

function nodeProblem(node: Node): string | undefined {
  for (const [name, attribute] of Object.entries(node.attributes)) {
    const problem = attributeProblem(attribute);
    if (problem !== undefined) return `has attribute "${name}" that ${problem}`;
  }
  if (node.clamp !== undefined && !(node.clamp.low <= node.clamp.high)) return 'has an empty clamp';
  return undefined;
}

function attributeProblem(attribute: Attribute): string | undefined {
  switch (attribute.kind) {
    case 'int':
      return Number.isInteger(attribute.value) ? undefined : 'is not an integer';
    case 'ints':
      return attribute.value.every(Number.isInteger) ? undefined : 'holds what is not an integer';
    case 'tensor':
      return tensorProblem(attribute.value);
    case 'tensors':
      return attribute.value.map(tensorProblem).find((problem) => problem !== undefined);
    default:
      return undefined;
  }
}

function tensorProblem(tensor: Tensor): string | undefined {
  if (!isShape(tensor.shape)) return `has a bad shape [${tensor.shape.join(',')}]`;
  const perElement = tensor.type === 'complex64' || tensor.type === 'complex128' ? 2 : 1;
  const expected = elementCount(tensor.shape) * perElement;
  if (tensor.data.length === expected) return undefined;
  return `is ${printType(tensor)} but holds ${tensor.data.length} elements`;
}

function isShape(shape: readonly number[]): boolean {
  return shape.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function sameType(a: TensorType, b: TensorType): boolean {
  return a.type === b.type && sameShape(a.shape, b.shape);
}
