/**
 * The states that each choice may still take, and what removes them without losing the optimum: states that no row admits,
 * and states that another one of the same choice can always replace (dead-end elimination, Desmet et al. 1992, with rows).
 */
import { type Choice, type Model, type Row, type Term, termValue } from './model.js';

/** Indices of states, ascending. */
export type Domain = Map<Choice, number[]>;

interface Sums {
  readonly least: number;
  readonly greatest: number;
}

/** The terms of each choice in each row, by choice; `single` where the row is the only alternative. */
interface Use {
  readonly row: Row;
  readonly own: readonly Term[];
  readonly single: boolean;
}

function usesOf({ choices, constraints }: Model): Map<Choice, Use[]> {
  const uses = new Map<Choice, Use[]>(choices.map((choice) => [choice, []]));
  for (const { alternatives } of constraints) {
    for (const row of alternatives) {
      for (const choice of new Set(row.terms.map((term) => term.choice))) {
        const own = row.terms.filter((term) => term.choice === choice);
        uses.get(choice)!.push({ row, own, single: alternatives.length === 1 });
      }
    }
  }
  return uses;
}

const amountOf = (own: readonly Term[], index: number) =>
  own.reduce((sum, term) => sum + termValue(term, index), 0);

/** Least and greatest sum of a row over the domain. */
export function rowSums({ terms }: Row, domain: Domain): Sums {
  let [least, greatest] = [0, 0];
  for (const choice of new Set(terms.map((term) => term.choice))) {
    const own = terms.filter((term) => term.choice === choice);
    const values = domain.get(choice)!.map((index) => amountOf(own, index));
    least += values.reduce((a, b) => Math.min(a, b));
    greatest += values.reduce((a, b) => Math.max(a, b));
  }
  return { least, greatest };
}

/** Removes states until nothing more can be; false where a choice has none left. */
export function reduceDomain(model: Model, domain: Domain): boolean {
  const uses = usesOf(model);
  for (let changed = true; changed; ) {
    changed = false;
    const sums = new Map<Row, Sums>();
    for (const { alternatives } of model.constraints) {
      for (const row of alternatives) sums.set(row, rowSums(row, domain));
    }
    for (const choice of model.choices) {
      const states = domain.get(choice)!;
      if (states.length === 0) return false;
      const possible = states.filter((index) =>
        uses.get(choice)!.every((use) => admits(use, index, states, sums)),
      );
      const kept = withoutReplaceable(choice, possible, states, uses.get(choice)!, sums);
      if (kept.length === 0) return false;
      if (kept.length < states.length) {
        domain.set(choice, kept);
        changed = true;
      }
    }
  }
  return true;
}

/** What the other choices add to a row. */
function others({ row, own }: Use, states: readonly number[], sums: ReadonlyMap<Row, Sums>): Sums {
  const values = states.map((index) => amountOf(own, index));
  const { least, greatest } = sums.get(row)!;
  return { least: least - Math.min(...values), greatest: greatest - Math.max(...values) };
}

function admits(use: Use, index: number, states: readonly number[], sums: ReadonlyMap<Row, Sums>): boolean {
  if (!use.single) return true;
  const rest = others(use, states, sums);
  const value = amountOf(use.own, index);
  return value + rest.greatest >= use.row.min && value + rest.least <= use.row.max;
}

/** Without states for which another one costs no more and keeps every row that they keep. */
function withoutReplaceable(
  choice: Choice,
  possible: readonly number[],
  states: readonly number[],
  uses: readonly Use[],
  sums: ReadonlyMap<Row, Sums>,
): number[] {
  if (possible.length < 2) return [...possible];
  const limits = uses.map((use) => ({ use, rest: others(use, states, sums) }));
  const keepsRows = (from: number, to: number) =>
    limits.every(({ use: { row, own }, rest }) => {
      const [before, after] = [amountOf(own, from), amountOf(own, to)];
      if (after > before) return row.max === Infinity || after + rest.greatest <= row.max;
      return after === before || row.min === -Infinity || after + rest.least >= row.min;
    });
  const cheaper = (from: number, to: number) => {
    if (choice.kind === 'ordered') return to < from && choice.states[to].bits === choice.states[from].bits;
    if (choice.kind === 'bound') return false;
    const [before, after] = [choice.cost(from), choice.cost(to)];
    return after < before || (after === before && to < from);
  };
  const kept = new Set(possible);
  for (const from of possible) {
    const replaced = possible.some((to) => kept.has(to) && cheaper(from, to) && keepsRows(from, to));
    if (replaced) kept.delete(from);
  }
  return [...kept];
}
