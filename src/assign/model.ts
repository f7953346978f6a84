/**
 * The choice of formats as a finite optimisation problem: things to choose, each with its states and their cost, and linear
 * constraints on what is chosen. Nothing here knows networks.
 */

/** A format that may be chosen. */
export interface State {
  readonly bits: number;
  /** Fraction bits, or a limit of fraction bits. */
  readonly position: number;
}

/** One thing to choose: exactly one of its states. */
export interface Choice {
  readonly name: string;
  /** What it stands for in messages; absent for helpers, which follow from other choices. */
  readonly subject?: string;
  /** Preferred first: of states with one width and equal cost the first is taken. */
  readonly states: readonly State[];
  /**
   * `free`: chosen for itself. `ordered`: a limit that others keep; of states with one width, an earlier one never costs more.
   * `bound`: follows from other choices.
   */
  readonly kind: 'free' | 'ordered' | 'bound';
  /** Predicted noise of a state, at least 0. */
  cost(index: number): number;
}

/** What a linear term reads of a state. */
export const QUANTITIES = {
  position: ({ position }: State) => position,
  bits: ({ bits }: State) => bits,
  /** 1 for more than 8 bits. */
  wide: ({ bits }: State) => (bits > 8 ? 1 : 0),
  product: ({ bits, position }: State) => bits * position,
};
export type Quantity = keyof typeof QUANTITIES;

export interface Term {
  readonly choice: Choice;
  readonly of: Quantity;
  readonly coefficient: number;
}

/** min <= sum of the terms <= max. */
export interface Row {
  readonly terms: readonly Term[];
  readonly min: number;
  readonly max: number;
}

/** One of the rows must hold. */
export interface Constraint {
  /** The rule of the profile or of the arithmetic; absent where a helper is defined. */
  readonly rule?: string;
  /** Node that it holds for; absent for budgets. */
  readonly node?: { readonly name: string; readonly operator: string };
  /** The value or constant whose format would be useless otherwise. */
  readonly subject?: string;
  readonly alternatives: readonly Row[];
  /** A budget as the profile gives it, in integers or with decimals; one of its units is `unit` of the only row's. */
  readonly budget?: { readonly limit: number; readonly unit: number; readonly decimals?: number };
}

export interface Model {
  readonly choices: readonly Choice[];
  readonly constraints: readonly Constraint[];
}

/** The index of the state that each choice takes. */
export type Assignment = ReadonlyMap<Choice, number>;

export function atLeast(min: number, ...terms: Term[]): Row {
  return { terms, min, max: Infinity };
}

export function atMost(max: number, ...terms: Term[]): Row {
  return { terms, min: -Infinity, max };
}

export const term = (choice: Choice, coefficient = 1, of: Quantity = 'position'): Term => ({
  choice,
  of,
  coefficient,
});

/** What a term adds to its row in one state. */
export function termValue({ choice, of, coefficient }: Term, index: number): number {
  return coefficient * QUANTITIES[of](choice.states[index]);
}

/** Predicted noise of an assignment. */
export function totalCost({ choices }: Model, assignment: Assignment): number {
  return choices.reduce((sum, choice) => sum + choice.cost(assignment.get(choice)!), 0);
}

/** True where one of the rows holds; exact, as all terms are sums of small integers. */
export function holds({ alternatives }: Constraint, assignment: Assignment): boolean {
  return alternatives.some(({ terms, min, max }) => {
    const sum = terms.reduce((total, entry) => total + termValue(entry, assignment.get(entry.choice)!), 0);
    return sum >= min && sum <= max;
  });
}
