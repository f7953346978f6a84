/**
 * Absorption of high biases: a part of every channel that does not change is taken out of the bias that puts it there and given to
 * the biases of the products that read it (Nagel et al. 2019, data-free quantisation, section 4.1.3, which estimates that part from
 * BatchNormalization; here calibration has measured it). What is stored between them then has a smaller range.
 */

import type { Statistics, TensorStatistics } from '../calibrate/statistics.js';
import { intsAttribute, stringAttribute } from '../graph/attributes.js';
import type { Graph, Node } from '../graph/graph.js';
import { firstChannel, isProduct, usesOfConstants, weightsOf } from './products.js';

/** Samples that did not calibrate are expected to reach so much further, as a share of a channel's range. */
const UNSEEN = 0.25;
/** A value is left as it is unless its greatest magnitude falls below this share: the new biases are rounded, too. */
const WORTH = 0.875;

/** The graph with other biases; the graph itself where no value is worth it. All its products that matter need biases. */
export function absorbBiases(graph: Graph, statistics: Statistics): Graph {
  const uses = usesOfConstants(graph);
  const products = graph.nodes.filter((node) => isProduct(graph, node, uses) && node.inputs[2]);
  const constants = new Map(graph.constants);
  let changed = false;
  for (const node of products) {
    const [value] = node.outputs;
    const seen = statistics.tensors.get(value);
    const readers = graph.nodes.filter(({ inputs }) => inputs.includes(value));
    const taken = readers.every((reader) => products.includes(reader) && readsWithoutPadding(reader));
    if (seen === undefined || readers.length === 0 || !taken || graph.outputs.includes(value)) continue;
    const offsets = constantParts(node, seen);
    if (offsets === undefined) continue;
    changed = true;
    const add = (name: string, change: (output: number) => number) => {
      const tensor = constants.get(name)!;
      const data = (tensor.data as Float32Array).map((bias, output) => bias + change(output));
      constants.set(name, { ...tensor, data });
    };
    add(node.inputs[2], (output) => -offsets[output]);
    for (const reader of readers) add(reader.inputs[2], (output) => response(graph, reader, offsets, output));
  }
  return changed ? { ...graph, constants } : graph;
}

/** True where every output position reads all of its window from the input. */
function readsWithoutPadding(node: Node): boolean {
  if (node.operator !== 'Conv') return true;
  const automatic = stringAttribute(node, 'auto_pad', 'NOTSET');
  return (
    automatic === 'VALID' ||
    (automatic === 'NOTSET' && (intsAttribute(node, 'pads') ?? []).every((pad) => pad === 0))
  );
}

/** By channel what can be taken out: the middle of the range, behind a rectifier what it always lies above. */
function constantParts({ clamp }: Node, seen: TensorStatistics): Float32Array | undefined {
  const { channelMinimum: low, channelMaximum: high } = seen;
  if (clamp !== undefined && (clamp.low !== 0 || clamp.high !== Infinity)) return undefined;
  const offsets = low.map((minimum, channel) =>
    clamp === undefined
      ? (minimum + high[channel]) / 2
      : Math.max(0, minimum - UNSEEN * (high[channel] - minimum)),
  );
  const rest = low.reduce((most, minimum, channel) => {
    const offset = offsets[channel];
    return Math.max(most, Math.abs(minimum - offset), Math.abs(high[channel] - offset));
  }, 0);
  return rest < WORTH * Math.max(-seen.minimum, seen.maximum) ? offsets : undefined;
}

/** What one output of a product gives for input channels that are `offsets` everywhere. */
function response(graph: Graph, node: Node, offsets: Float32Array, output: number): number {
  const weights = weightsOf(graph, node);
  const { data, depth, inner } = weights;
  const first = firstChannel(weights, output);
  let sum = 0;
  for (let channel = 0; channel < depth; channel++) {
    const start = (output * depth + channel) * inner;
    for (let entry = start; entry < start + inner; entry++) sum += data[entry] * offsets[first + channel];
  }
  return sum;
}
