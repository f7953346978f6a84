/**
 * Chooses a format for every tensor: values that must agree are united, each group gets the fraction bits
 * that suit its statistics, weights those that suit themselves, and what the hardware forbids is moved. Every
 * choice keeps its reason.
 */
import type { Statistics } from '../calibrate/statistics.js';
import type { NodeArithmetic } from '../compile/model-formats.js';
import type { ScalingRule } from '../compile/scaling.js';
import { InputError, UsageError } from '../errors.js';
import { decibels } from '../formats/decibels.js';
import { type Format, fixed } from '../formats/format.js';
import type { Graph, Node } from '../graph/graph.js';
import { rulesFor } from '../hardware/rules.js';
import type { Profile } from '../hardware/schema.js';
import { assignScales } from './assign-scales.js';
import { checkPlacement } from './check.js';
import { checkProfile } from './check-profile.js';
import { type ConstantChoices, constantFormat } from './constants.js';
import { explainConstant, explainValue } from './explain.js';
import { explainConflict, prepareFeasible } from './explain-conflict.js';
import type { FormatsFile, Reason } from './formats-file.js';
import { type Method, PERCENTILE } from './fraction-bits.js';
import { loadSolver } from './highs.js';
import { explainMoves } from './moves.js';
import { describeNetwork } from './network.js';
import { placeFormats } from './placement.js';
import { predictNoise } from './predict.js';
import { priceRules } from './prices.js';
import { createProblem, type ProblemOptions } from './problem.js';
import { solveModel } from './solve.js';

export { METHODS, type Method } from './fraction-bits.js';

export interface AssignOptions {
  /** How the ranges of values are chosen; default leastSquares. */
  readonly method?: Method;
  /** Share of the values that the method `percentile` holds; default PERCENTILE. */
  readonly percentile?: number;
  /**
   * What recovery will leave of the noise of rounded weights, as a share of its power; default 1: nothing is recovered. Formats are
   * chosen, and noise and prices predicted, for what is left.
   */
  readonly weightNoiseLeft?: number;
  /** SHA-256 of the model, which the statistics must belong to; default: that of the statistics. */
  readonly model?: string;
  /** True: what every rule and the dearest nodes cost is found, too. Default false. */
  readonly prices?: boolean;
}

/**
 * Formats for a graph after the passes. Throws an InputError where the statistics are not of this model, a
 * ModelError for an operator that cannot be compiled, a ConstraintError naming the constraints that cannot
 * hold together, a UsageError for a share beyond 0 to 1.
 */
export async function assignFormats(
  graph: Graph,
  statistics: Statistics,
  profile: Profile,
  {
    method = 'leastSquares',
    percentile = PERCENTILE,
    weightNoiseLeft = 1,
    model = statistics.model,
    prices = false,
  }: AssignOptions = {},
): Promise<FormatsFile> {
  if (statistics.model !== model) {
    const what = 'belong to another model';
    throw new InputError({ where: 'statistics', what, expected: model, got: statistics.model });
  }
  for (const [where, share] of Object.entries({ percentile, weightNoiseLeft })) {
    if (share >= 0 && share <= 1) continue;
    throw new UsageError({ where, what: 'is no share', expected: '0 to 1', got: String(share) });
  }
  const options: ProblemOptions = { method, percentile, weightNoiseLeft };
  const network = describeNetwork(graph, statistics, options);
  const inputs = prepareFeasible(network, profile);
  const { demands: computed, groups, constants, gains } = inputs;
  checkProfile(profile, graph, computed, groups.keys(), constants);
  const conversions = { ...profile.conversions, scaling: scalingRule(profile.requantize) };
  const common = { version: 1, model, hardware: profile.name, conversions } as const;
  const describeNodes = (choices: ConstantChoices) =>
    Object.fromEntries(computed.map(({ node }) => [node.name, nodeArithmetic(node, profile, choices)]));
  const solve = await loadSolver();
  const predict = (noise: number) => ({ noise, sqnr: decibels(1, noise), measured: gains.measured });
  if (profile.scales !== 'powerOfTwo') {
    const found = assignScales(solve, inputs);
    if (found === undefined) throw explainConflict(solve, network, inputs);
    const { noise, ...scaled } = found;
    const nodes = describeNodes(constants);
    return {
      ...common,
      ...scaled,
      nodes,
      moves: [],
      prediction: predict(noise),
      ...(prices && { prices: priceRules(solve, network, inputs, noise) }),
    };
  }
  const problem = createProblem(inputs);
  const solution = solveModel(solve, problem.model);
  if (solution === undefined) throw explainConflict(solve, network, inputs);
  const placement = placeFormats(inputs, problem, solution.assignment);
  checkPlacement(computed, profile, placement);

  const tensors: Record<string, Format> = {};
  const reasons: Record<string, Reason> = {};
  for (const [value, group] of groups) {
    const { bits, position } = placement.value(value)!;
    tensors[value] = { ...fixed(bits, position), ...group.format, bits };
    reasons[value] = explainValue(value, group, tensors[value], method);
  }
  const formats: Record<string, Format> = {};
  for (const [name, choice] of placement.constants.byName) {
    formats[name] = constantFormat(choice);
    reasons[name] = explainConstant(choice.values, formats[name], method);
  }
  return {
    ...common,
    tensors,
    constants: formats,
    nodes: describeNodes(placement.constants),
    reasons,
    moves: explainMoves(inputs, problem, solution.assignment, placement),
    prediction: predict(predictNoise(inputs, problem, solution)),
    ...(prices && { prices: priceRules(solve, network, inputs, solution.cost, problem) }),
  };
}

function nodeArithmetic(node: Node, profile: Profile, constants: ConstantChoices): NodeArithmetic {
  const { accumulator: register, requantize, bias, reciprocals, table } = rulesFor(profile, node);
  const { proof: _, ...accumulator } = register;
  const own = constants.biases.get(node.name);
  return {
    accumulator,
    biasBits: own === undefined ? bias.bits : accumulator.bits,
    ...(own === undefined ? {} : { biasFormat: constantFormat(own) }),
    scaling: scalingRule(requantize),
    rounding: requantize.rounding,
    overflow: requantize.overflow,
    ...(reciprocals && { reciprocals }),
    ...(table && { table }),
  };
}

function scalingRule({ style, multiplierBits }: Profile['requantize']): ScalingRule {
  return style === 'multiplier' ? { style, bits: multiplierBits! } : { style };
}
