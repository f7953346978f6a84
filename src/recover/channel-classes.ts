/**
 * Which channels of a network may be scaled: a factor above 0 on one channel passes through rectifiers, pooling, additions and
 * concatenations, and is undone by the weights that read it (Nagel et al. 2019, Meller et al. 2019).
 */
import { floatAttribute, intAttribute, stringAttribute } from '../graph/attributes.js';
import type { Graph, Node } from '../graph/graph.js';
import { createUnionFind, type UnionFind } from '../graph/union-find.js';
import { elementCount } from '../shape.js';
import { isProduct, usesOfConstants } from './products.js';

/** Channels that can only be scaled together form a class. */
export interface ChannelClasses {
  /** The class of each channel (axis 1) by value name; only float32 values with channels. */
  readonly of: ReadonlyMap<string, Int32Array>;
  /** Per class: whether it may be scaled at all. */
  readonly free: readonly boolean[];
}

/** How channels go through a node that computes no product: the input channels that enter each output channel. */
type Passage = (output: number) => readonly { readonly value: string; readonly channel: number }[];

/** Operators that keep channels apart and commute with factors above 0. */
const HOMOGENEOUS = new Set([
  'Relu',
  'LeakyRelu',
  'MaxPool',
  'GlobalMaxPool',
  'AveragePool',
  'GlobalAveragePool',
  'Identity',
  'Dropout',
  'Pad',
]);
const RESHAPING = new Set(['Flatten', 'Reshape', 'Squeeze', 'Unsqueeze']);

/** The classes of a prepared graph's channels. */
export function classifyChannels(graph: Graph): ChannelClasses {
  const sets = createUnionFind();
  const locked = new Set<string>();
  const key = (value: string, channel: number) => `${channel} ${value}`;
  const channels = (value: string) => channelCount(graph, value);
  const lock = (value: string) => {
    for (let channel = 0; channel < channels(value); channel++) locked.add(key(value, channel));
  };
  for (const { name } of graph.inputs) lock(name);
  for (const name of graph.outputs) lock(name);
  const uses = usesOfConstants(graph);
  for (const node of graph.nodes) {
    const computed = node.inputs.filter((name) => name !== '' && !graph.constants.has(name));
    const homogeneous = node.clamp === undefined || node.clamp.low === 0 || node.clamp.low === -Infinity;
    if (isProduct(graph, node, uses) && homogeneous) continue;
    const passage = homogeneous ? findPassage(graph, node) : undefined;
    if (passage === undefined) {
      for (const value of [...computed, ...node.outputs]) lock(value);
      continue;
    }
    const [output] = node.outputs;
    for (let channel = 0; channel < channels(output); channel++) {
      for (const source of passage(channel))
        sets.unite(key(source.value, source.channel), key(output, channel));
    }
  }
  return number(graph, sets, locked, key);
}

function number(
  graph: Graph,
  sets: UnionFind,
  locked: ReadonlySet<string>,
  key: (value: string, channel: number) => string,
): ChannelClasses {
  const numbers = new Map<string, number>();
  const free: boolean[] = [];
  const of = new Map<string, Int32Array>();
  for (const value of graph.types.keys()) {
    if (graph.constants.has(value)) continue;
    const count = channelCount(graph, value);
    if (count === 0) continue;
    of.set(
      value,
      Int32Array.from({ length: count }, (_, channel) => {
        const root = sets.find(key(value, channel));
        if (!numbers.has(root)) numbers.set(root, free.push(true) - 1);
        return numbers.get(root)!;
      }),
    );
  }
  for (const name of locked) {
    const found = numbers.get(sets.find(name));
    if (found !== undefined) free[found] = false;
  }
  return { of, free };
}

/** Channels of a float32 value of one sample; 0 where it has none. */
function channelCount({ types }: Graph, value: string): number {
  const type = types.get(value);
  return type?.type === 'float32' && type.shape.length >= 2 && type.shape[0] === 1 ? type.shape[1] : 0;
}

function findPassage(graph: Graph, node: Node): Passage | undefined {
  if (node.domain !== '') return undefined;
  const [output] = node.outputs;
  const [input] = node.inputs;
  const shapeOf = (value: string) => graph.types.get(value)?.shape ?? [];
  const alike = (value: string) => channelCount(graph, value) === channelCount(graph, output);
  const same: Passage = (channel) => [{ value: input, channel }];
  if (graph.constants.has(input)) return undefined;
  if (HOMOGENEOUS.has(node.operator)) {
    if (!alike(input) || (node.operator === 'Pad' && !padsZeros(graph, node))) return undefined;
    if (node.operator === 'LeakyRelu' && floatAttribute(node, 'alpha', 0.01) < 0) return undefined;
    return same;
  }
  if (node.operator === 'Add') {
    const fits = node.inputs.every(
      (value) => !graph.constants.has(value) && `${shapeOf(value)}` === `${shapeOf(output)}`,
    );
    return fits ? (channel) => node.inputs.map((value) => ({ value, channel })) : undefined;
  }
  if (node.operator === 'Concat') {
    const axis = intAttribute(node, 'axis', 1);
    if (axis !== 1 && axis !== 1 - shapeOf(output).length) return undefined;
    if (node.inputs.some((value) => graph.constants.has(value))) return undefined;
    const sources = node.inputs.flatMap((value) =>
      Array.from({ length: channelCount(graph, value) }, (_, channel) => ({ value, channel })),
    );
    return (channel) => [sources[channel]];
  }
  if (!RESHAPING.has(node.operator) || channelCount(graph, input) === 0 || channelCount(graph, output) === 0)
    return undefined;
  const inner = elementCount(shapeOf(input).slice(2));
  const outerInner = elementCount(shapeOf(output).slice(2));
  return (channel) => {
    const first = Math.floor((channel * outerInner) / inner);
    const last = Math.floor(((channel + 1) * outerInner - 1) / inner);
    return Array.from({ length: last - first + 1 }, (_, index) => ({ value: input, channel: first + index }));
  };
}

function padsZeros(graph: Graph, node: Node): boolean {
  if (stringAttribute(node, 'mode', 'constant') !== 'constant') return false;
  if (floatAttribute(node, 'value', 0) !== 0) return false;
  const value = node.inputs[2];
  if (!value) return true;
  return graph.constants.get(value)?.data[0] === 0;
}
