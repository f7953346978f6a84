/** Why a device's tensor differs: computes the instruction again with other arithmetic, and reports what reproduces it. */
import type { Elements } from '../execute/executor.js';
import { isolate } from '../program/isolate.js';
import type { Program } from '../program/program.js';
import { elementCount } from '../shape.js';
import { inputVariations, viewsOf } from './operand-variations.js';
import { evaluate } from './recompute.js';
import { listVariations, type Variation } from './variations.js';

export interface Explanation {
  /** True where the program's own arithmetic gives the device's tensor: nothing was tried, the operands differ. */
  readonly asDefined: boolean;
  /** What reproduces the device's tensor exactly, simplest first; empty where nothing that was tried does. */
  readonly explanations: readonly string[];
  /** How many ways of computing or reading the tensor were tried. */
  readonly tried: number;
  /** For people, where nothing explains it: how the codes differ. */
  readonly pattern: string;
}

/** Products that pairs of changes may cost together; single changes are always tried. */
const MOST_PRODUCTS = 2 ** 31;

/**
 * Explains why `device` differs from `expected`, the output of an instruction whose operands are `operands` (by tensor).
 * Every single change is tried; where none reproduces the tensor, every two of different kinds, as far as it takes not
 * too long. All elements must be the same.
 */
export function explain(
  program: Program,
  index: number,
  operands: ReadonlyMap<number, Elements>,
  expected: Elements,
  device: Elements,
): Explanation {
  const { shape, format } = program.tensors[program.instructions[index].output];
  const found: string[] = [];
  let tried = 0;
  const { program: own, sources } = isolate(program, index);
  const inputs = sources.map((tensor) => operands.get(tensor)!);
  const computed = evaluate(own, inputs);
  const asDefined = computed !== undefined && same(computed, device);
  if (asDefined) return { asDefined, explanations: [], tried, pattern: patternOf(expected, device) };

  const attempt = (what: string, elements: Elements | undefined, wanted: Elements) => {
    tried++;
    if (elements !== undefined && same(elements, wanted)) found.push(what);
  };
  for (const { what, apply } of viewsOf(shape, format)) attempt(what, apply(device), expected);

  const variations = listVariations(own);
  for (const { what, apply } of variations) attempt(what, evaluate(apply(own), inputs), device);
  for (const [port, { tensor }] of own.inputs.entries())
    for (const { what, apply } of inputVariations(own, tensor))
      attempt(what, evaluate(own, inputs.with(port, apply(inputs[port]))), device);
  if (found.length === 0) {
    for (const [first, second] of affordablePairs(variations, Math.floor(MOST_PRODUCTS / cost(own))))
      attempt(`${first.what}, and ${second.what}`, evaluate(second.apply(first.apply(own)), inputs), device);
  }
  return { asDefined, explanations: found, tried, pattern: patternOf(expected, device) };
}

/** Two changes of different kinds: every rounding with every overflow, then near ones of each up to a number. */
function affordablePairs(
  variations: readonly Variation[],
  most: number,
): (readonly [Variation, Variation])[] {
  const all = variations.flatMap((first, i) =>
    variations.slice(i + 1).flatMap((second, j) => {
      if (first.kind === second.kind) return [];
      const always = first.kind === 'rounding' && second.kind === 'overflow';
      return [{ rank: always ? -1 : 2 * i + j, pair: [first, second] as const }];
    }),
  );
  const sorted = all.sort((a, b) => a.rank - b.rank);
  return sorted.filter(({ rank }, place) => rank < 0 || place < most).map(({ pair }) => pair);
}

/** Products of one run of the instruction, or its elements. */
function cost({ tensors, instructions: [{ op, inputs, output }] }: Program): number {
  const elements = elementCount(tensors[output].shape);
  const products =
    op === 'convolution' || op === 'gemm' ? elementCount(tensors[inputs[1]].shape.slice(1)) : 1;
  return Math.max(1, elements * products);
}

function same(left: Elements, right: Elements): boolean {
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (!Object.is(left[i], right[i])) return false;
  return true;
}

function patternOf(expected: Elements, device: Elements): string {
  let least = Infinity;
  let most = -Infinity;
  for (let i = 0; i < expected.length; i++) {
    const difference = Number(device[i]) - Number(expected[i]);
    least = Math.min(least, difference);
    most = Math.max(most, difference);
  }
  return `differences from ${least} to ${most}`;
}
