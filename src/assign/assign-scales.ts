/** Formats of a network for hardware whose scales need not be powers of two: each value and constant gets the best of its own. */
import { ConstraintError } from '../errors.js';
import { at, codeRange, type Format, stepSize, stepSizes } from '../formats/format.js';
import { numbers } from '../graph/tensor.js';
import { rulesFor } from '../hardware/rules.js';
import type { Profile } from '../hardware/schema.js';
import { type ConstantChoice, constantFormat } from './constants.js';
import type { ProductDemand } from './demands.js';
import { explainConstant, explainValue } from './explain.js';
import type { Reason } from './formats-file.js';
import type { Solver } from './highs.js';
import type { ProblemInputs } from './problem.js';
import { chooseWidths, formatError } from './scaled-widths.js';
import { chooseConstantFormat } from './scales.js';

/** Formats and the noise that they make. */
export interface ChosenScales {
  readonly tensors: Readonly<Record<string, Format>>;
  readonly constants: Readonly<Record<string, Format>>;
  /** Predicted noise at the outputs, relative to their power. */
  readonly noise: number;
}

export interface ScaledFormats extends ChosenScales {
  readonly reasons: Readonly<Record<string, Reason>>;
}

/** As chooseScales, with the reasons of what was chosen. */
export function assignScales(solve: Solver, inputs: ProblemInputs): ScaledFormats | undefined {
  const { groups, constants, options } = inputs;
  const chosen = chooseScales(solve, inputs);
  if (chosen === undefined) return undefined;
  const reasons: Record<string, Reason> = {};
  for (const [value, group] of groups) {
    reasons[value] = explainValue(value, group, chosen.tensors[value], options.method);
  }
  for (const [name, { values }] of constants.byName) {
    reasons[name] = explainConstant(values, chosen.constants[name], options.method);
  }
  return { ...chosen, reasons };
}

/**
 * Undefined where no widths keep the budgets. Throws a ConstraintError for a node whose sums no scale of the weights keeps within a
 * register that has to hold them.
 */
export function chooseScales(solve: Solver, inputs: ProblemInputs): ChosenScales | undefined {
  const { demands, groups, profile, options } = inputs;
  const widths = chooseWidths(solve, inputs);
  if (widths === undefined) return undefined;
  const byName = new Map(
    [...inputs.constants.byName].map(([name, choice]) => {
      return [name, { ...choice, format: { ...choice.format, bits: widths.constant(name) } }];
    }),
  );
  const tensors = Object.fromEntries([...groups].map(([value, group]) => [value, widths.value(group)]));
  const leastSteps = new Map<string, number[]>();
  for (const demand of demands) {
    if (demand.kind !== 'product') continue;
    const { name } = demand.weights;
    const own = productSteps(demand, profile, tensors[demand.inputs[0]], byName.get(name)!);
    const others = leastSteps.get(name);
    leastSteps.set(
      name,
      others === undefined ? own : own.map((step, index) => Math.max(step, others[index])),
    );
  }
  const slopes = new Set(demands.map((demand) => (demand.kind === 'slope' ? demand.slopes.name : undefined)));
  const constants: Record<string, Format> = {};
  let { noise } = widths;
  for (const [name, choice] of byName) {
    const { values, format, position } = choice;
    const choose = (least?: readonly number[]) =>
      chooseConstantFormat(values, position.bits.length, format, profile.scales, options, least);
    const least = leastSteps.get(name);
    constants[name] = slopes.has(name) ? constantFormat(choice) : choose(least);
    if (least === undefined) continue;
    const best = choose();
    const held = stepSizes(best).some((step, channel) => step < least[channel]);
    const more = held ? formatError(choice, constants[name]) - formatError(choice, best) : 0;
    if (more > 0) noise += widths.constantNoise(name, more);
  }
  return { tensors, constants, noise };
}

/** The least step of each channel of the weights: that the bias fits, and that no sum leaves a register that has to hold all. */
function productSteps(
  { node, bias, weights }: ProductDemand,
  profile: Profile,
  input: Format,
  { values, position }: ConstantChoice,
): number[] {
  const rules = rulesFor(profile, node);
  const channels = weights.tensor.shape[0];
  const offsets = bias === undefined ? new Array<number>(channels).fill(0) : numbers(bias.tensor);
  const inputStep = stepSize(input);
  const { low, high } = codeRange(input);
  const zero = at(input.zeroPoint, 0);
  const reach = Math.max(high - zero, zero - low);
  const length = values.length / channels;
  const steps = offsets.map((offset, channel) => {
    const fits = Math.abs(offset) / inputStep / (2 ** (rules.bias.bits - 1) - 1);
    if (rules.accumulator.proof === 'emulated') return fits;
    const row = values.subarray(channel * length, (channel + 1) * length);
    const sum =
      row.reduce((total, value) => total + Math.abs(value), 0) * reach + Math.abs(offset) / inputStep;
    // Every weight and the bias may be rounded away from zero.
    const room = 2 ** (rules.accumulator.bits - 1) - 1 - (row.length * reach + 1) / 2;
    if (room <= 0) {
      const what = `accumulator.proof: ${row.length} products of ${input.bits} bits cannot be proved to fit ${rules.accumulator.bits} bits`;
      throw new ConstraintError({ where: `node "${node.name}" (${node.operator})`, what });
    }
    return Math.max(fits, sum / room);
  });
  return position.bits.length === 1 ? [steps.reduce((a, b) => Math.max(a, b), 0)] : steps;
}
