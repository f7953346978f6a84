/** The constraints that a profile and the arithmetic itself put on fraction bits, and what each repairs. */
import { numbers } from '../graph/tensor.js';
import { type ResolvedRules, rulesFor } from '../hardware/rules.js';
import type { Limits, Profile } from '../hardware/schema.js';
import type { Demand, ProductDemand } from './demands.js';
import type { Cause, Position, Repairs } from './positions.js';

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
  for (const demand of demands) {
    if (demand.kind === 'float' || demand.kind === 'alias') continue;
    if (positions.value(demand.output) === undefined) continue;
    const rules = rulesFor(profile, demand.node.operator);
    constraints.push(...positionLimits(demand, rules, positions, repairs));
    if (demand.kind === 'product') constraints.push(...productLimits(demand, rules, positions, repairs));
    else if (demand.kind === 'sum') constraints.push(...sumLimits(demand, rules, positions, repairs));
    else constraints.push(...outputLimits(demand, rules, positions, repairs));
  }
  let moved = true;
  while (moved) {
    moved = false;
    for (const constraint of constraints) moved = constraint() || moved;
  }
}

function positionLimits(
  demand: Demand,
  { positions: limits }: ResolvedRules,
  positions: Positions,
  repairs: Repairs,
): Constraint[] {
  const targets: [keyof typeof limits, (Position | undefined)[]][] = [
    ['input', demand.inputs.map(positions.value)],
    ['output', [positions.value(demand.output)]],
    ['weights', demand.kind === 'product' ? [positions.constant(demand.weights.name)] : []],
    ['bias', demand.kind === 'product' ? [positions.bias(demand.node.name)] : []],
  ];
  const constraints: Constraint[] = [];
  for (const [name, found] of targets) {
    const { min, max } = limits[name] ?? {};
    for (const position of found) {
      if (position === undefined) continue;
      const cause = (which: string, limit: number): Cause => ({
        node: demand.node,
        constraint: `positions.${name}.${which} ${limit} of ${demand.node.operator}`,
      });
      if (min !== undefined) repairs.raise(position, min, cause('min', min));
      if (max !== undefined) constraints.push(() => repairs.lower(position, max, cause('max', max)));
    }
  }
  return constraints;
}

/** Names a window of a demand's operator as it stands in the profile. */
function windowCauses(demand: Demand, name: string, limits: Limits | undefined) {
  const cause = (which: 'min' | 'max'): Cause => ({
    node: demand.node,
    constraint: `shifts.${name}.${which} ${limits?.[which]} of ${demand.node.operator}`,
  });
  return { min: limits?.min, max: limits?.max, tooSmall: cause('min'), tooLarge: cause('max') };
}

function productLimits(
  demand: ProductDemand,
  { shifts, accumulator, bias: biasRules }: ResolvedRules,
  positions: Positions,
  { lower }: Repairs,
): Constraint[] {
  const input = positions.value(demand.inputs[0])!;
  const output = positions.value(demand.output)!;
  const weights = positions.constant(demand.weights.name);
  const ownBias = positions.bias(demand.node.name);
  const each = (visit: (weightBits: number, channel: number) => boolean) =>
    weights.bits.map(visit).some((moved) => moved);
  const window = windowCauses(demand, 'output', shifts.output);
  const register: Cause = {
    node: demand.node,
    constraint: `a shift of at most ${accumulator.bits - 1} in an accumulator of ${accumulator.bits} bits`,
  };
  const mostShift = (limit: number, cause: Cause) => () =>
    each((_, channel) => lower(weights, limit + output.bits[0] - input.bits[0], cause, channel));
  const constraints = [mostShift(accumulator.bits - 1, register)];
  if (window.max !== undefined) constraints.push(mostShift(window.max, window.tooLarge));
  if (window.min !== undefined) {
    const { min } = window;
    constraints.push(() => each((bits) => lower(output, input.bits[0] + bits - min, window.tooSmall)));
  }
  if (demand.bias === undefined) return constraints;

  const biasWindow = windowCauses(demand, 'bias', shifts.bias);
  if (ownBias !== undefined) {
    const [bias] = [ownBias.bits];
    const { min, max } = biasWindow;
    if (max !== undefined) {
      constraints.push(() =>
        each((_, channel) => lower(weights, max + bias[0] - input.bits[0], biasWindow.tooLarge, channel)),
      );
    }
    if (min !== undefined) {
      constraints.push(() => each((bits) => lower(ownBias, input.bits[0] + bits - min, biasWindow.tooSmall)));
    }
  }
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

function sumLimits(
  demand: Demand & { kind: 'sum' },
  { shifts }: ResolvedRules,
  positions: Positions,
  { lower }: Repairs,
): Constraint[] {
  const operands = operandPositions(demand, positions);
  const output = positions.value(demand.output)!;
  const least = () => Math.min(...operands.map(({ bits }) => bits[0]));
  const read = windowCauses(demand, 'read', shifts.read);
  const write = windowCauses(demand, 'write', shifts.write);
  const mostRead = (limit: number, cause: Cause) => () =>
    operands.map((operand) => lower(operand, least() + limit, cause)).some((moved) => moved);
  const room = OPERAND_BITS - 1 - Math.max(...[...demand.inputs, demand.output].map(positions.bits));
  const constraints = [
    mostRead(room, {
      node: demand.node,
      constraint: `operands at most ${room} positions apart in ${OPERAND_BITS} bits`,
    }),
  ];
  if (read.max !== undefined) constraints.push(mostRead(read.max, read.tooLarge));
  if (write.min !== undefined) {
    const { min } = write;
    constraints.push(() => lower(output, least() - min, write.tooSmall));
  }
  if (write.max !== undefined) {
    const { max } = write;
    constraints.push(() => {
      const smallest = operands.find(({ bits }) => bits[0] === least())!;
      return lower(smallest, max + output.bits[0], write.tooLarge);
    });
  }
  return constraints;
}

/** Windows of the right shift from the product of the operands, or from the one operand, to the output. */
function outputLimits(
  demand: Exclude<Demand, ProductDemand>,
  { shifts }: ResolvedRules,
  positions: Positions,
  { lower }: Repairs,
): Constraint[] {
  const operands = operandPositions(demand, positions);
  const output = positions.value(demand.output)!;
  if (operands.length === 0) return [];
  const { min, max, tooSmall, tooLarge } = windowCauses(demand, 'output', shifts.output);
  const constraints: Constraint[] = [];
  const groups = demand.kind === 'multiplication' ? [operands] : operands.map((operand) => [operand]);
  for (const factors of groups) {
    const exact = () => factors.reduce((sum, { bits }) => sum + bits[0], 0);
    if (min !== undefined) constraints.push(() => lower(output, exact() - min, tooSmall));
    if (max !== undefined) {
      constraints.push(() => {
        const largest = factors.reduce((a, b) => (b.bits[0] > a.bits[0] ? b : a));
        return lower(largest, largest.bits[0] - (exact() - output.bits[0] - max), tooLarge);
      });
    }
  }
  return constraints;
}

function operandPositions(demand: Exclude<Demand, ProductDemand>, positions: Positions): Position[] {
  const values = demand.inputs.map(positions.value).filter((position) => position !== undefined);
  const constants = 'constants' in demand ? demand.constants.map(({ name }) => positions.constant(name)) : [];
  return [...values, ...constants];
}
