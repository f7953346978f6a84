/**
 * Checks chosen formats against the profile, rule by rule and channel by channel, from the numbers that will be compiled; shares
 * no code with the program that chose them.
 */
import { ExecutionError } from '../errors.js';
import { numbers } from '../graph/tensor.js';
import { type ResolvedRules, rulesFor, sharingField } from '../hardware/rules.js';
import type { Profile } from '../hardware/schema.js';
import type { Demand, ProductDemand } from './demands.js';
import type { Placement } from './placement.js';
import { evaluateSum, findNeighbours, type Subject, type Variable, windowLimits } from './windows.js';

interface Placed {
  readonly bits: number;
  readonly positions: readonly number[];
}

/** Throws an ExecutionError naming the first node and rule that the formats break: an error of ours, not of the profile. */
export function checkPlacement(demands: readonly Demand[], profile: Profile, placement: Placement): void {
  const find = ({ kind, name }: Subject): Placed | undefined => {
    if (kind === 'value') {
      const state = placement.value(name);
      return state && { bits: state.bits, positions: [state.position] };
    }
    const { byName, biases } = placement.constants;
    const choice = kind === 'bias' ? biases.get(name) : byName.get(name);
    return choice && { bits: choice.format.bits, positions: choice.position.bits };
  };
  const neighbours = findNeighbours(demands);
  for (const demand of demands) {
    if (demand.kind === 'float' || demand.kind === 'alias' || placement.value(demand.output) === undefined)
      continue;
    const rules = rulesFor(profile, demand.node);
    for (const broken of [
      ...brokenWindows(demand, rules, neighbours, find),
      ...(demand.kind === 'product' ? brokenRegisters(demand, rules, find) : []),
      ...(demand.kind === 'sum' ? brokenRoom(demand, find) : []),
      ...brokenSharing(demand, profile, find),
    ]) {
      const where = `node "${demand.node.name}" (${demand.node.operator})`;
      throw new ExecutionError({ where, what: `the formats that were chosen break ${broken}` });
    }
  }
}

type Find = (subject: Subject) => Placed | undefined;

function brokenWindows(
  demand: Demand,
  rules: ResolvedRules,
  neighbours: ReturnType<typeof findNeighbours>,
  find: Find,
): string[] {
  const isPlaced = (subject: Subject) => find(subject) !== undefined;
  return windowLimits(demand, rules, neighbours, isPlaced).flatMap(({ sum, bounds, of, side, rule }) => {
    const subjects = [sum, ...bounds].flatMap(({ parts }) =>
      parts.flatMap(({ variable }) => variable.subjects),
    );
    const channels = Math.max(1, ...subjects.map((subject) => find(subject)!.positions.length));
    const value = ({ kind, subjects: counted }: Variable, channel: number): number => {
      const [first] = counted.map((subject) => find(subject)!);
      if (kind === 'width') return first.bits;
      const all = counted.map((subject) => {
        const { positions } = find(subject)!;
        return positions[positions.length === 1 ? 0 : channel];
      });
      return kind === 'coarsest' ? Math.min(...all) : Math.max(...all);
    };
    for (let channel = 0; channel < channels; channel++) {
      const found = evaluateSum(sum, value, channel);
      const limits = bounds.map((bound) => evaluateSum(bound, value, channel));
      const limit = of === 'least' ? Math.min(...limits) : Math.max(...limits);
      if (side === 'max' ? found > limit : found < limit) return [`${rule}: ${found} in channel ${channel}`];
    }
    return [];
  });
}

function brokenRegisters(
  { inputs, output, weights, bias }: ProductDemand,
  { accumulator, bias: biasRules }: ResolvedRules,
  find: Find,
): string[] {
  const input = find({ kind: 'value', name: inputs[0] })!.positions[0];
  const to = find({ kind: 'value', name: output })!.positions[0];
  const { positions } = find({ kind: 'constant', name: weights.name })!;
  const shift = positions.reduce((most, position) => Math.max(most, input + position - to), -Infinity);
  const broken =
    shift < accumulator.bits ? [] : [`the register of ${accumulator.bits} bits: a shift of ${shift}`];
  const bits = biasRules.position === 'own' ? accumulator.bits : biasRules.bits;
  for (const [channel, value] of (bias === undefined ? [] : numbers(bias.tensor)).entries()) {
    const position = positions[positions.length === 1 ? 0 : channel] + input;
    const steps = Math.abs(value) * 2 ** position;
    if (steps > 2 ** (bits - 1) - 0.5) broken.push(`the ${bits} bits of the bias in channel ${channel}`);
  }
  return broken;
}

/** Operands of a node that has to find all of them in one format. */
function brokenSharing(demand: Demand, profile: Profile, find: Find): string[] {
  const field = sharingField(profile, demand.node);
  if (field === undefined || (demand.kind !== 'sum' && demand.kind !== 'multiplication')) return [];
  const values = demand.inputs.map((name) => find({ kind: 'value', name }));
  const operands = [...values, ...demand.constants.map(({ name }) => find({ kind: 'constant', name }))];
  const positions = new Set(operands.flatMap((operand) => operand?.positions ?? []));
  return positions.size < 2 ? [] : [`${field}: operands with ${[...positions].join(' and ')} fraction bits`];
}

function brokenRoom({ inputs, output, constants }: Demand & { kind: 'sum' }, find: Find): string[] {
  const values = inputs.map((name) => find({ kind: 'value', name }));
  const operands = [...values, ...constants.map(({ name }) => find({ kind: 'constant', name }))];
  const positions = operands.flatMap((operand) => operand?.positions ?? []);
  const widths = [...values, find({ kind: 'value', name: output })].map((placed) => placed?.bits ?? 0);
  const [least, most] = [Math.min, Math.max].map((pick) =>
    positions.reduce((a, b) => pick(a, b), positions[0]),
  );
  const apart = most - least;
  return positions.length === 0 || apart + Math.max(...widths) < 32
    ? []
    : [`the 32 bits of a sum: operands ${apart} positions apart`];
}
