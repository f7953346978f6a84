/** What a profile's pins say about one tensor. */
import { matchesGlob } from './glob.js';
import type { Pin, Profile } from './schema.js';

/** A field that is given, and the path of the pin that gives it. */
export interface Given<T> {
  readonly value: T;
  readonly rule: string;
}

export interface GivenFormat {
  readonly bits?: Given<number>;
  readonly signed?: Given<boolean>;
  readonly fractionBits?: Given<number>;
}

/** Of several pins that match, the last one that says something counts. */
export function givenFormat({ pins }: Profile, tensor: string): GivenFormat {
  const matching = pins
    .map((pin, index) => ({ pin, index }))
    .filter(({ pin }) => matchesGlob(pin.tensors, tensor));
  const last = <K extends 'bits' | 'signed' | 'fractionBits'>(field: K) => {
    const found = matching.findLast(({ pin }) => pin[field] !== undefined);
    return found && { value: found.pin[field] as NonNullable<Pin[K]>, rule: `pins.${found.index}.${field}` };
  };
  return { bits: last('bits'), signed: last('signed'), fractionBits: last('fractionBits') };
}
