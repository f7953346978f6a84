/**
 * Finds the assignment of least cost: one mixed-integer program over the states that can matter. A first solution within a
 * window around the best states bounds the cost; whatever state costs more than that bound leaves out is not needed for the proof.
 */
import { ExecutionError } from '../errors.js';
import { type Domain, reduceDomain, rowSums } from './domain.js';
import type { IntegerProgram, Solver } from './highs.js';
import { type Assignment, type Choice, holds, type Model, QUANTITIES, type Row, totalCost } from './model.js';

export interface Solution {
  readonly assignment: Assignment;
  /** Predicted noise. */
  readonly cost: number;
}

/** Positions on either side of the best of a width that a first solution is looked for in. */
const FIRST_WINDOW = 2;

/** The cost that objectives are scaled to: far above the tolerances of the solver, far below what float64 resolves. */
const SCALE = 1e4;

/** The largest coefficient of a row, to which budgets are scaled. */
const LARGEST = 1e3;

/** Scaled cost by which a state is preferred to the next one of equal cost. */
const TIE = 1e-5;

/**
 * An assignment of least cost, the same for the same model; undefined where none satisfies the constraints. `bound` is the
 * cost of an assignment known to satisfy them.
 */
export function solveModel(solve: Solver, model: Model, bound = Infinity): Solution | undefined {
  if (bound < Infinity) return solveWithin(solve, model, affordable(model, bound));
  for (let reach = FIRST_WINDOW; ; reach *= 2) {
    const window = windowAround(model, reach);
    const found = solveWithin(solve, model, new Map(window));
    const complete = model.choices.every((choice) => window.get(choice)!.length === choice.states.length);
    if (found === undefined && complete) return undefined;
    if (found === undefined) continue;
    const needed = affordable(model, found.cost);
    const covers = (choice: Choice) => {
      const seen = new Set(window.get(choice)!);
      return needed.get(choice)!.every((index) => seen.has(index));
    };
    return model.choices.every(covers) ? found : solveWithin(solve, model, needed)!;
  }
}

/** All states, but of free choices those within `reach` of the preferred state of each width. */
function windowAround({ choices }: Model, reach: number): Domain {
  return new Map(
    choices.map((choice) => {
      const { states, kind } = choice;
      const best = new Map<number, number>();
      for (const { bits, position } of states) if (!best.has(bits)) best.set(bits, position);
      const indices = states.map((_, index) => index);
      const near = (index: number) => {
        const { bits, position } = states[index];
        return Math.abs(position - best.get(bits)!) <= reach;
      };
      return [choice, kind === 'free' ? indices.filter(near) : indices];
    }),
  );
}

/** All states but those that cost more than the bound even with every other choice at its least cost. */
function affordable({ choices }: Model, bound: number): Domain {
  const least = new Map(choices.map((choice) => [choice, leastCost(choice)]));
  const total = [...least.values()].reduce((a, b) => a + b, 0);
  const room = (bound - total) * (1 + 1e-9) + bound * 1e-12;
  return new Map(
    choices.map((choice) => {
      const indices = choice.states.map((_, index) => index);
      if (choice.kind !== 'free') return [choice, indices];
      return [choice, indices.filter((index) => choice.cost(index) - least.get(choice)! <= room)];
    }),
  );
}

/** A lower bound of what a choice costs. */
function leastCost({ states, kind, cost }: Choice): number {
  if (kind === 'bound') return 0;
  let least = Infinity;
  for (const [index, { bits }] of states.entries()) {
    if (kind === 'ordered' && index > 0 && states[index - 1].bits === bits) continue;
    least = Math.min(least, cost(index));
  }
  return least;
}

function solveWithin(solve: Solver, model: Model, domain: Domain): Solution | undefined {
  if (!reduceDomain(model, domain)) return undefined;
  const open = model.choices.filter((choice) => domain.get(choice)!.length > 1);
  const { program, columns } = encode(model, open, domain);
  const values = solve(program);
  if (values === undefined) return undefined;
  const assignment = new Map<Choice, number>();
  for (const choice of model.choices) {
    const [only, ...more] = domain.get(choice)!;
    const first = columns.get(choice);
    const taken =
      more.length === 0 ? only : domain.get(choice)!.find((_, index) => values[first! + index] === 1)!;
    assignment.set(choice, taken);
  }
  loosenLimits(model, assignment);
  const broken = model.constraints.find((constraint) => !holds(constraint, assignment));
  if (broken !== undefined) {
    const where = broken.node === undefined ? 'assign' : `node "${broken.node.name}"`;
    throw new ExecutionError({
      where,
      what: `the solver's solution breaks ${broken.rule ?? 'a definition'}`,
    });
  }
  return { assignment, cost: totalCost(model, assignment) };
}

/** Takes the earliest state of every limit that the rest allows: of limits with equal cost the solver may take any. */
function loosenLimits({ choices, constraints }: Model, assignment: Map<Choice, number>): void {
  for (const choice of choices) {
    if (choice.kind !== 'ordered') continue;
    const own = constraints.filter(({ alternatives }) =>
      alternatives.some(({ terms }) => terms.some((term) => term.choice === choice)),
    );
    const taken = assignment.get(choice)!;
    for (const [index, { bits }] of choice.states.entries()) {
      if (index >= taken) break;
      if (bits !== choice.states[taken].bits) continue;
      assignment.set(choice, index);
      if (own.every((constraint) => holds(constraint, assignment))) break;
      assignment.set(choice, taken);
    }
  }
}

/** One binary variable for each state of a choice that is open, and one for each alternative of a constraint. */
function encode(model: Model, open: readonly Choice[], domain: Domain) {
  const columns = new Map<Choice, number>();
  const drafts: IntegerProgram['columns'][number][] = [];
  const rows: IntegerProgram['rows'][number][] = [];
  const scale = SCALE / (widthCosts(open, domain) || 1);
  for (const choice of open) {
    const states = domain.get(choice)!;
    columns.set(choice, drafts.length);
    const costs = states.map((index) => choice.cost(index));
    const least = Math.min(...costs);
    const tie = choice.kind === 'free' ? TIE : 0;
    rows.push({ min: 1, max: 1, entries: states.map((_, index) => [drafts.length + index, 1] as const) });
    for (const [rank, cost] of costs.entries()) {
      drafts.push({ cost: (cost - least) * scale + rank * tie, min: 0, max: 1 });
    }
  }
  const encodeRow = ({ terms, min, max }: Row) => {
    let fixed = 0;
    const entries = new Map<number, number>();
    for (const { choice, of, coefficient } of terms) {
      const first = columns.get(choice);
      const values = domain.get(choice)!.map((index) => coefficient * QUANTITIES[of](choice.states[index]));
      fixed += values[0];
      if (first === undefined) continue;
      for (const [offset, value] of values.entries()) {
        const column = first + offset;
        entries.set(column, (entries.get(column) ?? 0) + value - values[0]);
      }
    }
    const greatest = [...entries.values()].reduce((a, b) => Math.max(a, Math.abs(b)), 0);
    const by = greatest > LARGEST ? LARGEST / greatest : 1;
    for (const [column, value] of entries) entries.set(column, value * by);
    return { min: (min - fixed) * by, max: (max - fixed) * by, by, entries };
  };
  for (const { alternatives } of model.constraints) {
    const sums = alternatives.map((row) => rowSums(row, domain));
    if (alternatives.some(({ min, max }, index) => sums[index].least >= min && sums[index].greatest <= max))
      continue;
    if (alternatives.length === 1) {
      const { entries, min, max } = encodeRow(alternatives[0]);
      rows.push({ min, max, entries: [...entries] });
      continue;
    }
    const chosen = alternatives.map(() => drafts.push({ cost: 0, min: 0, max: 1 }) - 1);
    rows.push({ min: 1, max: Infinity, entries: chosen.map((column) => [column, 1] as const) });
    for (const [index, row] of alternatives.entries()) {
      const { entries, min, max, by } = encodeRow(row);
      const fixed = row.max === Infinity ? row.min * by - min : row.max * by - max;
      const [least, greatest] = [sums[index].least * by - fixed, sums[index].greatest * by - fixed];
      // Not chosen, a row admits whatever the domain does.
      if (min > least)
        rows.push({ min: least, max: Infinity, entries: [...entries, [chosen[index], least - min]] });
      if (max < greatest) {
        rows.push({ min: -Infinity, max: greatest, entries: [...entries, [chosen[index], greatest - max]] });
      }
    }
  }
  return { program: { columns: drafts, rows }, columns };
}

/** What the choices cost at their most expensive width: the order of magnitude of any reasonable solution. */
function widthCosts(open: readonly Choice[], domain: Domain): number {
  return open.reduce((sum, choice) => {
    const least = new Map<number, number>();
    for (const index of domain.get(choice)!) {
      const { bits } = choice.states[index];
      least.set(bits, Math.min(choice.cost(index), least.get(bits) ?? Infinity));
    }
    return sum + Math.max(...least.values());
  }, 0);
}
