/**
 * Widths where scales need not be powers of two. Values and constants each have the best scale of every width that the profile allows;
 * what is chosen together, for the least predicted noise within the budgets, is which width each one takes.
 */
import { type Format, formatOfChannel } from '../formats/format.js';
import { collectBudgets } from './budgets.js';
import { createConstantNoise } from './constant-noise.js';
import type { ConstantChoice } from './constants.js';
import { constantError } from './fraction-bits.js';
import type { Group } from './groups.js';
import type { Solver } from './highs.js';
import type { Choice, Constraint, Model } from './model.js';
import { operandWidths, type ProblemInputs } from './problem.js';
import { chooseConstantFormat, chooseValueFormat, formatPosition } from './scales.js';
import { type Solution, solveModel } from './solve.js';
import { valueNoise } from './variables.js';

export interface ScaledWidths {
  value(group: Group): Format;
  /** Width of a constant. */
  constant(name: string): number;
  /** Noise at the outputs of a sum of squared errors of a constant. */
  constantNoise(name: string, error: number): number;
  /** Predicted noise at the outputs, relative to their power. */
  readonly noise: number;
}

/** The widths of a network as one model, and how to read its assignments. */
export interface WidthProblem {
  readonly model: Model;
  widths(solution: Solution): ScaledWidths;
}

/** Undefined where no widths keep the budgets. */
export function chooseWidths(solve: Solver, inputs: ProblemInputs): ScaledWidths | undefined {
  const { model, widths } = createWidthProblem(inputs);
  const solution = solveModel(solve, model);
  return solution && widths(solution);
}

export function createWidthProblem(inputs: ProblemInputs): WidthProblem {
  const { graph, demands, profile, groups, constants, gains, options } = inputs;
  const formats = new Map<Group, Map<number, Format>>();
  const values = new Map<Group, Choice>();
  for (const group of new Set(groups.values())) {
    const own = new Map(group.widths.map((bits) => [bits, formatAt(group, bits, inputs)]));
    formats.set(group, own);
    const cost = (bits: number) => {
      const [position, range] = formatPosition(own.get(bits)!);
      return valueNoise(group, position, range, gains);
    };
    values.set(group, widthChoice(group.values[0], group.widths, cost));
  }
  const weigh = createConstantNoise(demands, groups, gains, options.weightNoiseLeft);
  const constantNoise = (name: string, error: number) => {
    const { values } = constants.byName.get(name)!;
    const power = values.reduce((sum, entry) => sum + entry * entry, 0);
    return weigh(name, values.length)(error, power);
  };
  const byName = new Map(
    [...constants.byName].map(([name, constant]) => {
      const cost = (bits: number) => constantNoise(name, leastError(constant, bits, inputs));
      return [name, widthChoice(name, constant.widths, cost)] as const;
    }),
  );
  const value = (name: string) => values.get(groups.get(name)!);
  const operand = (name: string) => byName.get(name);
  const weights = (name: string) => {
    const cap = byName.get(name);
    return cap && { cap };
  };
  const constraints: Constraint[] = [
    ...operandWidths(demands, { value, operand }),
    ...collectBudgets(graph, demands, profile, { value, operand, weights }),
  ];
  const choices = new Set([...values.values(), ...byName.values()]);
  for (const { alternatives } of constraints) {
    for (const { terms } of alternatives) for (const { choice } of terms) choices.add(choice);
  }
  const widths = ({ assignment, cost }: Solution): ScaledWidths => {
    const chosen = (choice: Choice) => choice.states[assignment.get(choice)!].bits;
    return {
      value: (group) => formats.get(group)!.get(chosen(values.get(group)!))!,
      constant: (name) => chosen(byName.get(name)!),
      constantNoise,
      noise: cost,
    };
  };
  return { model: { choices: [...choices], constraints }, widths };
}

/** A choice among widths; the positions of its states mean nothing. */
function widthChoice(name: string, widths: readonly number[], cost: (bits: number) => number): Choice {
  const costs = widths.map(cost);
  const states = widths.map((bits) => ({ bits, position: 0 }));
  return { name, states, kind: 'free', cost: (index) => costs[index] };
}

function formatAt(
  { sources, distribution, format, zeroPoints }: Group,
  bits: number,
  { profile, options, gains }: ProblemInputs,
): Format {
  const shape = { ...format, bits };
  const weight = Math.max(...sources.map((source) => gains.saturationWeight(source)));
  return chooseValueFormat(distribution, shape, profile.scales, zeroPoints.includes(bits), options, weight);
}

/** Sum of squared errors of a constant in the best scales of a width. */
function leastError(constant: ConstantChoice, bits: number, { profile, options }: ProblemInputs): number {
  const { values, format, position } = constant;
  const shape = { ...format, bits };
  return formatError(
    constant,
    chooseConstantFormat(values, position.bits.length, shape, profile.scales, options),
  );
}

/** Sum of squared errors of a constant in a format. */
export function formatError({ values, position }: ConstantChoice, format: Format): number {
  const channels = position.bits.length;
  const length = values.length / channels;
  let error = 0;
  for (let channel = 0; channel < channels; channel++) {
    const row = values.subarray(channel * length, (channel + 1) * length);
    error += constantError(row, ...formatPosition(formatOfChannel(format, channel)));
  }
  return error;
}
