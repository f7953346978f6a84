/** The constraints that a profile and the arithmetic itself put on fraction bits, and what each repairs. */
import { ConstraintError } from '../errors.js';
import { numbers } from '../graph/tensor.js';
import { type ResolvedRules, rulesFor } from '../hardware/rules.js';
import type { Profile } from '../hardware/schema.js';
import type { Demand, ProductDemand } from './demands.js';
import type { Cause, Position, Repairs } from './positions.js';
import {
  evaluateSum,
  findNeighbours,
  type Subject,
  type Variable,
  type WindowLimit,
  windowLimits,
} from './windows.js';

/** Looks for violations and repairs them by lowering; true where anything moved. */
type Constraint = () => boolean;

/** The fraction bits of everything that constraints speak of; undefined for values that stay float32. */
export interface Positions {
  value(name: string): Position | undefined;
  constant(name: string): Position;
  /** Only where the profile gives biases fraction bits of their own. */
  bias(node: string): Position | undefined;
  /** Width of the codes of a value. */
  bits(name: string): number;
}

/** Bits of the registers in which operands are added and multiplied, element by element. */
const OPERAND_BITS = 32;

/**
 * Moves fraction bits until all constraints hold. Throws a ConstraintError naming those that cannot hold
 * together.
 */
export function satisfy(
  demands: readonly Demand[],
  profile: Profile,
  positions: Positions,
  repairs: Repairs,
): void {
  const constraints: Constraint[] = [];
  const neighbours = findNeighbours(demands);
  const isPlaced = ({ kind, name }: Subject) =>
    (kind === 'value'
      ? positions.value(name)
      : kind === 'bias'
        ? positions.bias(name)
        : name || undefined) !== undefined;
  for (const demand of demands) {
    if (demand.kind === 'float' || demand.kind === 'alias') continue;
    if (positions.value(demand.output) === undefined) continue;
    const rules = rulesFor(profile, demand.node);
    for (const limit of windowLimits(demand, rules, neighbours, isPlaced)) {
      constraints.push(...windowConstraints(limit, positions, repairs));
    }
    if (demand.kind === 'product') constraints.push(...productLimits(demand, rules, positions, repairs));
    else if (demand.kind === 'sum') constraints.push(...sumLimits(demand, positions, repairs));
  }
  let moved = true;
  while (moved) {
    moved = false;
    for (const constraint of constraints) moved = constraint() || moved;
  }
}

/** Repairs of one side of a window: what stands in it with the right sign is lowered, weights before values. */
function windowConstraints(
  limit: WindowLimit,
  positions: Positions,
  { lower, raise }: Repairs,
): Constraint[] {
  const { node, sum, side, bounds, of, rule } = limit;
  const cause: Cause = { node, constraint: rule };
  const find = ({ kind, name }: Subject) =>
    (kind === 'value'
      ? positions.value(name)
      : kind === 'bias'
        ? positions.bias(name)
        : positions.constant(name))!;
  const at = (subject: Subject, channel: number) => {
    const { bits } = find(subject);
    return bits.length === 1 ? bits[0] : bits[channel];
  };
  const value = ({ kind, subjects }: Variable, channel: number) => {
    if (kind === 'width') return positions.bits(subjects[0].name);
    const all = subjects.map((subject) => at(subject, channel));
    return kind === 'coarsest' ? Math.min(...all) : Math.max(...all);
  };
  const sign = side === 'max' ? 1 : -1;
  const movable = sum.parts.filter(({ factor, variable }) => factor * sign > 0 && variable.kind !== 'width');
  if (movable.length === 0) {
    const [part] = sum.parts.filter(({ variable }) => variable.kind === 'position');
    const [bound] = bounds;
    if (part?.factor === 1 && sum.parts.length === 1 && bound.parts.length === 0) {
      raise(find(part.variable.subjects[0]), bound.constant, cause);
      return [];
    }
    const what = `${rule} can only be met by raising fraction bits`;
    throw new ConstraintError({ where: `node "${node.name}" (${node.operator})`, what });
  }
  const subjectsOf = ({ subjects, kind }: Variable, channel: number) =>
    kind === 'coarsest'
      ? [subjects.reduce((a, b) => (at(b, channel) < at(a, channel) ? b : a))]
      : [subjects.reduce((a, b) => (at(b, channel) > at(a, channel) ? b : a))];
  const repair = (channel: number) => {
    const limits = bounds.map((bound) => evaluateSum(bound, value, channel));
    const reached = of === 'least' ? Math.min(...limits) : Math.max(...limits);
    const excess = sign * (evaluateSum(sum, value, channel) - reached);
    if (excess <= 0) return false;
    const candidates = movable.flatMap(({ factor, variable }) =>
      subjectsOf(variable, channel).map((subject) => ({ factor: Math.abs(factor), subject })),
    );
    const chosen =
      candidates.find(({ subject }) => subject.kind === 'constant') ??
      candidates.reduce((a, b) => (at(b.subject, channel) > at(a.subject, channel) ? b : a));
    const position = find(chosen.subject);
    return lower(
      position,
      at(chosen.subject, channel) - Math.ceil(excess / chosen.factor),
      cause,
      position.bits.length === 1 ? undefined : channel,
    );
  };
  const all = [sum, ...bounds].flatMap(({ parts }) => parts.flatMap(({ variable }) => variable.subjects));
  const channels = Math.max(...all.map((subject) => find(subject).bits.length));
  return [() => Array.from({ length: channels }, (_, channel) => repair(channel)).some((moved) => moved)];
}

function productLimits(
  demand: ProductDemand,
  { accumulator, bias: biasRules }: ResolvedRules,
  positions: Positions,
  { lower }: Repairs,
): Constraint[] {
  const input = positions.value(demand.inputs[0])!;
  const output = positions.value(demand.output)!;
  const weights = positions.constant(demand.weights.name);
  const register: Cause = {
    node: demand.node,
    constraint: `a shift of at most ${accumulator.bits - 1} in an accumulator of ${accumulator.bits} bits`,
  };
  const constraints = [
    () =>
      weights.bits
        .map((_, channel) =>
          lower(weights, accumulator.bits - 1 + output.bits[0] - input.bits[0], register, channel),
        )
        .some((moved) => moved),
  ];
  if (demand.bias === undefined) return constraints;

  const registerBits = biasRules.position === 'own' ? accumulator.bits : biasRules.bits;
  const most = numbers(demand.bias.tensor).map((value) => mostBiasPosition(value, registerBits));
  const fits: Cause = { node: demand.node, constraint: `the bias fits ${registerBits} bits` };
  constraints.push(() =>
    most
      .map((limit, channel) =>
        lower(weights, limit - input.bits[0], fits, weights.bits.length > 1 ? channel : 0),
      )
      .some((moved) => moved),
  );
  return constraints;
}

/** The most fraction bits with which a value fits a signed register, whatever the rounding. */
function mostBiasPosition(value: number, bits: number): number {
  if (value === 0) return Infinity;
  return Math.floor(Math.log2((2 ** (bits - 1) - 1) / Math.abs(value)) - 2 ** -40);
}

function sumLimits(demand: Demand & { kind: 'sum' }, positions: Positions, { lower }: Repairs): Constraint[] {
  const operands = operandPositions(demand, positions);
  const least = () => Math.min(...operands.map(({ bits }) => bits[0]));
  const room = OPERAND_BITS - 1 - Math.max(...[...demand.inputs, demand.output].map(positions.bits));
  const cause: Cause = {
    node: demand.node,
    constraint: `operands at most ${room} positions apart in ${OPERAND_BITS} bits`,
  };
  return [() => operands.map((operand) => lower(operand, least() + room, cause)).some((moved) => moved)];
}

function operandPositions(demand: Exclude<Demand, ProductDemand>, positions: Positions): Position[] {
  const values = demand.inputs.map(positions.value).filter((position) => position !== undefined);
  const constants = 'constants' in demand ? demand.constants.map(({ name }) => positions.constant(name)) : [];
  return [...values, ...constants];
}
