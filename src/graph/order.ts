/** Walks over nodes: who computes a value, who reads it, which order computes everything. */
import { ModelError } from '../errors.js';
import type { Node } from './graph.js';

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

/** The nodes that must run to compute the values, in the order given. */
export function nodesBehind(nodes: readonly Node[], values: Iterable<string>): Node[] {
  const producers = producersOf(nodes);
  const needed = new Set<Node>();
  const waiting = [...values];
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    const node = producers.get(value);
    if (node === undefined || needed.has(node)) continue;
    needed.add(node);
    waiting.push(...node.inputs);
  }
  return nodes.filter((node) => needed.has(node));
}

/**
 * The nodes ordered so that each stands after those it reads from. Keeps the given order where that is legal
 * already. Values that no node computes are taken as given. Throws a ModelError that names the nodes of a cycle.
 */
export function sortTopologically(nodes: readonly Node[]): Node[] {
  const producers = producersOf(nodes);
  const sorted: Node[] = [];
  const state = new Map<Node, 'open' | 'done'>();
  for (const root of nodes) {
    if (state.has(root)) continue;
    const path: { node: Node; next: number }[] = [{ node: root, next: 0 }];
    state.set(root, 'open');
    while (path.length > 0) {
      const step = path[path.length - 1];
      if (step.next === step.node.inputs.length) {
        state.set(step.node, 'done');
        sorted.push(step.node);
        path.pop();
        continue;
      }
      const source = producers.get(step.node.inputs[step.next++]);
      if (source === undefined || state.get(source) === 'done') continue;
      if (state.get(source) === 'open')
        throw cycleError(
          path.map(({ node }) => node),
          source,
        );
      state.set(source, 'open');
      path.push({ node: source, next: 0 });
    }
  }
  return sorted;
}

function cycleError(path: readonly Node[], closing: Node): ModelError {
  const names = path.slice(path.indexOf(closing)).map((node) => node.name);
  const shown = names.length > 6 ? [...names.slice(0, 6), `... (${names.length} nodes)`] : names;
  return new ModelError({
    where: `node "${closing.name}" (${closing.operator})`,
    what: 'reads from itself',
    expected: 'a graph without cycles',
    got: [...shown, closing.name].join(' <- '),
  });
}
