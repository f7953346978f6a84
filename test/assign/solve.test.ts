/** The solver against enumeration of all assignments of small models. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findConflict } from '#src/assign/conflict.js';
import { loadSolver } from '#src/assign/highs.js';
import {
  type Assignment,
  atLeast,
  atMost,
  type Choice,
  type Constraint,
  holds,
  type Model,
  type Row,
  type State,
  term,
  totalCost,
} from '#src/assign/model.js';
import { solveModel } from '#src/assign/solve.js';

const solve = await loadSolver();

/** All assignments that satisfy all constraints. */
function enumerate({ choices, constraints }: Model): Assignment[] {
  let assignments: Map<Choice, number>[] = [new Map()];
  for (const choice of choices) {
    assignments = assignments.flatMap((assignment) =>
      choice.states.map((_, index) => new Map(assignment).set(choice, index)),
    );
  }
  return assignments.filter((assignment) => constraints.every((constraint) => holds(constraint, assignment)));
}

const state = fc.record({ bits: fc.constantFrom(8, 16), position: fc.integer({ min: -5, max: 5 }) });

/** Choices with costs that grow with the distance from the first state of each width, or none at all. */
const choice = fc
  .record({
    best: state,
    widths: fc.constantFrom([8], [16, 8], [8, 16]),
    reach: fc.integer({ min: 0, max: 5 }),
    weight: fc.constantFrom(0, 1, 0.01, 300),
    slope: fc.constantFrom(4, 2, 1),
  })
  .map(({ best, widths, reach, weight, slope }) => {
    const states = widths.flatMap((bits) =>
      Array.from({ length: 2 * reach + 1 }, (_, index) => ({
        bits,
        position: best.position + bits / 4 + (index % 2 === 0 ? index : -1 - index) / 2,
      })),
    );
    const cost = (index: number) => {
      const { bits, position } = states[index];
      return weight * slope ** (Math.abs(position - best.position - bits / 4) - bits);
    };
    return { states: states.map((entry) => ({ ...entry, position: Math.round(entry.position) })), cost };
  });

const row = fc.record({
  first: fc.nat(),
  second: fc.nat(),
  factors: fc.tuple(fc.constantFrom(1, -1, 2), fc.constantFrom(1, -1, 0)),
  of: fc.constantFrom('position' as const, 'bits' as const, 'wide' as const),
  limit: fc.integer({ min: -12, max: 12 }),
  isMin: fc.boolean(),
});

const model = fc
  .record({
    drafts: fc.array(choice, { minLength: 1, maxLength: 4 }),
    clauses: fc.array(fc.array(row, { minLength: 1, maxLength: 2 }), { maxLength: 5 }),
  })
  .map(({ drafts, clauses }): Model => {
    const choices = drafts.map((draft, index) => ({ name: `${index}`, kind: 'free' as const, ...draft }));
    const constraints = clauses.map(
      (rows, index): Constraint => ({
        rule: `rule ${index}`,
        alternatives: rows.map(({ first, second, factors, of, limit, isMin }): Row => {
          const terms = [
            term(choices[first % choices.length], factors[0], of),
            term(choices[second % choices.length], factors[1]),
          ];
          return isMin ? atLeast(limit, ...terms) : atMost(limit, ...terms);
        }),
      }),
    );
    return { choices, constraints };
  });

test('finds the least cost of all assignments, or that there is none', () => {
  fc.assert(
    fc.property(model, (drawn) => {
      const costs = enumerate(drawn).map((assignment) => totalCost(drawn, assignment));
      const found = solveModel(solve, drawn);
      expect(found === undefined).toBe(costs.length === 0);
      if (found === undefined) return;
      expect(drawn.constraints.every((constraint) => holds(constraint, found.assignment))).toBe(true);
      const least = costs.reduce((a, b) => Math.min(a, b));
      expect(found.cost).toBeGreaterThanOrEqual(least);
      expect(found.cost).toBeLessThanOrEqual(least * (1 + 1e-6) + 1e-12);
      // Knowing a cost that can be had changes nothing.
      const known = solveModel(solve, drawn, costs[0])!.cost;
      expect(Math.abs(known - found.cost)).toBeLessThanOrEqual(least * 1e-6 + 1e-12);
    }),
    { numRuns: 150 },
  );
});

/** All positions that the limits of the rows can tell apart. */
const wide = Array.from({ length: 65 }, (_, index) => index - 32);

test('a conflict is one, and none without any one of its constraints', () => {
  let conflicts = 0;
  fc.assert(
    fc.property(model, ({ choices, constraints }) => {
      const drawn: Model = {
        choices: choices.map((entry) => ({ ...entry, subject: entry.name })),
        constraints: [],
      };
      const places = new Map(choices.map(({ name }, index) => [name, drawn.choices[index]]));
      const placed = constraints.map((constraint) => ({
        ...constraint,
        alternatives: constraint.alternatives.map((row) => ({
          ...row,
          terms: row.terms.map((entry) => ({ ...entry, choice: places.get(entry.choice.name)! })),
        })),
      }));
      const conflict = findConflict(solve, { ...drawn, constraints: placed });
      expect(conflict === undefined).toBe(enumerate({ ...drawn, constraints: placed }).length > 0);
      if (conflict === undefined || choices.length > 2) return;
      conflicts++;
      // Any position counts now: that a choice keeps to its states is one of the constraints.
      const everywhere = (kept: readonly Constraint[]) => {
        const free = drawn.choices.map((entry) => {
          const widths = [...new Set(entry.states.map(({ bits }) => bits))];
          return { ...entry, states: widths.flatMap((bits) => wide.map((position) => ({ bits, position }))) };
        });
        const freed = new Map(drawn.choices.map((entry, index) => [entry, free[index]]));
        const moved = kept
          .filter(({ subject }) => subject === undefined)
          .map((constraint) => ({
            ...constraint,
            alternatives: constraint.alternatives.map((row) => ({
              ...row,
              terms: row.terms.map((entry) => ({ ...entry, choice: freed.get(entry.choice)! })),
            })),
          }));
        // Choices that have to keep to an end of their states.
        const ended = free.map((entry, index) => {
          const { name, states } = drawn.choices[index];
          const ends = kept.filter(({ subject }) => subject === name).map(({ rule }) => rule);
          const within = ({ bits, position }: State) => {
            const own = states.filter((other) => other.bits === bits).map((other) => other.position);
            const low = ends.includes('nothing but zeros') ? Math.min(...own) : -Infinity;
            return (
              position >= low &&
              position <= (ends.includes('nothing but clipped values') ? Math.max(...own) : Infinity)
            );
          };
          return {
            entry,
            allowed: new Set(entry.states.flatMap((state, at) => (within(state) ? [at] : []))),
          };
        });
        return enumerate({ choices: free, constraints: moved }).filter((assignment) =>
          ended.every(({ entry, allowed }) => allowed.has(assignment.get(entry)!)),
        ).length;
      };
      expect(everywhere(conflict)).toBe(0);
      for (const left of conflict) {
        expect(everywhere(conflict.filter((constraint) => constraint !== left))).toBeGreaterThan(0);
      }
    }),
    { numRuns: 100 },
  );
  expect(conflicts).toBeGreaterThan(5);
});
