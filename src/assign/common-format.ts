/** What all operators that write some values, and the profile's pins for them, allow in common. */
import { ConstraintError } from '../errors.js';
import type { Format } from '../formats/format.js';
import { type Given, givenFormat } from '../hardware/pins.js';
import { commonRules, rulesFor } from '../hardware/rules.js';
import type { Profile } from '../hardware/schema.js';
import type { Demand } from './demands.js';

/** What is known of the format of values before their statistics are. */
export interface CommonFormat {
  readonly format: Pick<Format, 'bits' | 'signed' | 'narrow'>;
  /** Widths that the profile allows, the preferred one first. */
  readonly widths: readonly number[];
  /** Widths at which the values have a zero point of their own. */
  readonly zeroPoints: readonly number[];
  /** Fraction bits that a pin gives. */
  readonly given?: GivenPosition;
}

/** Fraction bits that a pin gives, and the value that it pins. */
interface GivenPosition extends Given<number> {
  readonly of: string;
}

/** Throws a ConstraintError naming the two that contradict each other. */
export function commonFormat(
  values: readonly string[],
  producers: ReadonlyMap<string, Demand>,
  profile: Profile,
  minimum: number,
): CommonFormat {
  let [widths, zeroPoints, owner] = [profile.activations.bits, profile.activations.bits, ''];
  let narrow = false;
  let [signed, unsigned] = [minimum < 0, false];
  let sign: Given<boolean> | undefined;
  let given: GivenPosition | undefined;
  for (const [index, value] of values.entries()) {
    const node = producers.get(value)?.node;
    const rules = (node === undefined ? commonRules(profile) : rulesFor(profile, node)).activations;
    const pin = givenFormat(profile, value);
    const place = node === undefined ? `input "${value}"` : `node "${node.name}" (${node.operator})`;
    const name = pin.bits === undefined ? place : `${place} by ${pin.bits.rule}`;
    const own = pin.bits === undefined ? rules.bits : [pin.bits.value];
    const common = index === 0 ? own : widths.filter((bits) => own.includes(bits));
    if (common.length === 0) {
      const what = `its output must have the format of "${values[0]}", whose width ${owner} restricts`;
      const [expected, got] = [widths.join(' or '), own.join(' or ')];
      throw new ConstraintError({ where: name, what, expected, got });
    }
    if (common.length < widths.length || index === 0) owner = name;
    widths = common;
    zeroPoints = widths.filter((bits) => {
      return rules.zeroPoints.includes(bits) && (index === 0 || zeroPoints.includes(bits));
    });
    narrow ||= rules.narrow;
    signed ||= rules.signed === 'always';
    unsigned ||= rules.signed === 'never';
    sign = agree(sign, pin.signed, place, values[0]);
    given = agree(given, pin.fractionBits && { ...pin.fractionBits, of: value }, place, values[0]);
  }
  const format = { bits: widths[0], signed: sign?.value ?? (signed && !unsigned), narrow };
  return { format, widths, zeroPoints, given };
}

function agree<G extends Given<unknown>>(
  known: G | undefined,
  found: G | undefined,
  where: string,
  first: string,
) {
  if (known === undefined || found === undefined || known.value === found.value) return known ?? found;
  const what = `${found.rule} contradicts ${known.rule}: its output must have the format of "${first}"`;
  throw new ConstraintError({ where, what, expected: `${known.value}`, got: `${found.value}` });
}
