/** What a schema cannot say: fields of a profile that are legal one by one and impossible together. */
import { FUNCTION_OPERATORS, RULED_OPERATORS, type RuledOperator } from './operators.js';
import { commonRules, type ResolvedRules, replaceRules } from './rules.js';
import type { NodeRules, Profile } from './schema.js';
import { type Term, windowTerms } from './window-schema.js';

export interface Problem {
  /** Dotted path within the profile. */
  readonly path: string;
  readonly message: string;
}

const products: readonly RuledOperator[] = ['Conv', 'Gemm', 'MatMul', 'ConvTranspose'];
const averages: readonly RuledOperator[] = ['AveragePool', 'GlobalAveragePool', 'ReduceMean'];
const rectifiers: readonly RuledOperator[] = ['LeakyRelu', 'PRelu'];

/** Fields of an operator's rules that have a meaning for these operators only. */
const ownFields: readonly [keyof NodeRules, readonly RuledOperator[]][] = [
  ['weights', products],
  ['bias', products],
  ['reciprocals', averages],
  ['table', FUNCTION_OPERATORS],
  ['slopes', rectifiers],
];

/** Terms of windows that only products with constant weights have. */
const productTerms: readonly Term[] = ['weights', 'weightsBits', 'bias'];

/** The loops of a reduction, sorted: docs/arithmetic.md section 4.1. */
const loopNests = ['column,inputChannel,row', 'column,inputBlock,inputLane,row'];

export function findContradictions(profile: Profile): Problem[] {
  const common = commonRules(profile);
  const problems = [...findInRules(common, ''), ...findInScales(profile)];
  const known = new Set(problems.map(({ message }) => message));
  const visit = (own: NodeRules | Profile['overrides'][number], path: string, rules: ResolvedRules) => {
    const found = findInRules(rules, path);
    problems.push(...found.filter(({ message }) => !known.has(message)));
    problems.push(...findInWindows(own, path, profile, rules));
  };
  for (const operator of RULED_OPERATORS) {
    const own = profile.operators[operator];
    if (own === undefined) continue;
    const path = `operators.${operator}.`;
    const rules = replaceRules(common, own);
    visit(own, path, rules);
    for (const [field, operators] of ownFields) {
      if (own[field] === undefined || operators.includes(operator)) continue;
      problems.push({ path: `${path}${field}`, message: `has no meaning for ${operator}` });
    }
    if (rules.requantize.style === 'division' && !averages.includes(operator)) {
      problems.push({ path: `${path}requantize.style`, message: 'division is for averages' });
    }
    for (const [name, window] of products.includes(operator) ? [] : Object.entries(own.windows ?? {})) {
      const term = productTerms.find((entry) => windowTerms(window).has(entry));
      if (term === undefined) continue;
      problems.push({ path: `${path}windows.${name}`, message: `${term} has no meaning for ${operator}` });
    }
  }
  for (const [index, own] of profile.overrides.entries()) {
    visit(own, `overrides.${index}.`, replaceRules(common, own));
  }
  return [...problems, ...findUselessLifts(profile)];
}

/** Overrides that lift a window which no operator and no override before them has. */
function findUselessLifts({ operators, overrides }: Profile): Problem[] {
  const known = new Set(Object.values(operators).flatMap(({ windows = {} }) => Object.keys(windows)));
  const problems: Problem[] = [];
  for (const [index, { windows = {} }] of overrides.entries()) {
    for (const [name, window] of Object.entries(windows)) {
      if (window !== null) known.add(name);
      else if (!known.has(name)) {
        const names = [...known].join(' | ') || 'none: there are no windows';
        const message = `lifts no window, expected ${names}`;
        problems.push({ path: `overrides.${index}.windows.${name}`, message });
      }
    }
  }
  return problems;
}

function findInScales({ scales, requantize, bias, activations, pins }: Profile): Problem[] {
  const problems: Problem[] = [];
  if (scales === 'powerOfTwo') {
    if (activations.zeroPoints.length === 0) return [];
    return [{ path: 'activations.zeroPoints', message: 'need scales that are not powerOfTwo' }];
  }
  if (requantize.style === 'shift') {
    problems.push({ path: 'requantize.style', message: 'shift needs scales that are powerOfTwo' });
  }
  if (bias.position === 'own') {
    problems.push({ path: 'bias.position', message: 'own needs scales that are powerOfTwo' });
  }
  for (const [index, { fractionBits }] of pins.entries()) {
    if (fractionBits === undefined) continue;
    problems.push({ path: `pins.${index}.fractionBits`, message: 'need scales that are powerOfTwo' });
  }
  return problems;
}

function findInWindows(
  { windows = {} }: NodeRules | Profile['overrides'][number],
  path: string,
  { scales }: Profile,
  { bias }: ResolvedRules,
): Problem[] {
  const problems: Problem[] = [];
  for (const [name, window] of Object.entries(windows)) {
    if (window === null) continue;
    const terms = windowTerms(window);
    if (terms.has('bias') && bias.position !== 'own') {
      const message = 'bias has no meaning for biases at the position of the accumulator';
      problems.push({ path: `${path}windows.${name}`, message });
    }
    if (scales !== 'powerOfTwo') {
      const message = 'limits fraction bits, which are free only where scales are powerOfTwo';
      problems.push({ path: `${path}windows.${name}`, message });
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
  const without = activations.bits.filter((bits) => !activations.zeroPoints.includes(bits));
  if (activations.signed === 'never' && without.length > 0) {
    const message = `is never, which needs zero points at ${without.join(' and ')} bits`;
    problems.push({ path: `${path}activations.signed`, message });
  }
  if (activations.narrow && activations.zeroPoints.length > 0) {
    const message = 'is a symmetric range, which has no zero points';
    problems.push({ path: `${path}activations.narrow`, message });
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
