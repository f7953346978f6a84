/**
 * Changes a graph by patches. A rule looks at one node and its surroundings and returns what shall stand in the
 * node's place; the driver applies patches until no rule finds anything, sweeps what is no longer needed and records
 * every change. A rule that fuses two nodes is found at the later one: the earlier one, then unread, is swept.
 */
import type { Graph, Node } from './graph.js';
import { consumersOf, producersOf } from './order.js';
import type { Tensor, TensorType } from './tensor.js';

export interface Patch {
  /** What was done, for the record: a verb phrase. */
  readonly what: string;
  /** Stand where the matched node stood, in this order; none: the node is dropped. */
  readonly nodes?: readonly Node[];
  /** New constants by name. */
  readonly constants?: Readonly<Record<string, Tensor>>;
  /** Gives value `from` the name `to`, where it is computed and where it is read. */
  readonly rename?: { readonly from: string; readonly to: string };
}

/** One change of a graph: which pass, at which node, what. */
export interface Change {
  readonly pass: string;
  readonly node: string;
  readonly what: string;
}

/** What a rule may look at. Types are those of the graph before the pass: new values have none. */
export interface RewriteContext {
  readonly opset: number;
  readonly constants: ReadonlyMap<string, Tensor>;
  type(value: string): TensorType | undefined;
  constant(value: string): Tensor | undefined;
  producer(value: string): Node | undefined;
  consumers(value: string): readonly Node[];
  isOutput(value: string): boolean;
  isInput(value: string): boolean;
  /** The node that computes the value, provided that only one node reads it and that it is not an output. */
  soleProducer(value: string): Node | undefined;
  /** `name`, or `name/2`, `name/3` ...: unused for values and nodes, and not given again. */
  freshName(name: string): string;
}

export type Rule = (node: Node, context: RewriteContext) => Patch | undefined;

/** Applies a rule to all nodes, again and again until it finds nothing. `pass` names it in the record. */
export function rewriteGraph(graph: Graph, pass: string, rule: Rule): { graph: Graph; changes: Change[] } {
  const constants = new Map(graph.constants);
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  const producers = new Map(Array.from(producersOf(graph.nodes), ([value, node]) => [value, node.name]));
  const readers = new Map(
    Array.from(consumersOf(graph.nodes), ([value, list]) => [value, new Set(list.map(({ name }) => name))]),
  );
  const outputs = new Set(graph.outputs);
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const given = new Set<string>();
  const changes: Change[] = [];

  const context: RewriteContext = {
    opset: graph.opset,
    constants,
    type: (value) => constants.get(value) ?? graph.types.get(value),
    constant: (value) => constants.get(value),
    producer: (value) => nodes.get(producers.get(value) ?? ''),
    consumers: (value) => Array.from(readers.get(value) ?? [], (name) => nodes.get(name)!),
    isOutput: (value) => outputs.has(value),
    isInput: (value) => inputs.has(value),
    soleProducer: (value) =>
      outputs.has(value) || readers.get(value)?.size !== 1 ? undefined : context.producer(value),
    freshName(name) {
      const taken = (candidate: string) =>
        [nodes, producers, readers, constants, inputs, given].some((names) => names.has(candidate));
      let fresh = name;
      for (let count = 2; taken(fresh); count++) fresh = `${name}/${count}`;
      given.add(fresh);
      return fresh;
    },
  };

  const insert = (node: Node) => {
    nodes.set(node.name, node);
    for (const output of node.outputs) if (output !== '') producers.set(output, node.name);
    for (const input of node.inputs) {
      if (input === '') continue;
      const set = readers.get(input);
      if (set === undefined) readers.set(input, new Set([node.name]));
      else set.add(node.name);
    }
  };
  const remove = (node: Node) => {
    nodes.delete(node.name);
    for (const output of node.outputs) producers.delete(output);
    for (const input of node.inputs) readers.get(input)?.delete(node.name);
  };
  const unread = (value: string) => value === '' || (!outputs.has(value) && !readers.get(value)?.size);
  const sweep = (node: Node | undefined) => {
    if (node === undefined || !node.outputs.every(unread)) return;
    remove(node);
    for (const input of node.inputs) sweep(context.producer(input));
  };
  const rename = ({ from, to }: { from: string; to: string }) => {
    const swap = (names: readonly string[]) => names.map((name) => (name === from ? to : name));
    for (const node of [context.producer(from), ...context.consumers(from)]) {
      if (node === undefined) continue;
      remove(node);
      insert({ ...node, inputs: swap(node.inputs), outputs: swap(node.outputs) });
    }
  };

  let order = graph.nodes.map(({ name }) => name);
  for (let changed = true; changed; ) {
    changed = false;
    const next: string[] = [];
    for (const name of order) {
      const node = nodes.get(name);
      if (node === undefined) continue;
      const patch = rule(node, context);
      if (patch === undefined) {
        next.push(name);
        continue;
      }
      changed = true;
      changes.push({ pass, node: name, what: patch.what });
      for (const [key, tensor] of Object.entries(patch.constants ?? {})) constants.set(key, tensor);
      remove(node);
      for (const added of patch.nodes ?? []) {
        insert(added);
        next.push(added.name);
      }
      if (patch.rename !== undefined) rename(patch.rename);
      for (const input of node.inputs) sweep(context.producer(input));
    }
    order = next.filter((name) => nodes.has(name));
  }
  if (changes.length === 0) return { graph, changes };
  const kept = order.map((name) => nodes.get(name)!);
  return { graph: sweepConstants({ ...graph, nodes: kept, constants }), changes };
}

/** The graph without the constants that nothing reads, and without the types of values that are gone. */
export function sweepConstants(graph: Graph): Graph {
  const used = new Set([...graph.outputs, ...graph.nodes.flatMap(({ inputs }) => inputs)]);
  const constants = new Map([...graph.constants].filter(([name]) => used.has(name)));
  const produced = producersOf(graph.nodes);
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  const alive = (name: string) => produced.has(name) || constants.has(name) || inputs.has(name);
  const types = new Map([...graph.types].filter(([name]) => alive(name)));
  return { ...graph, constants, types };
}

/**
 * Drops a node whose only output equals `value`, one of its inputs. Undefined where both names must stay: an output
 * of the graph that would be an input, a constant or another output.
 */
export function bypass(node: Node, value: string, context: RewriteContext, what: string): Patch | undefined {
  const [output] = node.outputs;
  if (!context.isOutput(output)) return { what, rename: { from: output, to: value } };
  if (context.isOutput(value) || context.producer(value) === undefined) return undefined;
  return { what, rename: { from: value, to: output } };
}
