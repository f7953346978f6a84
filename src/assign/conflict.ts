/**
 * Why nothing satisfies all constraints: an irreducible set of them that cannot hold together. Formats may lie anywhere here; that a
 * choice keeps to its states counts as a constraint too.
 */
import { ConstraintError } from '../errors.js';
import { rowSums } from './domain.js';
import type { IntegerProgram, Solver } from './highs.js';
import { irreducible } from './irreducible.js';
import { type Choice, type Constraint, type Model, QUANTITIES, type Row, type State } from './model.js';

/** Positions beyond the states of a choice that the search for a conflict allows. */
const BEYOND = 64;

/** That the fraction bits of a choice lie within its states of the same width. */
interface UsefulStates extends Constraint {
  readonly choice: Choice;
  readonly side: 'min' | 'max';
}

/** The ends of a choice's states, and what formats beyond them are good for. */
const ZEROS = 'nothing but zeros';
const CLIPPED = 'nothing but clipped values';

/**
 * An irreducible set of constraints, of those that count, that cannot hold together: without any one of them the others can. Empty where
 * not even the definitions of helpers hold, undefined where all of them can.
 */
export function findConflict(
  solve: Solver,
  model: Model,
  counts: (constraint: Constraint) => boolean = () => true,
): Constraint[] | undefined {
  const named = model.constraints.filter(({ rule }) => rule !== undefined);
  const background = model.constraints.filter(({ rule }) => rule === undefined);
  const all = [...model.choices.flatMap(usefulStates), ...named].filter(counts);
  const conflicts = (constraints: readonly Constraint[]) =>
    solve(encode(model.choices, [...background, ...constraints])) === undefined;
  return conflicts(all) ? irreducible(all, conflicts) : undefined;
}

/** That fraction bits are neither so few that all codes are 0 nor so many that all are clipped. */
function usefulStates(choice: Choice): UsefulStates[] {
  const { subject } = choice;
  if (subject === undefined || choice.states.length === 0) return [];
  return [
    { rule: ZEROS, subject, choice, side: 'min', alternatives: [] },
    { rule: CLIPPED, subject, choice, side: 'max', alternatives: [] },
  ];
}

const isUseful = (constraint: Constraint): constraint is UsefulStates => 'side' in constraint;

/** Is there any assignment? An integer for each position, and one for each of several widths. */
function encode(choices: readonly Choice[], constraints: readonly Constraint[]): IntegerProgram {
  const columns: IntegerProgram['columns'][number][] = [];
  const rows: IntegerProgram['rows'][number][] = [];
  const add = (min: number, max: number) => columns.push({ cost: 0, min, max }) - 1;
  const places = new Map(
    choices.map((choice) => {
      const positions = choice.states.map(({ position }) => position);
      const widths = [...new Set(choice.states.map(({ bits }) => bits))];
      const [least, greatest] = [Math.min(...positions), Math.max(...positions)];
      const position = add(least - BEYOND, greatest + BEYOND);
      const ofWidth = widths.map((bits) => [bits, add(0, 1)] as const);
      rows.push({ min: 1, max: 1, entries: ofWidth.map(([, column]) => [column, 1] as const) });
      return [choice, { position, ofWidth }];
    }),
  );
  const known = new Map<Choice, (readonly [number, State])[]>();
  /** A variable for each state, where a row needs more than width and position alone. */
  const stateColumns = (choice: Choice) => {
    const found = known.get(choice);
    if (found !== undefined) return found;
    const columns = choice.states.map((state) => [add(0, 1), state] as const);
    const { position, ofWidth } = places.get(choice)!;
    rows.push({ min: 1, max: 1, entries: columns.map(([column]) => [column, 1] as const) });
    const positions = columns.map(([column, state]) => [column, -state.position] as const);
    rows.push({ min: 0, max: 0, entries: [[position, 1], ...positions] });
    for (const [bits, width] of ofWidth) {
      const own = columns.filter(([, state]) => state.bits === bits).map(([column]) => [column, -1] as const);
      rows.push({ min: 0, max: 0, entries: [[width, 1], ...own] });
    }
    known.set(choice, columns);
    return columns;
  };
  const encodeRow = ({ terms }: Row) => {
    const entries = new Map<number, number>();
    const put = (column: number, value: number) => entries.set(column, (entries.get(column) ?? 0) + value);
    for (const { choice, of, coefficient } of terms) {
      const { position, ofWidth } = places.get(choice)!;
      if (of === 'product') {
        for (const [column, state] of stateColumns(choice))
          put(column, coefficient * QUANTITIES.product(state));
        continue;
      }
      if (of === 'position') put(position, coefficient);
      else
        for (const [bits, column] of ofWidth)
          put(column, coefficient * (of === 'bits' ? bits : Number(bits > 8)));
    }
    const values = [...entries].map(([column, value]) => {
      const { min, max } = columns[column];
      return [value * min, value * max];
    });
    const least = values.reduce((sum, ends) => sum + Math.min(...ends), 0);
    const greatest = values.reduce((sum, ends) => sum + Math.max(...ends), 0);
    return { entries: [...entries], least, greatest };
  };
  for (const constraint of constraints) {
    const { alternatives } = constraint;
    if (isUseful(constraint)) {
      // The position, less the end of the states of the width that is taken.
      const { choice, side } = constraint;
      const { position, ofWidth } = places.get(choice)!;
      const ends = ofWidth.map(([bits, column]) => {
        const found = choice.states.filter((state) => state.bits === bits).map((state) => state.position);
        return [column, -(side === 'min' ? Math.min(...found) : Math.max(...found))] as const;
      });
      const limits = side === 'min' ? { min: 0, max: Infinity } : { min: -Infinity, max: 0 };
      rows.push({ ...limits, entries: [[position, 1], ...ends] });
      continue;
    }
    if (alternatives.length === 1) {
      const [{ min, max }] = alternatives;
      rows.push({ min, max, entries: encodeRow(alternatives[0]).entries });
      continue;
    }
    const chosen = alternatives.map(() => add(0, 1));
    rows.push({ min: 1, max: Infinity, entries: chosen.map((column) => [column, 1] as const) });
    for (const [index, { min, max, ...row }] of alternatives.entries()) {
      const { entries, least, greatest } = encodeRow({ ...row, min, max });
      const switched = (by: number) => [...entries, [chosen[index], by] as const];
      if (min > least) rows.push({ min: least, max: Infinity, entries: switched(least - min) });
      if (max < greatest) rows.push({ min: -Infinity, max: greatest, entries: switched(greatest - max) });
    }
  }
  return { columns, rows };
}

/** A rule as messages name it. */
export type Named = Pick<Constraint, 'rule' | 'node'>;

/**
 * The error that names a conflict: every constraint and every rule that shaped the model with its node, and what the formats that satisfy
 * all would come to.
 */
export function conflictError(conflict: readonly Constraint[], shaping: readonly Named[]): ConstraintError {
  const limits = conflict.filter(({ subject }) => subject === undefined);
  const named = [...limits, ...shaping];
  const budgets = limits.length > 0 ? 'budgets' : 'profile';
  const first = (limits.length > 0 ? limits : shaping).find(({ node }) => node !== undefined)?.node;
  const where = first === undefined ? budgets : `node "${first.name}" (${first.operator})`;
  const list = listRules(named);
  const fates = [ZEROS, CLIPPED].flatMap((fate) => {
    const subjects = conflict.filter(({ subject, rule }) => subject !== undefined && rule === fate);
    return subjects.length === 0
      ? []
      : [`${fate} of ${subjects.map(({ subject }) => `"${subject}"`).join(' or ')}`];
  });
  const what =
    fates.length === 0
      ? `no formats satisfy ${list}`
      : `no useful formats satisfy ${list}: whatever does leaves ${fates.join(' or ')}`;
  return new ConstraintError({ where, what, ...(conflict.length === 1 && budgetFacts(conflict[0])) });
}

/** One rule, or all of several with their nodes. */
export function listRules(named: readonly Named[]): string {
  const texts = [...new Set(named.map(constraintText))];
  return texts.length === 1 ? `${named[0].rule}` : `all of ${texts.join('; ')}`;
}

/** What a budget would have to be for the narrowest widths, and what it is. */
function budgetFacts(constraint: Constraint): { expected: string; got: string } | undefined {
  const { budget } = constraint;
  if (budget === undefined) return undefined;
  return { expected: `at least ${leastBudget(constraint)}`, got: `${budget.limit}` };
}

/** What the budget of a constraint would have to be for the narrowest widths. */
export function leastBudget({ budget, alternatives: [row] }: Constraint): number {
  const { limit, unit, decimals = 0 } = budget!;
  const states = row.terms.map(({ choice }) => [choice, choice.states.map((_, index) => index)] as const);
  const missing = rowSums(row, new Map(states)).least - row.max;
  return Math.ceil(((Math.floor(limit * unit) + missing) / unit) * 10 ** decimals) / 10 ** decimals;
}

function constraintText({ node, rule }: Named): string {
  return node === undefined ? `${rule}` : `node "${node.name}": ${rule}`;
}
