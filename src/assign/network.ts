/** A network and its statistics as the choice of formats sees them, for one profile after another. */
import type { Statistics } from '../calibrate/statistics.js';
import type { Graph } from '../graph/graph.js';
import type { Profile } from '../hardware/schema.js';
import { chooseConstants } from './constants.js';
import { collectDemands, type Demand } from './demands.js';
import { createGains, type Gains } from './gains.js';
import { formGroups } from './groups.js';
import type { ProblemInputs, ProblemOptions } from './problem.js';

/** What no profile changes. */
export interface Network {
  readonly graph: Graph;
  readonly statistics: Statistics;
  readonly demands: readonly Demand[];
  readonly gains: Gains;
  readonly options: ProblemOptions;
}

export function describeNetwork(graph: Graph, statistics: Statistics, options: ProblemOptions): Network {
  return { graph, statistics, demands: collectDemands(graph), gains: createGains(statistics), options };
}

/** What is to be chosen for a profile; nodes `apart` need not share formats. */
export function prepareInputs(
  { graph, statistics, demands: all, gains, options }: Network,
  profile: Profile,
  apart?: ReadonlySet<string>,
): ProblemInputs {
  const groups = formGroups(graph, all, statistics, profile, apart);
  const demands = all.filter(({ kind, output }) => kind !== 'float' && groups.has(output));
  const constants = chooseConstants(demands, profile, groups, options.method);
  return { graph, demands, profile, groups, constants, gains, options };
}
