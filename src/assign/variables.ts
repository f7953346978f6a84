/**
 * What is chosen for a network, as choices of the model: fraction bits and width of every group of values and of every constant
 * operand; for weights, whose channels each take the best position that is left to them, the limits of these positions.
 */
import { type CodeRange, codeRange } from '../formats/format.js';
import type { ConstantChoice } from './constants.js';
import {
  type Distribution,
  type Errors,
  mostFractionBits,
  signalPower,
  unseenErrors,
} from './distribution.js';
import {
  chooseConstantBits,
  chooseFractionBits,
  constantError,
  type Method,
  type MethodOptions,
} from './fraction-bits.js';
import type { Gains } from './gains.js';
import type { Group } from './groups.js';
import type { Choice, State } from './model.js';
import { remember } from './remember.js';

/** Fraction bits of a group of zeros lie this far from 0 at most. */
const FREE = 32;

/** Helpers of weights may lie this far below positions at which weights vanish: a bias beside them may demand it. */
const VANISHED = 32;

/** Squared errors of constants by width, channel and position, computed once. */
export interface ConstantErrors {
  /** Best position of each channel. */
  readonly best: readonly number[];
  readonly power: number;
  /** Greatest magnitude. */
  readonly greatest: number;
  error(channel: number, position: number): number;
}

/** Squares and errors of a constant, whatever its best positions are. */
interface Measured {
  readonly power: number;
  readonly greatest: number;
  error(channel: number, position: number): number;
}

const measured = new WeakMap<Float32Array, Map<string, Measured>>();

function measureConstant(values: Float32Array, channels: number, range: CodeRange): Measured {
  return remember(measured, values, `${channels} ${range.low} ${range.high}`, () => {
    const length = values.length / channels;
    const known = Array.from({ length: channels }, () => new Map<number, number>());
    return {
      power: values.reduce((sum, value) => sum + value * value, 0),
      greatest: values.reduce((a, b) => Math.max(a, Math.abs(b)), 0),
      error(channel, at) {
        const found = known[channel].get(at);
        if (found !== undefined) return found;
        const row = values.subarray(channel * length, (channel + 1) * length);
        const error = constantError(row, at, range);
        known[channel].set(at, error);
        return error;
      },
    };
  });
}

function measureErrors(constant: ConstantChoice, bits: number, method: Method): ConstantErrors {
  const { values, format, position } = constant;
  const range = codeRange({ ...format, bits });
  const channels = position.bits.length;
  const chosen = bits === format.bits ? position.bits : chooseConstantBits(values, channels, range, method);
  return { ...measureConstant(values, channels, range), best: [...(chosen ?? position.bits)] };
}

/** A cost that is computed when it is first asked for. */
function lazily(compute: (index: number) => number): (index: number) => number {
  const known = new Map<number, number>();
  return (index) => {
    const found = known.get(index);
    if (found !== undefined) return found;
    const cost = compute(index);
    known.set(index, cost);
    return cost;
  };
}

/** The cost of positions, of which those below the best of a width never cost less than finer ones: their codes are fewer. */
function risingBelow(
  best: ReadonlyMap<number, number>,
  cost: (bits: number, position: number) => number,
): (bits: number, position: number) => number {
  return (bits, position) => {
    let least = cost(bits, position);
    for (let finer = position + 1; finer <= best.get(bits)!; finer++)
      least = Math.max(least, cost(bits, finer));
    return least;
  };
}

/** Positions from `low` to `high`, the nearest to `best` first, below it before above it. */
function around(bits: number, best: number, low: number, high: number): State[] {
  const states: State[] = [];
  for (let distance = 0; best - distance >= low || best + distance <= high; distance++) {
    if (best - distance >= low) states.push({ bits, position: best - distance });
    if (distance > 0 && best + distance <= high) states.push({ bits, position: best + distance });
  }
  return states;
}

/** States among which the position that the profile gives is found. */
function withGiven(states: readonly State[], widths: readonly number[], given: number | undefined): State[] {
  if (given === undefined) return [...states];
  const missing = widths.filter(
    (bits) => !states.some((state) => state.bits === bits && state.position === given),
  );
  return [...states, ...missing.map((bits) => ({ bits, position: given }))];
}

/** Positions above the best that clip ranges to a sixteenth; more would leave nothing of them. */
const MOST_CLIPPED = 4;

/** The fewest fraction bits with which the greatest magnitude is not rounded to 0. */
function leastPosition(magnitude: number): number {
  return Math.floor(-1 - Math.log2(magnitude)) + 1;
}

/** Fraction bits and width of a group of values. */
export function createValueChoice(group: Group, gains: Gains, options: MethodOptions): Choice {
  const { distribution, format, values } = group;
  const greatest = Math.max(-distribution.minimum, distribution.maximum);
  const range = (bits: number) => codeRange({ ...format, bits });
  const best = new Map<number, number>();
  const noise = (bits: number, position: number) =>
    valueCost(group, position, range(bits), best.get(bits)!, gains, options);
  const found = group.widths.flatMap((bits) => {
    let chosen = chooseFractionBits(distribution, range(bits), options);
    best.set(bits, chosen ?? 0);
    if (chosen === undefined) return around(bits, 0, -FREE, FREE);
    // What saturates may weigh more than the squares of its errors.
    const { minimum, maximum } = distribution.reach ?? distribution;
    const holdsAll = mostFractionBits(minimum, maximum, range(bits))!;
    while (chosen > holdsAll && noise(bits, chosen - 1) < noise(bits, chosen)) chosen--;
    best.set(bits, chosen);
    return around(bits, chosen, Math.min(chosen, leastPosition(greatest)), chosen + MOST_CLIPPED);
  });
  const states = withGiven(found, group.widths, group.given?.value);
  const cost = risingBelow(best, noise);
  const of = (index: number) => cost(states[index].bits, states[index].position);
  return { name: values[0], subject: values[0], states, kind: 'free', cost: lazily(of) };
}

/** What a position costs: predicted noise; with other methods than least squares that of a step, and clipping more than their best is worse than any. */
function valueCost(
  group: Group,
  position: number,
  range: CodeRange,
  best: number,
  gains: Gains,
  { method }: MethodOptions,
): number {
  if (method === 'leastSquares') return valueNoise(group, position, range, gains);
  return weighErrors(group, gains, (part) => {
    const rounding = ((part.count - part.zeros) * 4 ** -position) / 12;
    return { rounding, saturation: position <= best ? 0 : signalPower(part) * 4 ** (position - best) };
  });
}

/** Predicted noise at the outputs, relative to their power, of the values of a group in a format. */
export function valueNoise(group: Group, position: number, range: CodeRange, gains: Gains): number {
  return weighErrors(group, gains, (part) => unseenErrors(part, position, range));
}

function weighErrors(
  { sources, parts, distribution }: Group,
  gains: Gains,
  errorsOf: (part: Distribution) => Errors,
): number {
  if (!gains.measured) {
    const power = signalPower(distribution);
    const { rounding, saturation } = errorsOf(distribution);
    return power === 0 ? 0 : (rounding + saturation) / power;
  }
  return sources.reduce((sum, source) => sum + gains.ofValue(source, errorsOf(parts.get(source)!)), 0);
}

/** Position and width of a constant operand, of slopes, or of a bias with a position of its own. */
export function createOperandChoice(
  name: string,
  constant: ConstantChoice,
  method: Method,
  weigh: Weigh,
): Choice {
  const errors = new Map(constant.widths.map((bits) => [bits, measureErrors(constant, bits, method)]));
  const [{ greatest }] = errors.values();
  const found = constant.widths.flatMap((bits) => {
    const [best] = errors.get(bits)!.best;
    if (greatest === 0) return around(bits, best, best - FREE, best + FREE);
    return around(bits, best, Math.min(best, leastPosition(greatest)), best + MOST_CLIPPED);
  });
  const states = withGiven(found, constant.widths, constant.given?.value);
  const best = new Map([...errors].map(([bits, entry]) => [bits, entry.best[0]]));
  const cost = risingBelow(best, (bits, position) => {
    const { error, power } = errors.get(bits)!;
    const clipped = method === 'leastSquares' ? 0 : 4 ** (position - best.get(bits)!);
    return weigh(error(0, position) + (clipped > 1 ? power * clipped : 0), power);
  });
  const of = (index: number) => cost(states[index].bits, states[index].position);
  return { name, subject: name, states, kind: 'free', cost: lazily(of) };
}

/** Noise at the outputs of a sum of squared errors of a constant, whose sum of squares is `power`. */
export type Weigh = (error: number, power: number) => number;

/** The limits within which each channel of a constant takes its best position. */
export interface WeightChoices {
  readonly errors: ReadonlyMap<number, ConstantErrors>;
  readonly weigh: Weigh;
  /** No channel is above it. */
  readonly cap: Choice;
  /** No channel is below it. */
  readonly floor: Choice;
}

export function createWeightChoices(
  name: string,
  constant: ConstantChoice,
  method: Method,
  weigh: Weigh,
): WeightChoices {
  const errors = new Map(constant.widths.map((bits) => [bits, measureErrors(constant, bits, method)]));
  const [{ greatest }] = errors.values();
  const ranges = [...errors].map(([bits, { best }]) => {
    const [fewest, most] = [best.reduce((a, b) => Math.min(a, b)), best.reduce((a, b) => Math.max(a, b))];
    const least = greatest === 0 ? fewest - FREE : Math.min(fewest, leastPosition(greatest));
    return { bits, least, most: most + MOST_CLIPPED };
  });
  const downwards = ranges.flatMap(({ bits, least, most }) =>
    Array.from({ length: most - least + 1 }, (_, index) => ({ bits, position: most - index })),
  );
  const upwards = ranges.flatMap(({ bits, least, most }) =>
    Array.from({ length: most - least + VANISHED + 1 }, (_, index) => ({
      bits,
      position: least - VANISHED + index,
    })),
  );
  const sum = ({ bits, position }: State, place: (best: number, limit: number) => number, base: boolean) => {
    const { best, error, power } = errors.get(bits)!;
    let total = 0;
    for (const [channel, at] of best.entries()) {
      const placed = place(at, position);
      if (base || placed !== at) total += error(channel, placed) - (base ? 0 : error(channel, at));
    }
    return weigh(Math.max(0, total), power);
  };
  return {
    errors,
    weigh,
    cap: {
      name: `${name}: cap`,
      subject: name,
      states: downwards,
      kind: 'ordered',
      cost: lazily((index) => sum(downwards[index], Math.min, true)),
    },
    floor: {
      name: `${name}: floor`,
      states: upwards,
      kind: 'ordered',
      cost: lazily((index) => sum(upwards[index], Math.max, false)),
    },
  };
}
