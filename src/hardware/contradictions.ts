/** What a schema cannot say: fields of a profile that are legal one by one and impossible together. */
import { type ResolvedRules, rulesFor } from './rules.js';
import { FUNCTION_OPERATORS, type Profile, RULED_OPERATORS, type RuledOperator } from './schema.js';

export interface Problem {
  /** Dotted path within the profile. */
  readonly path: string;
  readonly message: string;
}

const products: readonly RuledOperator[] = ['Conv', 'Gemm', 'MatMul'];
const sums: readonly RuledOperator[] = ['Add', 'Sub'];
const functions: readonly RuledOperator[] = FUNCTION_OPERATORS;
const averages: readonly RuledOperator[] = ['AveragePool', 'GlobalAveragePool', 'ReduceMean'];

/** Operators that a window has a meaning for; the others always have it. */
const applies: Record<string, readonly RuledOperator[]> = {
  'positions.weights': products,
  'positions.bias': products,
  'shifts.bias': products,
  'shifts.read': sums,
  'shifts.write': sums,
};

/** The loops of a reduction, sorted: docs/arithmetic.md section 4.1. */
const loopNests = ['column,inputChannel,row', 'column,inputBlock,inputLane,row'];

export function findContradictions(profile: Profile): Problem[] {
  const problems = findInRules(rulesFor(profile, ''), '');
  for (const operator of RULED_OPERATORS) {
    const own = profile.operators[operator];
    if (own === undefined) continue;
    const path = `operators.${operator}.`;
    const known = new Set(problems.map(({ message }) => message));
    const found = findInRules(rulesFor(profile, operator), path);
    problems.push(...found.filter(({ message }) => !known.has(message)));
    for (const [group, windows] of Object.entries({ positions: own.positions, shifts: own.shifts })) {
      for (const name of Object.keys(windows ?? {})) {
        const allowed = applies[`${group}.${name}`];
        if (allowed === undefined || allowed.includes(operator)) continue;
        problems.push({ path: `${path}${group}.${name}`, message: `has no meaning for ${operator}` });
      }
    }
    if (own.reciprocals !== undefined && !averages.includes(operator)) {
      problems.push({ path: `${path}reciprocals`, message: `has no meaning for ${operator}` });
    }
    if (own.table !== undefined && !functions.includes(operator)) {
      problems.push({ path: `${path}table`, message: `has no meaning for ${operator}` });
    }
    const { style } = rulesFor(profile, operator).requantize;
    if (style === 'division' && !averages.includes(operator)) {
      problems.push({ path: `${path}requantize.style`, message: 'division is for averages' });
    }
    if (own.shifts?.output !== undefined && sums.includes(operator)) {
      problems.push({ path: `${path}shifts.output`, message: `is called write for ${operator}` });
    }
  }
  return problems;
}

function findInRules(
  { activations, weights, bias, accumulator, requantize }: ResolvedRules,
  path: string,
): Problem[] {
  const problems: Problem[] = [];
  if ((requantize.style === 'multiplier') !== (requantize.multiplierBits !== undefined)) {
    const message = 'belongs to the style multiplier, which needs it';
    problems.push({ path: `${path}requantize.multiplierBits`, message });
  }
  if (requantize.style === 'doubling' && requantize.rounding !== 'halfAwayFromZero') {
    const message = 'is halfAwayFromZero in the style doubling';
    problems.push({ path: `${path}requantize.rounding`, message });
  }
  const widest = Math.max(...activations.bits) + Math.max(...weights.bits);
  if (accumulator.bits < widest) {
    const message = `${accumulator.bits} bits cannot hold a product of ${widest} bits`;
    problems.push({ path: `${path}accumulator.bits`, message });
  }
  if (accumulator.treeBits !== 0 && accumulator.treeBits < widest) {
    const message = `${accumulator.treeBits} bits cannot hold a product of ${widest} bits`;
    problems.push({ path: `${path}accumulator.treeBits`, message });
  }
  if (!loopNests.includes(accumulator.order.toSorted().join())) {
    const message = 'is no order of row, column, inputChannel or of row, column, inputBlock, inputLane';
    problems.push({ path: `${path}accumulator.order`, message });
  }
  if (bias.bits > accumulator.bits) {
    const message = `a bias of ${bias.bits} bits does not fit an accumulator of ${accumulator.bits} bits`;
    problems.push({ path: `${path}bias.bits`, message });
  }
  return problems;
}
