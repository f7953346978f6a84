/** The constraints that a profile and the arithmetic itself put on formats, as rows over what is chosen. */
import { type ResolvedRules, rulesFor, sharingField } from '../hardware/rules.js';
import type { Profile } from '../hardware/schema.js';
import type { Demand, ProductDemand } from './demands.js';
import { atMost, type Choice, type Constraint, type Row, type Term, term } from './model.js';
import type { WeightChoices } from './variables.js';
import {
  findNeighbours,
  type Subject,
  type Sum,
  type Variable,
  type WindowLimit,
  windowLimits,
} from './windows.js';

/** What is chosen, by name; undefined for values that stay float32. */
export interface Variables {
  value(name: string): Choice | undefined;
  /** A constant that is not the weights of a product. */
  operand(name: string): Choice | undefined;
  weights(name: string): WeightChoices | undefined;
  /** Only where the profile gives biases fraction bits of their own. */
  bias(node: string): Choice | undefined;
}

/** Bits of the registers in which operands are added and multiplied, element by element. */
const OPERAND_BITS = 32;

/** The width in which an input is shifted to the position of its product with a slope. */
const SLOPE_REGISTER_BITS = 31;

/** All constraints on the nodes of a graph. */
export function collectConstraints(
  demands: readonly Demand[],
  profile: Profile,
  variables: Variables,
): Constraint[] {
  const neighbours = findNeighbours(demands);
  const isPlaced = (subject: Subject) => choicesOf(subject, variables).length > 0;
  const constraints: Constraint[] = [];
  for (const demand of demands) {
    if (demand.kind === 'float' || demand.kind === 'alias') continue;
    if (variables.value(demand.output) === undefined) continue;
    const rules = rulesFor(profile, demand.node);
    for (const limit of windowLimits(demand, rules, neighbours, isPlaced)) {
      const clauses = windowClauses(limit, variables);
      constraints.push(
        ...clauses.map((alternatives) => ({ node: limit.node, rule: limit.rule, alternatives })),
      );
    }
    constraints.push(...sharedConstraints(demand, profile, variables));
    if (demand.kind === 'product') constraints.push(registerConstraint(demand, rules, variables));
    else if (demand.kind === 'sum') constraints.push(...roomConstraints(demand, variables));
    else if (demand.kind === 'slope') constraints.push(...slopeConstraints(demand, variables));
  }
  return constraints;
}

function choicesOf({ kind, name }: Subject, { value, operand, weights, bias }: Variables): Choice[] {
  const found = {
    value: () => [value(name)],
    bias: () => [bias(name)],
    constant: () => [weights(name)?.cap ?? operand(name)],
  }[kind]();
  return found.filter((choice) => choice !== undefined);
}

/**
 * A window as clauses that must all hold, each a list of rows of which one must. Limits that hold for all of several bounds or
 * operands become clauses of their own, limits that hold for any of them alternatives.
 */
function windowClauses({ sum, side, of, bounds }: WindowLimit, variables: Variables): Row[][] {
  const sign = side === 'max' ? 1 : -1;
  // Every bound as: parts of the sum less those of the bound, which may be at most a number.
  const forms = bounds.map((bound) => expand(difference(sum, bound, sign), variables));
  const all = (side === 'max') === (of === 'least');
  if (all || forms.length === 1) return forms.flat();
  return forms.reduce((clauses, form) =>
    clauses.flatMap((clause) => form.map((other) => [...clause, ...other])),
  );
}

function difference(sum: Sum, bound: Sum, sign: number): Sum {
  const scaled = (parts: Sum['parts'], by: number) =>
    parts.map(({ factor, variable }) => ({ factor: factor * by, variable }));
  return {
    constant: sign * (sum.constant - bound.constant),
    parts: [...scaled(sum.parts, sign), ...scaled(bound.parts, -sign)],
  };
}

/** Clauses that say that a sum is at most 0. */
function expand({ constant, parts }: Sum, variables: Variables): Row[][] {
  let clauses: Term[][][] = [[[]]];
  for (const { factor, variable } of mergeParts(parts)) {
    if (factor === 0) continue;
    const terms = termsOf(variable, factor, variables);
    const greatest = variable.kind === 'finest' ? factor : -factor;
    const each = variable.kind === 'position' || variable.kind === 'width' || greatest > 0;
    const append = (row: readonly Term[], entry: Term) => [...row, entry];
    clauses = each
      ? clauses.flatMap((clause) => terms.map((entry) => clause.map((row) => append(row, entry))))
      : clauses.map((clause) => clause.flatMap((row) => terms.map((entry) => append(row, entry))));
  }
  return clauses.map((clause) => clause.map((terms) => atMost(-constant, ...terms)));
}

/** Terms of the same variable added up, so that the sign of what is left decides. */
function mergeParts(parts: Sum['parts']): { factor: number; variable: Variable }[] {
  const merged = new Map<string, { factor: number; variable: Variable }>();
  for (const { factor, variable } of parts) {
    const key = JSON.stringify(variable);
    merged.set(key, { variable, factor: factor + (merged.get(key)?.factor ?? 0) });
  }
  return [...merged.values()];
}

/** A variable as a term, or one term for each of its subjects. Weights count with the limit that the sign asks for. */
function termsOf({ kind, subjects }: Variable, factor: number, variables: Variables): Term[] {
  const of = kind === 'width' ? 'bits' : 'position';
  return subjects.map((subject) => {
    const weights = subject.kind === 'constant' ? variables.weights(subject.name) : undefined;
    if (weights !== undefined && of === 'position')
      return term(factor > 0 ? weights.cap : weights.floor, factor);
    return term(choicesOf(subject, variables)[0], factor, of);
  });
}

/** Constant operands have the fraction bits of the inputs that they are shared with. */
function sharedConstraints(demand: Demand, profile: Profile, { value, operand }: Variables): Constraint[] {
  if (demand.kind !== 'sum' && demand.kind !== 'multiplication') return [];
  const { node, inputs, constants } = demand;
  const field = sharingField(profile, node);
  const input = inputs.length === 0 ? undefined : value(inputs[0]);
  if (field === undefined || input === undefined) return [];
  return constants.flatMap(({ name }): Constraint[] => {
    const choice = operand(name);
    if (choice === undefined) return [];
    const row = { terms: [term(choice), term(input, -1)], min: 0, max: 0 };
    return [{ node, rule: `${field} of ${node.operator}`, alternatives: [row] }];
  });
}

function registerConstraint(
  { node, inputs, output, weights }: ProductDemand,
  { accumulator }: ResolvedRules,
  { value, weights: weightsOf }: Variables,
): Constraint {
  const most = accumulator.bits - 1;
  const rule = `a shift of at most ${most} in an accumulator of ${accumulator.bits} bits`;
  const { cap } = weightsOf(weights.name)!;
  return {
    node,
    rule,
    alternatives: [atMost(most, term(cap), term(value(inputs[0])!), term(value(output)!, -1))],
  };
}

function roomConstraints(
  { node, inputs, output, constants }: Demand & { kind: 'sum' },
  { value, operand }: Variables,
): Constraint[] {
  const operands = [...inputs.map(value), ...constants.map(({ name }) => operand(name))];
  const placed = [...new Set(operands.filter((choice) => choice !== undefined))];
  const wide = [...new Set([...inputs, output].map(value).filter((choice) => choice !== undefined))];
  const rule = `operands and their distance within ${OPERAND_BITS} bits`;
  return placed.flatMap((finer) =>
    placed
      .filter((coarser) => coarser !== finer)
      .flatMap((coarser) =>
        wide.map((register): Constraint => {
          const row = atMost(OPERAND_BITS - 1, term(finer), term(coarser, -1), term(register, 1, 'bits'));
          return { node, rule, alternatives: [row] };
        }),
      ),
  );
}

function slopeConstraints(
  { node, inputs, slopes }: Demand & { kind: 'slope' },
  { value, operand }: Variables,
): Constraint[] {
  const input = value(inputs[0]);
  const slope = operand(slopes.name);
  if (input === undefined || slope === undefined) return [];
  const rule = `a shifted input within ${SLOPE_REGISTER_BITS} bits`;
  const row = atMost(SLOPE_REGISTER_BITS, term(slope), term(input, 1, 'bits'));
  return [{ node, rule, alternatives: [row] }];
}
