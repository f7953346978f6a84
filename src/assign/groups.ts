/** Values that must share a format, united; and which of them need a format at all. */
import { type Histogram, mergeHistograms } from '../calibrate/histogram.js';
import type { Statistics, TensorStatistics } from '../calibrate/statistics.js';
import { InputError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import { createUnionFind } from '../graph/union-find.js';
import type { Profile } from '../hardware/schema.js';
import { type CommonFormat, commonFormat } from './common-format.js';
import type { Demand } from './demands.js';
import type { Distribution } from './distribution.js';

/** Values with one format. */
export interface Group extends CommonFormat {
  readonly values: readonly string[];
  /**
   * The values that are computed or fed or that constants enter, not moved from others of the group: what the format is
   * chosen for.
   */
  readonly sources: readonly string[];
  /** Of all values of the sources together, and of each. */
  readonly distribution: Distribution;
  readonly parts: ReadonlyMap<string, Distribution>;
}

/** Groups by each of their values. Values that stay float32 have none. Nodes `apart` need not share formats. */
export function formGroups(
  graph: Graph,
  demands: readonly Demand[],
  statistics: Statistics,
  profile: Profile,
  apart: ReadonlySet<string> = new Set(),
): Map<string, Group> {
  const shared = new Set<string>(profile.sharedFormat);
  const unites = ({ kind, node }: Demand) =>
    kind === 'alias' || (kind !== 'float' && shared.has(node.operator) && !apart.has(node.name));
  const equalInputs = new Set<string>(profile.sharedInputs);
  const sharesInputs = ({ kind, node }: Demand) =>
    kind !== 'float' && equalInputs.has(node.operator) && !apart.has(node.name);
  const sets = createUnionFind([
    ...graph.inputs.map(({ name }) => name),
    ...demands.map(({ output }) => output),
  ]);
  for (const demand of demands) {
    const [first] = demand.inputs;
    if (unites(demand)) for (const input of demand.inputs) sets.unite(demand.output, input);
    else if (sharesInputs(demand)) for (const input of demand.inputs) sets.unite(first, input);
  }
  const producers = new Map(demands.map((demand) => [demand.output, demand]));
  const fixed = findFixed(graph, demands, sets.find);
  const groups = new Map<string, Group>();
  for (const values of sets.sets()) {
    if (!fixed.has(sets.find(values[0]))) continue;
    const sources = values.filter((value) => {
      const producer = producers.get(value);
      if (producer === undefined || !unites(producer) || producer.inputs.length === 0) return true;
      if (producer.kind === 'movement') return producer.mixed === true;
      return producer.kind !== 'alias';
    });
    const parts = new Map(
      sources.map((source) => [
        source,
        expectUnseen(readStatistics(statistics, source), producers.get(source)),
      ]),
    );
    const distribution = [...parts.values()].reduce(merge);
    const shape = commonFormat(values, producers, profile, distribution.minimum);
    const group = { values, sources, distribution, parts, ...shape };
    for (const value of values) groups.set(value, group);
  }
  return groups;
}

/**
 * Representatives of the sets that codes enter: inputs of the graph, what integer arithmetic reads or writes.
 */
function findFixed(graph: Graph, demands: readonly Demand[], find: (name: string) => string): Set<string> {
  const fixed = new Set(graph.inputs.map(({ name }) => find(name)));
  for (const { kind, inputs, output } of demands) {
    if (kind === 'float' || kind === 'alias') continue;
    if (kind === 'movement') {
      if (inputs.some((input) => fixed.has(find(input)))) fixed.add(find(output));
    } else for (const value of [...inputs, output]) fixed.add(find(value));
  }
  return fixed;
}

function readStatistics({ tensors }: Statistics, value: string): TensorStatistics {
  const found = tensors.get(value);
  if (found !== undefined) return found;
  throw new InputError({ where: `value "${value}"`, what: 'the statistics do not contain it' });
}

/** How much further than the values seen those unseen may reach. */
const UNSEEN = 1.5;

/**
 * Samples that did not calibrate exceed the extremes now and then: where nothing bounds a computed value, it is expected to
 * reach further. Inputs of the network have the range of their data; what is moved reaches as far as where it comes from.
 */
function expectUnseen(values: TensorStatistics, producer: Demand | undefined): Distribution {
  if (producer === undefined || producer.kind === 'movement') return values;
  const { low, high } = producer.node.clamp ?? { low: -Infinity, high: Infinity };
  const reach = {
    minimum: Math.max(UNSEEN * values.minimum, Math.min(low, values.minimum)),
    maximum: Math.min(UNSEEN * values.maximum, Math.max(high, values.maximum)),
  };
  return { ...values, reach };
}

function merge(a: Distribution, b: Distribution): Distribution {
  const minimum = Math.min(a.minimum, b.minimum);
  const maximum = Math.max(a.maximum, b.maximum);
  const histogram: Histogram = mergeHistograms(a.histogram, b.histogram, minimum, maximum);
  const [reachA, reachB] = [a.reach ?? a, b.reach ?? b];
  const reach = {
    minimum: Math.min(reachA.minimum, reachB.minimum),
    maximum: Math.max(reachA.maximum, reachB.maximum),
  };
  return { count: a.count + b.count, zeros: a.zeros + b.zeros, minimum, maximum, histogram, reach };
}
