/** Rules of a profile that a network cannot meet whatever the formats, or that mean none of its nodes and tensors. */
import { ConstraintError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import { matchesGlob } from '../hardware/glob.js';
import type { Profile } from '../hardware/schema.js';
import type { ConstantChoices } from './constants.js';
import type { Demand, ProductDemand } from './demands.js';

/**
 * Throws a ConstraintError for a pattern that matches nothing (no node, or no tensor that has a format), and one that lists the
 * nodes whose channels are not aligned.
 */
export function checkProfile(
  { overrides, pins, channelAlignment }: Profile,
  graph: Graph,
  demands: readonly Demand[],
  values: Iterable<string>,
  { byName, biases }: ConstantChoices,
): void {
  const names = new Set(graph.nodes.map(({ name }) => name));
  for (const [index, { nodes }] of overrides.entries()) {
    requireMatch(names, nodes, `overrides.${index}.nodes`, 'matches no node of the network');
  }
  const own = demands.flatMap((demand) =>
    demand.kind === 'product' && biases.has(demand.node.name) ? [demand.bias!.name] : [],
  );
  const tensors = new Set([...values, ...byName.keys(), ...own]);
  for (const [index, pin] of pins.entries()) {
    requireMatch(tensors, pin.tensors, `pins.${index}.tensors`, 'matches no tensor that has a format');
  }
  if (channelAlignment.rule === 'require') checkChannels(demands, graph, channelAlignment.multiple);
}

function requireMatch(names: ReadonlySet<string>, pattern: string, where: string, what: string): void {
  for (const name of names) if (matchesGlob(pattern, name)) return;
  throw new ConstraintError({ where, what, got: pattern });
}

function checkChannels(demands: readonly Demand[], { types }: Graph, multiple: number): void {
  const issues = demands.flatMap((demand) => {
    if (demand.kind !== 'product') return [];
    const { node } = demand;
    const [read, written] = channelsOf(demand, types.get(demand.inputs[0])!.shape);
    if (read % multiple === 0 && written % multiple === 0) return [];
    return [`node "${node.name}" (${node.operator}) reads ${read} and writes ${written} channels`];
  });
  if (issues.length === 0) return;
  const what = `${issues.join('; ')}, which are no multiples of ${multiple}`;
  throw new ConstraintError({ where: 'channelAlignment', what });
}

/** Channels that a convolution or matrix product reads and writes. */
function channelsOf({ node, weights }: ProductDemand, input: readonly number[]): [number, number] {
  const axis = node.operator === 'Conv' || node.operator === 'ConvTranspose' ? 1 : input.length - 1;
  return [input[axis], weights.tensor.shape[0]];
}
