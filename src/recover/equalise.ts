/**
 * Equalisation: factors on channels that leave what the network computes as it is and give channels like ranges, so that weights
 * can share one scale (Nagel et al. 2019, data-free quantisation). Factors are powers of two: the float network computes the same
 * numbers, each times its factor, without any rounding.
 */
import type { Statistics } from '../calibrate/statistics.js';
import type { Graph, Node } from '../graph/graph.js';
import { rulesFor } from '../hardware/rules.js';
import type { Profile } from '../hardware/schema.js';
import { type ChannelClasses, classifyChannels } from './channel-classes.js';
import { firstChannel, isProduct, type ProductWeights, usesOfConstants, weightsOf } from './products.js';
import { scaleChannels } from './scale-channels.js';

/** Rounds over all classes: each evens out what its neighbours have moved. */
const ROUNDS = 20;
/** No channel is scaled by more. */
const MOST = 32;
/** A channel below a clamp may come no nearer to it than this: samples that did not calibrate reach further. */
const UNSEEN = 1.5;

/** The graph with scaled channels; the graph itself where weights have scales of their own or nothing can be scaled. */
export function equaliseChannels(graph: Graph, statistics: Statistics, profile: Profile): Graph {
  const uses = usesOfConstants(graph);
  const shared = graph.nodes.some(
    (node) => isProduct(graph, node, uses) && !rulesFor(profile, node).weights.perChannel,
  );
  if (!shared) return graph;
  const classes = classifyChannels(graph);
  const factors = evenRanges(graph, classes, statistics);
  if (factors.every((factor) => factor === 1)) return graph;
  return scaleChannels(graph, classes, { classes: factors, limits: new Map() });
}

/** Weights of a product and the classes that its rows and columns belong to. */
interface Side {
  readonly weights: ProductWeights;
  readonly written: Int32Array;
  readonly read: Int32Array;
}

/** Factors with which the ranges of the rows that write a class and of the columns that read it meet in the middle. */
function evenRanges(graph: Graph, { of, free }: ChannelClasses, statistics: Statistics): Float64Array {
  const factors = new Float64Array(free.length).fill(1);
  const uses = usesOfConstants(graph);
  const sides = graph.nodes
    .filter((node) => isProduct(graph, node, uses))
    .map(
      (node): Side => ({
        weights: weightsOf(graph, node),
        written: of.get(node.outputs[0])!,
        read: of.get(node.inputs[0])!,
      }),
    );
  const highest = highestFactors(graph.nodes, of, statistics, factors.length);
  for (let round = 0; round < ROUNDS; round++) {
    const rows = new Float64Array(factors.length);
    const columns = new Float64Array(factors.length);
    for (const side of sides) collectRanges(side, factors, rows, columns);
    for (const [index, factor] of factors.entries()) {
      if (!free[index] || rows[index] === 0 || columns[index] === 0) continue;
      const wanted = factor * Math.sqrt(columns[index] / rows[index]);
      const most = Math.min(MOST, highest[index]);
      factors[index] = most < 1 ? 1 : Math.min(Math.max(wanted, 1 / MOST), most);
    }
  }
  return factors.map((factor, index) => powerOfTwo(factor, highest[index]));
}

/** The nearest power of two that does not exceed `most`, where that is at least 1. */
function powerOfTwo(factor: number, most: number): number {
  const exponent = Math.round(Math.log2(factor));
  return 2 ** (2 ** exponent > Math.max(1, most) ? exponent - 1 : exponent);
}

/** Ranges of the scaled rows and columns of a product, each as a share of the range of all its weights. */
function collectRanges(
  { weights, written, read }: Side,
  factors: Float64Array,
  rows: Float64Array,
  columns: Float64Array,
): void {
  const { data, outputs, depth, inner } = weights;
  const magnitudes = new Float64Array(outputs * depth);
  let greatest = 0;
  for (let output = 0, entry = 0; output < outputs; output++) {
    const first = firstChannel(weights, output);
    for (let channel = 0; channel < depth; channel++, entry++) {
      let range = 0;
      for (let index = entry * inner; index < (entry + 1) * inner; index++)
        range = Math.max(range, Math.abs(data[index]));
      magnitudes[entry] = (range * factors[written[output]]) / factors[read[first + channel]];
      greatest = Math.max(greatest, magnitudes[entry]);
    }
  }
  if (greatest === 0) return;
  for (let output = 0, entry = 0; output < outputs; output++) {
    const first = firstChannel(weights, output);
    for (let channel = 0; channel < depth; channel++, entry++) {
      const share = magnitudes[entry] / greatest;
      rows[written[output]] = Math.max(rows[written[output]], share);
      columns[read[first + channel]] = Math.max(columns[read[first + channel]], share);
    }
  }
}

/** By class, the factor with which its channels stay clear of the clamps above them; below 1 where they reach them. */
function highestFactors(
  nodes: readonly Node[],
  of: ChannelClasses['of'],
  statistics: Statistics,
  count: number,
): Float64Array {
  const highest = new Float64Array(count).fill(Infinity);
  for (const { clamp, outputs } of nodes) {
    const classes = of.get(outputs[0]);
    if (clamp === undefined || clamp.high === Infinity || classes === undefined) continue;
    const seen = statistics.tensors.get(outputs[0]);
    for (const [channel, index] of classes.entries()) {
      const most = seen === undefined ? 0 : clamp.high / (UNSEEN * seen.channelMaximum[channel]);
      highest[index] = Math.min(highest[index], most);
    }
  }
  return highest;
}
