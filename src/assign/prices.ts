/**
 * What rules cost: the problem solved again without them. The price of a rule is the predicted noise that goes with it, all formats
 * being chosen anew; never less than 0, as hardware without a rule may still keep it.
 */
import { ConstraintError } from '../errors.js';
import { decibels } from '../formats/decibels.js';
import type { Profile } from '../hardware/schema.js';
import { chooseScales } from './assign-scales.js';
import type { Demand } from './demands.js';
import type { Price, Prices } from './formats-file.js';
import type { Solver } from './highs.js';
import { liftRules } from './lift.js';
import type { Model } from './model.js';
import { type Network, prepareInputs } from './network.js';
import { createProblem, type Problem, type ProblemInputs } from './problem.js';
import { solveModel } from './solve.js';

/** Nodes that are listed. */
const DEAREST = 20;

/** What differs by less, relative to all noise, is the same: the solver is no more exact. */
const SAME = 1e-6;

/**
 * Prices of all rules of the profile and of the dearest nodes, where the least noise is `noise`: that of the problem, which there is none
 * of where scales need not be powers of two.
 */
export function priceRules(
  solve: Solver,
  network: Network,
  inputs: ProblemInputs,
  noise: number,
  problem?: Problem,
): Prices {
  const price = (without: number): Price => {
    const saved = noise - without > SAME * noise ? noise - without : 0;
    return { noise: saved, sqnr: saved === 0 ? 0 : decibels(noise, noise - saved) };
  };
  const operators = new Set(inputs.demands.map(({ node }) => node.operator));
  const rules = liftRules(inputs.profile, operators).map(({ rule, lift }) => ({
    rule,
    ...price(leastNoise(solve, network, lift(inputs.profile))),
  }));
  const lifted =
    problem === undefined
      ? priceScaledNodes(solve, network, inputs)
      : [
          ...priceSharingNodes(solve, network, inputs, problem, noise),
          ...priceOtherNodes(solve, inputs, problem, noise),
        ];
  const nodes = lifted.map(({ demand: { node }, without }) => ({
    node: node.name,
    operator: node.operator,
    ...price(without),
  }));
  const dearest = (a: Price, b: Price) => b.noise - a.noise;
  return {
    rules: rules.sort(dearest),
    nodes: nodes
      .filter((entry) => entry.noise > 0)
      .sort(dearest)
      .slice(0, DEAREST),
  };
}

/** Predicted noise under a profile; Infinity where nothing satisfies it, as where a rule bridges what contradicts itself without it. */
function leastNoise(solve: Solver, network: Network, profile: Profile, apart?: ReadonlySet<string>): number {
  try {
    const inputs = prepareInputs(network, profile, apart);
    const noise =
      profile.scales === 'powerOfTwo'
        ? solveModel(solve, createProblem(inputs).model)?.cost
        : chooseScales(solve, inputs)?.noise;
    return noise ?? Infinity;
  } catch (error) {
    if (error instanceof ConstraintError) return Infinity;
    throw error;
  }
}

interface Lifted {
  readonly demand: Demand;
  /** Predicted noise without the rules of the node. */
  readonly without: number;
}

/** The model without the rules of some nodes: their windows and registers. */
function withoutNodes({ model, fits }: Problem, nodes: ReadonlySet<string>): Model {
  const gone = new Set([...nodes].map((node) => fits.get(node)).filter((choice) => choice !== undefined));
  return {
    choices: model.choices.filter((choice) => !gone.has(choice)),
    constraints: model.constraints.filter(({ node, rule, alternatives }) => {
      if (rule !== undefined && node !== undefined && nodes.has(node.name)) return false;
      return !alternatives.some(({ terms }) => terms.some(({ choice }) => gone.has(choice)));
    }),
  };
}

/** Nodes whose values share a format with others that are chosen for. */
function priceSharingNodes(
  solve: Solver,
  network: Network,
  { profile, demands, groups }: ProblemInputs,
  problem: Problem,
  noise: number,
): Lifted[] {
  return sharingNodes(profile, demands, groups).map((demand) => {
    const nodes = new Set([demand.node.name]);
    const kept = solveModel(solve, withoutNodes(problem, nodes), noise)!.cost;
    const split = createProblem(prepareInputs(network, profile, nodes));
    const apart = solveModel(solve, withoutNodes(split, nodes))?.cost ?? Infinity;
    return { demand, without: Math.min(kept, apart) };
  });
}

/** Where scales need not be powers of two, sharing formats is all that a node demands of others. */
function priceScaledNodes(solve: Solver, network: Network, { profile, demands }: ProblemInputs): Lifted[] {
  return demands.filter(shares(profile)).map((demand) => {
    return { demand, without: leastNoise(solve, network, profile, new Set([demand.node.name])) };
  });
}

/** Does a node share formats? */
function shares({ sharedFormat, sharedInputs }: Profile): (demand: Demand) => boolean {
  const shared = new Set<string>([...sharedFormat, ...sharedInputs]);
  return ({ kind, node }) => kind !== 'alias' && shared.has(node.operator);
}

function sharingNodes(
  profile: Profile,
  demands: readonly Demand[],
  groups: ProblemInputs['groups'],
): Demand[] {
  return demands
    .filter(shares(profile))
    .filter(({ output, inputs }) =>
      [output, ...inputs].some((name) => (groups.get(name)?.sources.length ?? 0) > 1),
    );
}

/**
 * The dearest of the other nodes. Lifting the rules of several nodes saves at least what lifting those of any one of them does:
 * sets are split, the dearest first, until enough single nodes are found that no set can surpass.
 */
function priceOtherNodes(
  solve: Solver,
  { profile, demands, groups }: ProblemInputs,
  problem: Problem,
  noise: number,
): Lifted[] {
  const sharing = new Set(sharingNodes(profile, demands, groups));
  const ruled = new Set(
    problem.model.constraints.flatMap(({ rule, node }) => (rule && node ? [node.name] : [])),
  );
  const open: { demands: Demand[]; without: number }[] = [];
  const add = (set: Demand[]) => {
    if (set.length === 0) return;
    const nodes = new Set(set.map(({ node }) => node.name));
    const without = solveModel(solve, withoutNodes(problem, nodes), noise)!.cost;
    if (noise - without > SAME * noise) open.push({ demands: set, without });
  };
  add(demands.filter((demand) => ruled.has(demand.node.name) && !sharing.has(demand)));
  const found: Lifted[] = [];
  while (open.length > 0 && found.length < DEAREST) {
    open.sort((a, b) => b.without - a.without);
    const { demands: set, without } = open.pop()!;
    if (set.length === 1) {
      found.push({ demand: set[0], without });
      continue;
    }
    const middle = Math.floor(set.length / 2);
    add(set.slice(0, middle));
    add(set.slice(middle));
  }
  return found;
}
