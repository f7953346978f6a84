/**
 * Which rules of a profile cannot hold together for a network. Constraints of the model are found there (conflict.ts); rules that shape
 * the model, which formats are shared and among which widths and signs they are chosen, by shaping it without them.
 */
import { ConstraintError } from '../errors.js';
import { matchesGlob } from '../hardware/glob.js';
import { sharingField } from '../hardware/rules.js';
import type { Profile } from '../hardware/schema.js';
import { conflictError, findConflict, leastBudget, listRules, type Named } from './conflict.js';
import type { Solver } from './highs.js';
import { irreducible } from './irreducible.js';
import { type Lift, liftPinFields, liftWidths } from './lift.js';
import type { Constraint, Model } from './model.js';
import { type Network, prepareInputs } from './network.js';
import { createProblem, type ProblemInputs } from './problem.js';
import { createWidthProblem } from './scaled-widths.js';

/** A rule that no constraint of the model says. */
interface ShapingRule extends Lift {
  readonly node?: Named['node'];
  /** The rule is lifted for this node alone, which then shares no formats. */
  readonly apart?: string;
}

/** What is to be chosen for a profile. Throws a ConstraintError naming the rules that leave a value no format at all. */
export function prepareFeasible(network: Network, profile: Profile): ProblemInputs {
  const rules = shapingRules(network, profile);
  const prepare = (kept: readonly ShapingRule[]) => prepareOrError(network, profile, rules, kept);
  const inputs = prepare(rules);
  if (!(inputs instanceof ConstraintError)) return inputs;
  const kept = irreducible(rules, (some) => prepare(some) instanceof ConstraintError);
  const error = prepare(kept) as ConstraintError;
  if (kept.length < 2) throw error;
  throw new ConstraintError({ ...error.facts, what: `${error.facts.what}, by ${listRules(kept)}` });
}

/** The error of a profile that no formats satisfy: constraints and shaping rules that cannot hold together, each of them needed. */
export function explainConflict(solve: Solver, network: Network, inputs: ProblemInputs): ConstraintError {
  const { profile } = inputs;
  const model = modelOf(inputs);
  const constraints = neediest(findConflict(solve, model) ?? [], model);
  const counts = countOnly(constraints, inputs);
  // Positions that are given are constraints of the model.
  const rules = shapingRules(network, profile).filter(({ rule }) => !rule.includes('.fractionBits '));
  const conflictOf = (kept: readonly ShapingRule[]) => {
    const shaped = prepareOrError(network, profile, rules, kept);
    return shaped instanceof ConstraintError ? undefined : findConflict(solve, modelOf(shaped), counts);
  };
  const kept = irreducible(rules, (some) => conflictOf(some) !== undefined);
  // What a budget would have to be follows from all rules, not from those alone that break it.
  const isBudget = constraints.length === 1 && constraints[0].budget !== undefined;
  return conflictError(isBudget ? constraints : conflictOf(kept)!, kept);
}

function modelOf(inputs: ProblemInputs): Model {
  return inputs.profile.scales === 'powerOfTwo'
    ? createProblem(inputs).model
    : createWidthProblem(inputs).model;
}

/** What is to be chosen with `kept` of the shaping rules alone, or how these contradict each other. */
function prepareOrError(
  network: Network,
  profile: Profile,
  rules: readonly ShapingRule[],
  kept: readonly ShapingRule[],
): ProblemInputs | ConstraintError {
  const held = new Set(kept);
  const lifted = rules.filter((rule) => !held.has(rule));
  const changed = lifted.reduce((from, { lift }) => lift(from), profile);
  const apart = new Set(lifted.flatMap((rule) => rule.apart ?? []));
  try {
    return prepareInputs(network, changed, apart);
  } catch (error) {
    if (error instanceof ConstraintError) return error;
    throw error;
  }
}

/** A budget that every node keeps is named at the node that needs most. */
function neediest(conflict: readonly Constraint[], { constraints }: Model): readonly Constraint[] {
  const [first] = conflict;
  if (conflict.length !== 1 || first.budget === undefined) return conflict;
  const same = constraints.filter(({ rule }) => rule === first.rule);
  return [same.reduce((most, other) => (leastBudget(other) > leastBudget(most) ? other : most))];
}

/**
 * Tells constraints of a conflict from others in models of other groups: by rule and node, and that a format is of some use by all
 * values that have it.
 */
function countOnly(
  conflict: readonly Constraint[],
  { groups }: ProblemInputs,
): (constraint: Constraint) => boolean {
  const keyOf = ({ rule, node }: Constraint, subject?: string) => JSON.stringify([rule, node?.name, subject]);
  const keys = new Set(
    conflict.flatMap((constraint) => {
      const { subject } = constraint;
      const all = subject === undefined ? [undefined] : (groups.get(subject)?.values ?? [subject]);
      return all.map((value) => keyOf(constraint, value));
    }),
  );
  return (constraint) => keys.has(keyOf(constraint, constraint.subject));
}

/** Formats shared at single nodes, widths of operators and overrides, what pins give. */
function shapingRules({ demands }: Network, profile: Profile): ShapingRule[] {
  const sharing = new Map<string, ShapingRule>();
  for (const { kind, node } of demands) {
    const { name, operator } = node;
    const field = sharingField(profile, node);
    if (field === undefined || kind === 'alias' || kind === 'float') continue;
    sharing.set(name, { rule: `${field} of ${operator}`, node, apart: name, lift: (from) => from });
  }
  const pins = liftPinFields(profile).map(({ pin, ...lift }): ShapingRule => {
    const touches = (name: string) => matchesGlob(pin.tensors, name);
    const node = demands.find((demand) =>
      [...demand.node.outputs, ...demand.node.inputs].some(touches),
    )?.node;
    return { ...lift, node };
  });
  const operators = new Set(demands.map(({ node }) => node.operator));
  return [...pins, ...liftWidths(profile, operators), ...sharing.values()];
}
