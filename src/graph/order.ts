/** Walks over nodes: who computes a value, who reads it, which order computes everything. */
import { ModelError } from '../errors.js';
import type { Node } from './graph.js';
import { breadthFirst, depthFirst } from './walk.js';

/** The node that computes each value. */
export function producersOf(nodes: Iterable<Node>): Map<string, Node> {
  const producers = new Map<string, Node>();
  for (const node of nodes) for (const output of node.outputs) if (output !== '') producers.set(output, node);
  return producers;
}

/** The nodes that read each value, in the order given; a node that reads a value twice is listed once. */
export function consumersOf(nodes: Iterable<Node>): Map<string, Node[]> {
  const consumers = new Map<string, Node[]>();
  for (const node of nodes) {
    for (const input of new Set(node.inputs)) {
      if (input === '') continue;
      const list = consumers.get(input);
      if (list === undefined) consumers.set(input, [node]);
      else list.push(node);
    }
  }
  return consumers;
}

/** The nodes that compute what a node reads. */
function sourcesIn(producers: ReadonlyMap<string, Node>): (node: Node) => Node[] {
  return ({ inputs }) => inputs.flatMap((input) => producers.get(input) ?? []);
}

/** The nodes that must run to compute the values, in the order given. */
export function nodesBehind(nodes: readonly Node[], values: Iterable<string>): Node[] {
  const producers = producersOf(nodes);
  const ends = [...values].flatMap((value) => producers.get(value) ?? []);
  const needed = breadthFirst(ends, sourcesIn(producers));
  return nodes.filter((node) => needed.has(node));
}

/**
 * The nodes ordered so that each stands after those it reads from. Keeps the given order where that is legal
 * already. Values that no node computes are taken as given. Throws a ModelError that names the nodes of a cycle.
 */
export function sortTopologically(nodes: readonly Node[]): Node[] {
  const sorted = depthFirst(nodes, sourcesIn(producersOf(nodes)), (cycle) => {
    throw cycleError(cycle);
  });
  return [...sorted];
}

function cycleError(cycle: readonly Node[]): ModelError {
  const [closing] = cycle;
  const names = cycle.map((node) => node.name);
  const shown = names.length > 6 ? [...names.slice(0, 6), `... (${names.length} nodes)`] : names;
  return new ModelError({
    where: `node "${closing.name}" (${closing.operator})`,
    what: 'reads from itself',
    expected: 'a graph without cycles',
    got: [...shown, closing.name].join(' <- '),
  });
}
