/**
 * Formats of constants: weights per output channel, constant operands, slopes, biases with a position of
 * their own.
 */
import { ConstraintError } from '../errors.js';
import { codeRange, type Format, fixed } from '../formats/format.js';
import type { Node } from '../graph/graph.js';
import { numbers, type Tensor } from '../graph/tensor.js';
import { type Given, givenFormat } from '../hardware/pins.js';
import { type ResolvedRules, rulesFor } from '../hardware/rules.js';
import type { Profile } from '../hardware/schema.js';
import type { Demand, NamedConstant } from './demands.js';
import { chooseConstantBits, type Method } from './fraction-bits.js';
import type { Group } from './groups.js';
import { createPosition, type Position } from './positions.js';

export interface ConstantChoice {
  readonly values: Float32Array;
  readonly format: Pick<Format, 'bits' | 'signed' | 'narrow'>;
  /** Widths that the profile allows, the preferred one first. */
  readonly widths: readonly number[];
  /** Fraction bits that the profile gives. */
  readonly given?: Given<number>;
  /** One entry per output channel, or one. */
  readonly position: Position;
}

export interface ConstantChoices {
  readonly byName: ReadonlyMap<string, ConstantChoice>;
  /** By node name; only where the profile gives biases fraction bits of their own. */
  readonly biases: ReadonlyMap<string, ConstantChoice>;
}

/** Slopes of leaky rectifiers: 16 bits, whatever the profile, so that 0.01 is not 3/256. */
const SLOPE_BITS = 16;

/** The width in which an input is shifted to the position of its product with a slope. */
const SLOPE_REGISTER_BITS = 31;

/** One use of a constant. */
interface Use {
  readonly node: Node;
  readonly constant: NamedConstant;
  readonly format: ConstantChoice['format'];
  readonly widths: readonly number[];
  /** Output channels that may have fraction bits of their own; 1 where one format holds for all. */
  readonly channels: number;
  readonly mostFractionBits: number;
  /** Fraction bits that the profile gives. */
  readonly given?: Given<number>;
}

/** Throws a ConstraintError naming two nodes that use a constant and contradict each other. */
export function chooseConstants(
  demands: readonly Demand[],
  profile: Profile,
  groups: ReadonlyMap<string, Group>,
  method: Method,
): ConstantChoices {
  const uses = new Map<string, Use[]>();
  const biases = new Map<string, ConstantChoice>();
  for (const demand of demands) {
    const rules = rulesFor(profile, demand.node);
    for (const use of usesOf(demand, rules, groups)) {
      const pinned = pinUse(use, profile);
      uses.set(use.constant.name, [...(uses.get(use.constant.name) ?? []), pinned]);
    }
    if (demand.kind === 'product' && demand.bias !== undefined && rules.bias.position === 'own') {
      const format = { bits: rules.bias.bits, signed: true, narrow: false };
      const widths = [rules.bias.bits];
      const { node, bias: constant } = demand;
      const use = { node, constant, format, widths, channels: 1, mostFractionBits: Infinity };
      biases.set(node.name, choose([pinUse(use, profile)], method));
    }
  }
  const byName = new Map([...uses].map(([name, list]) => [name, choose(list, method)]));
  return { byName, biases };
}

function usesOf(
  demand: Demand,
  { weights, activations, slopes }: ResolvedRules,
  groups: ReadonlyMap<string, Group>,
): Use[] {
  const { node } = demand;
  if (demand.kind === 'product') {
    const format = { bits: weights.bits[0], signed: true, narrow: weights.narrow };
    const channels = weights.perChannel ? demand.weights.tensor.shape[0] : 1;
    const { weights: constant } = demand;
    return [{ node, constant, format, widths: weights.bits, channels, mostFractionBits: Infinity }];
  }
  if (demand.kind === 'slope') {
    const { bits, fractionBits } = slopes ?? { bits: SLOPE_BITS };
    const given =
      fractionBits === undefined ? undefined : { value: fractionBits, rule: 'slopes.fractionBits' };
    const format = { bits, signed: true, narrow: false };
    const input = Math.max(...(groups.get(demand.inputs[0])?.widths ?? activations.bits));
    const mostFractionBits = SLOPE_REGISTER_BITS - input;
    const { slopes: constant } = demand;
    return [{ node, constant, format, widths: [bits], channels: 1, mostFractionBits, given }];
  }
  if (demand.kind !== 'sum' && demand.kind !== 'multiplication') return [];
  const widths = groups.get(demand.output)?.widths ?? activations.bits;
  const format = { bits: widths[0], signed: true, narrow: activations.narrow };
  return demand.constants.map((constant) => {
    return { node, constant, format, widths, channels: 1, mostFractionBits: Infinity };
  });
}

/** A use with what the profile's pins say about the constant. */
function pinUse(use: Use, profile: Profile): Use {
  const { bits, signed, fractionBits } = givenFormat(profile, use.constant.name);
  if (signed?.value === false) {
    const where = describeNode(use.node);
    const what = `${signed.rule} gives "${use.constant.name}", which is always signed, unsigned codes`;
    throw new ConstraintError({ where, what });
  }
  const format = { ...use.format, bits: bits?.value ?? use.format.bits };
  const channels = fractionBits === undefined ? use.channels : 1;
  return {
    ...use,
    format,
    widths: bits ? [bits.value] : use.widths,
    channels,
    given: fractionBits ?? use.given,
  };
}

/** The choice for a constant that may be used in several ways: each has to work with it. */
function choose(uses: readonly Use[], method: Method): ConstantChoice {
  const [{ constant, format: first }] = uses;
  const values = floatValues(constant.tensor);
  const channels = uses.every((use) => use.channels === uses[0].channels) ? uses[0].channels : 1;
  const most = Math.min(...uses.map((use) => use.mostFractionBits));
  const widths = commonWidths(uses);
  const format = { ...first, bits: widths[0], narrow: uses.some((use) => use.format.narrow) };
  const given = commonFractionBits(uses);
  const chosen =
    given === undefined ? chooseConstantBits(values, channels, codeRange(format), method) : [given.value];
  const bits = chosen ?? new Array<number>(channels).fill(0);
  const limited = bits.map((entry) => Math.min(entry, most));
  return { values, format, widths, given, position: createPosition(constant.name, limited) };
}

/** Widths that all uses allow, preferred as by the first. */
function commonWidths([first, ...others]: readonly Use[]): readonly number[] {
  let { widths } = first;
  let owner = first;
  for (const use of others) {
    const common = widths.filter((width) => use.widths.includes(width));
    if (common.length === 0) throw disagreement(owner, use, 'width', widths, use.widths);
    if (common.length < widths.length) owner = use;
    widths = common;
  }
  return widths;
}

function commonFractionBits(uses: readonly Use[]): Given<number> | undefined {
  const [first, ...others] = uses.filter((use) => use.given !== undefined);
  const other = others.find((use) => use.given!.value !== first.given!.value);
  if (other === undefined) return first?.given;
  throw disagreement(first, other, 'number of fraction bits', [first.given!.value], [other.given!.value]);
}

function disagreement(
  first: Use,
  { node, constant }: Use,
  subject: string,
  expected: readonly number[],
  got: readonly number[],
): ConstraintError {
  const what = `uses "${constant.name}", whose ${subject} ${describeNode(first.node)} restricts`;
  const [wanted, found] = [expected, got].map((list) => list.join(' or '));
  return new ConstraintError({ where: describeNode(node), what, expected: wanted, got: found });
}

const describeNode = ({ name, operator }: Node) => `node "${name}" (${operator})`;

function floatValues(tensor: Tensor): Float32Array {
  return tensor.data instanceof Float32Array ? tensor.data : Float32Array.from(numbers(tensor));
}

/** The format of a constant, per channel along axis 0 where the channels have positions of their own. */
export function constantFormat({ format, position: { bits } }: ConstantChoice): Format {
  return { ...fixed(format.bits, bits.length === 1 ? bits[0] : bits), ...format };
}
