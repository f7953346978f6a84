/**
 * Chooses a format for every tensor: values that must agree are united, each group gets the fraction bits
 * that suit its statistics, weights those that suit themselves, and what the hardware forbids is moved. Every
 * choice keeps its reason.
 */
import type { Statistics } from '../calibrate/statistics.js';
import type { NodeArithmetic } from '../compile/model-formats.js';
import type { ScalingRule } from '../compile/scaling.js';
import { ConstraintError, InputError } from '../errors.js';
import { codeRange, type Format, fixed } from '../formats/format.js';
import type { Graph, Node } from '../graph/graph.js';
import { rulesFor } from '../hardware/rules.js';
import type { Profile } from '../hardware/schema.js';
import { assignScales } from './assign-scales.js';
import {
  type ConstantChoices,
  chooseConstants,
  constantFormat,
  decibels,
  explainConstant,
  greatestScaled,
} from './constants.js';
import { satisfy } from './constraints.js';
import { collectDemands } from './demands.js';
import { clippedShare, expectedError, signalPower } from './distribution.js';
import type { FormatsFile, Move, Reason } from './formats-file.js';
import { chooseFractionBits, type Method, type MethodOptions, PERCENTILE } from './fraction-bits.js';
import { formGroups, type Group } from './groups.js';
import { createPosition, createRepairs, type Position } from './positions.js';

export { METHODS, type Method } from './fraction-bits.js';

export interface AssignOptions {
  /** How the ranges of values are chosen; default leastSquares. */
  readonly method?: Method;
  /** Share of the values that the method `percentile` holds; default PERCENTILE. */
  readonly percentile?: number;
  /** SHA-256 of the model, which the statistics must belong to; default: that of the statistics. */
  readonly model?: string;
}

/**
 * Formats for a graph after the passes. Throws an InputError where the statistics are not of this model, a
 * ModelError for an operator that cannot be compiled, a ConstraintError naming the constraints that cannot
 * hold together.
 */
export async function assignFormats(
  graph: Graph,
  statistics: Statistics,
  profile: Profile,
  { method = 'leastSquares', percentile = PERCENTILE, model = statistics.model }: AssignOptions = {},
): Promise<FormatsFile> {
  if (statistics.model !== model) {
    const what = 'belong to another model';
    throw new InputError({ where: 'statistics', what, expected: model, got: statistics.model });
  }
  const options: MethodOptions = { method, percentile };
  const demands = collectDemands(graph);
  const groups = formGroups(graph, demands, statistics, profile);
  const computed = demands.filter(({ kind, output }) => kind !== 'float' && groups.has(output));
  const places = new Map([...new Set(groups.values())].map((group) => [group, placeGroup(group, options)]));
  const place = (name: string) => places.get(groups.get(name)!);
  const constants = chooseConstants(computed, profile, groups, method);
  const describeNodes = () =>
    Object.fromEntries(computed.map(({ node }) => [node.name, nodeArithmetic(node, profile, constants)]));
  const conversions = { ...profile.conversions, scaling: scalingRule(profile.requantize) };
  const common = { version: 1, model, hardware: profile.name, conversions } as const;
  if (profile.scales !== 'powerOfTwo') {
    const scaled = assignScales(computed, groups, constants, profile, options);
    return { ...common, ...scaled, nodes: describeNodes(), moves: [] };
  }
  const positions = {
    value: place,
    constant: (name: string) => constants.byName.get(name)!.position,
    bias: (node: string) => constants.biases.get(node)?.position,
    bits: (name: string) => (groups.get(name) ?? constants.byName.get(name))!.format.bits,
  };
  const repairs = createRepairs();
  satisfy(computed, profile, positions, repairs);

  const tensors: Record<string, Format> = {};
  const reasons: Record<string, Reason> = {};
  for (const [value, group] of groups) {
    const [fractionBits] = place(value)!.bits;
    const { minimum, maximum } = group.distribution;
    requireSignal(place(value)!, () => Math.max(-minimum, maximum) * 2 ** fractionBits, repairs.moves);
    tensors[value] = { ...fixed(group.format.bits, fractionBits), ...group.format };
    reasons[value] = explainValue(value, group, fractionBits, method);
  }
  const formats: Record<string, Format> = {};
  for (const [name, choice] of constants.byName) {
    requireSignal(choice.position, () => greatestScaled(choice), repairs.moves);
    formats[name] = constantFormat(choice);
    reasons[name] = explainConstant(choice, method);
  }
  return { ...common, tensors, constants: formats, nodes: describeNodes(), reasons, moves: repairs.moves };
}

function placeGroup({ values, distribution, format }: Group, options: MethodOptions): Position {
  const chosen = chooseFractionBits(distribution, codeRange(format), options);
  return createPosition(values[0], [chosen ?? 0]);
}

/**
 * Refuses windows of the profile that leave nothing but the code 0; `greatest` is the largest magnitude in
 * steps of the format. Weights that vanish beside their bias are no such case.
 */
function requireSignal({ name }: Position, greatest: () => number, moves: readonly Move[]): void {
  const own = moves.filter((move) => move.name === name && /^windows\./.test(move.constraint));
  if (own.length === 0) return;
  const steps = greatest();
  if (steps === 0 || steps > 0.5) return;
  const causes = new Set(own.map(({ node, constraint }) => `node "${node}": ${constraint}`));
  throw new ConstraintError({
    where: `"${name}"`,
    what: `the constraints leave nothing but zeros: ${[...causes].join('; ')}`,
  });
}

function explainValue(value: string, group: Group, fractionBits: number, method: Method): Reason {
  const { distribution, sources, format } = group;
  const { minimum, maximum } = distribution;
  const range = codeRange(format);
  const power = signalPower(distribution);
  const alone = sources.length === 1 && sources[0] === value;
  return {
    method: minimum === 0 && maximum === 0 ? 'zeros' : method,
    minimum,
    maximum,
    clipped: clippedShare(distribution, fractionBits, range),
    sqnr: decibels(power, expectedError(distribution, fractionBits, range)),
    ...(alone ? {} : { sources: [...sources] }),
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
