/** What a product's registers leave to its weights: positions with which the bias, and where required every sum, fits. */
import { codeRange, type Format } from '../formats/format.js';
import { numbers } from '../graph/tensor.js';
import type { ResolvedRules } from '../hardware/rules.js';
import type { ProductDemand } from './demands.js';
import { atMost, type Choice, type Row, type State, term } from './model.js';
import type { WeightChoices } from './variables.js';

/** The most fraction bits of each channel of the weights beside an input of a format. */
export type Limits = (input: State) => readonly number[];

/** Factor that keeps width and position of a state apart in one number. */
const APART = 1024;

export interface ProductLimits {
  /** What limits them, as messages name it. */
  readonly rule: string;
  readonly limits: Limits;
  /** What the limits demand of choices: that no channel is held above them, that required sums leave the weights something. */
  rows(choices: WeightChoices, input: Choice, used: ReadonlySet<Choice>): Row[];
}

/** The limits of a product's weights; undefined where nothing limits them. */
export function productLimits(
  { bias, weights }: ProductDemand,
  { accumulator, bias: biasRules }: Pick<ResolvedRules, 'accumulator' | 'bias'>,
  channels: number,
  input: Pick<Format, 'signed' | 'narrow'>,
): ProductLimits | undefined {
  const registerBits = biasRules.position === 'own' ? accumulator.bits : biasRules.bits;
  const biases = bias === undefined ? [] : numbers(bias.tensor).map(Math.abs);
  const perChannel = (limits: number[]) =>
    channels === 1 ? [limits.reduce((a, b) => Math.min(a, b), Infinity)] : limits;
  const ofBias = perChannel(biases.map((value) => mostPosition(value, 2 ** (registerBits - 1) - 1)));
  const least = ofBias.reduce((a, b) => Math.min(a, b), Infinity);
  if (accumulator.proof === 'emulated') {
    if (least === Infinity) return undefined;
    return {
      rule: `the bias fits ${registerBits} bits`,
      limits: ({ position }) => ofBias.map((limit) => limit - position),
      rows: ({ floor }, from, used) => (used.has(floor) ? [atMost(least, term(floor), term(from))] : []),
    };
  }
  const values = numbers(weights.tensor).map(Math.abs);
  const rows = weights.tensor.shape[0];
  const length = values.length / rows;
  const slices = Array.from({ length: rows }, (_, row) => values.slice(row * length, (row + 1) * length));
  const sums = slices.map((slice) => slice.reduce((a, b) => a + b, 0));
  const greatest = perChannel(slices.map((slice) => -slice.reduce((a, b) => Math.max(a, b), 0))).map(
    (peak) => -peak,
  );
  const reach = (bits: number) => {
    const { low, high } = codeRange({ ...input, bits });
    return Math.max(high, -low);
  };
  const room = (bits: number, registers: number) => 2 ** (registers - 1) - 1 - (length * reach(bits) + 1) / 2;
  const ofSums = (bits: number, position: number) =>
    perChannel(
      sums.map((sum, row) => {
        const magnitude = sum * reach(bits) + (biases[row] ?? 0) * 2 ** position;
        return mostPosition(magnitude, room(bits, accumulator.bits));
      }),
    );
  return {
    rule: `accumulator.proof required in ${accumulator.bits} bits`,
    limits: ({ bits, position }) =>
      ofSums(bits, position).map((limit, channel) =>
        Math.min(limit, (ofBias[channel] ?? Infinity) - position),
      ),
    rows({ floor }, from, used) {
      const widths = [...new Set(from.states.map(({ bits }) => bits))];
      const heard = widths.filter((bits) =>
        ofSums(bits, NOTHING).some((limit, channel) => greatest[channel] * 2 ** limit > 0.5),
      );
      const widest = heard.reduce((a, b) => Math.max(a, b), 0);
      const found = [atMost(widest, term(from, 1, 'bits'))];
      if (!used.has(floor)) return found;
      // Half of the register for the products, half for the bias: what the rows say is enough, and linear.
      const half = widths.map(
        (bits) =>
          bits +
          sums
            .map((sum) => mostPosition(sum * reach(bits), room(bits, accumulator.bits - 1)))
            .reduce((a, b) => Math.min(a, b)),
      );
      found.push(atMost(Math.min(...half), term(floor), term(from, 1, 'bits')));
      if (least < Infinity) found.push(atMost(least - 1, term(floor), term(from)));
      return found;
    },
  };
}

/** Positions at which everything has vanished. */
const NOTHING = -128;

/** The most fraction bits with which a magnitude stays within a limit, whatever the rounding. */
function mostPosition(magnitude: number, limit: number): number {
  if (magnitude === 0) return Infinity;
  return limit <= 0 ? NOTHING : Math.max(NOTHING, Math.floor(Math.log2(limit / magnitude) - 2 ** -40));
}

/** A helper that stands for formats of the input and widths of the weights together, and costs what the limits cost. */
export function createFitsChoice(
  node: string,
  input: Choice,
  { errors, weigh }: WeightChoices,
  limits: Limits,
): Choice | undefined {
  const excess = (bits: number, at: State) => {
    const { best, error, power } = errors.get(bits)!;
    const most = limits(at);
    let total = 0;
    for (const [channel, wanted] of best.entries()) {
      if (most[channel] < wanted) total += error(channel, most[channel]) - error(channel, wanted);
    }
    return weigh(Math.max(0, total), power);
  };
  const isLimited = (bits: number, at: State) => {
    const most = limits(at);
    return errors.get(bits)!.best.some((wanted, channel) => most[channel] < wanted);
  };
  const pairs = [...errors.keys()].flatMap((bits) => input.states.map((at) => ({ bits, at })));
  if (!pairs.some(({ bits, at }) => isLimited(bits, at))) return undefined;
  const known = new Map<number, number>();
  const cost = (index: number) => {
    const { bits, at } = pairs[index];
    const found = known.get(index) ?? excess(bits, at);
    known.set(index, found);
    return found;
  };
  const states = pairs.map(({ bits, at }) => ({ bits, position: at.position + APART * at.bits }));
  return { name: `${node}: fits`, states, kind: 'bound', cost };
}

/** The rows that make the helper follow the input and the weights. */
export function followRows(fits: Choice, input: Choice, { cap }: WeightChoices): Row[] {
  return [
    { terms: [term(fits), term(input, -1), term(input, -APART, 'bits')], min: 0, max: 0 },
    { terms: [term(fits, 1, 'bits'), term(cap, -1, 'bits')], min: 0, max: 0 },
  ];
}
