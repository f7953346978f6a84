/** Factors between powers of two for values that can be scaled together, so that the steps which powers of two allow suit them. */
import { type Distribution, mostFractionBits, signalPower, unseenErrors } from '../assign/distribution.js';
import type { Statistics } from '../calibrate/statistics.js';
import { type CodeRange, codeRange } from '../formats/format.js';
import type { Graph } from '../graph/graph.js';
import { createUnionFind } from '../graph/union-find.js';
import { rulesFor } from '../hardware/rules.js';
import type { Profile } from '../hardware/schema.js';
import { type ChannelClasses, classifyChannels } from './channel-classes.js';
import { type ChannelFactors, scaleChannels } from './scale-channels.js';

/** Factors that are tried: so many in an octave. */
const PER_OCTAVE = 16;
/** Samples that did not calibrate are expected to reach so much further. */
const UNSEEN = 1.5;

/** The graph with stretched values; the graph itself where scales are not powers of two or no value can be stretched. */
export function stretchValues(graph: Graph, statistics: Statistics, profile: Profile): Graph {
  if (profile.scales !== 'powerOfTwo') return graph;
  const classes = classifyChannels(graph);
  const factors = chooseStretches(graph, classes, statistics, profile);
  return factors.classes.every((factor) => factor === 1) ? graph : scaleChannels(graph, classes, factors);
}

/** One factor for all classes of each set of connected values, from 1 up to 2, by least predicted rounding noise. */
function chooseStretches(
  graph: Graph,
  { of, free }: ChannelClasses,
  statistics: Statistics,
  profile: Profile,
): ChannelFactors {
  const sets = createUnionFind(of.keys());
  const owner = new Map<number, string>();
  for (const [value, classes] of of) {
    for (const index of classes) {
      const other = owner.get(index);
      if (other === undefined) owner.set(index, value);
      else sets.unite(other, value);
    }
  }
  const producers = new Map(graph.nodes.map((node) => [node.outputs[0], node]));
  const factors = new Float64Array(free.length).fill(1);
  const limits = new Map<string, number>();
  for (const values of sets.sets()) {
    if (!values.every((value) => of.get(value)!.every((index) => free[index]))) continue;
    const members = values.flatMap((value) => {
      const node = producers.get(value);
      const seen = statistics.tensors.get(value);
      if (node === undefined || seen === undefined) return [];
      const { bits, signed, narrow } = rulesFor(profile, node).activations;
      const range = codeRange({ bits: bits[0], signed: signed === 'always' || seen.minimum < 0, narrow });
      const { low, high } = node.clamp ?? { low: -Infinity, high: Infinity };
      const reach = {
        minimum: Math.max(UNSEEN * seen.minimum, Math.min(low, seen.minimum)),
        maximum: Math.min(UNSEEN * seen.maximum, Math.max(high, seen.maximum)),
      };
      return [{ distribution: { ...seen, reach }, range }];
    });
    const factor = bestFactor(members);
    for (const value of values) {
      for (const index of of.get(value)!) factors[index] = factor;
      limits.set(value, factor);
    }
  }
  return { classes: factors, limits };
}

interface Member {
  readonly distribution: Distribution;
  readonly range: CodeRange;
}

function bestFactor(members: readonly Member[]): number {
  let best = 1;
  let least = Infinity;
  for (let step = 0; step < PER_OCTAVE; step++) {
    const octaves = step / PER_OCTAVE;
    const noise = members.reduce((sum, member) => sum + relativeNoise(member, octaves), 0);
    if (noise < least * (1 - 1e-9)) {
      least = noise;
      best = Math.fround(2 ** octaves);
    }
  }
  return best;
}

/** Noise by signal of a value stretched by some octaves, with the best of all powers of two. */
function relativeNoise({ distribution, range }: Member, octaves: number): number {
  const start = mostFractionBits(distribution.minimum, distribution.maximum, range);
  if (start === undefined) return 0;
  let least = Infinity;
  for (let bits = start - 1; bits <= start + 3; bits++) {
    const position = bits + octaves;
    const { rounding, saturation } = unseenErrors(distribution, position, range);
    least = Math.min(least, rounding + saturation);
  }
  return least / signalPower(distribution);
}
