/** A scaling of one integer, exactly: for tables that take the place of computing it again for each element. */
import { at } from '../../formats/format.js';
import { roundQuotient, roundReal, roundShift, roundShiftBig, seedOf } from '../../formats/rounding.js';
import type { Scaling } from '../../program/instructions.js';

/** The result for an integer of up to 52 bits by the numbers of channel 0; undefined where it depends on the element or does not fit a register. */
export function scaleInteger(scaling: Scaling, value: number): number | undefined {
  const first = (numbers: number | readonly number[]) => [numbers].flat()[0];
  if (scaling.style === 'doubling') return doubled(value, first(scaling.multiplier), first(scaling.shift));
  const { rounding } = scaling;
  if (seedOf(rounding) !== undefined) return undefined;
  switch (scaling.style) {
    case 'shift':
      return roundShift(value, first(scaling.shift), rounding);
    case 'multiplier': {
      const product = BigInt(value) * BigInt(first(scaling.multiplier));
      return Number(roundShiftBig(product, first(scaling.shift), rounding));
    }
    case 'scale':
      return roundReal(Math.fround(Math.fround(value) * first(scaling.scale)), rounding);
    case 'division':
      return Number(roundQuotient(BigInt(value), BigInt(first(scaling.divisor)), rounding));
  }
}

function doubled(value: number, multiplier: number, shift: number): number | undefined {
  const shifted = value * 2 ** Math.max(0, -shift);
  if (shifted < -(2 ** 31) || shifted >= 2 ** 31) return undefined;
  const high = roundShiftBig(BigInt(shifted) * BigInt(multiplier), 31, 'halfTowardPositive');
  return Number(roundShiftBig(high, Math.max(0, shift), 'halfAwayFromZero'));
}

/** The scaling of one channel. */
export function ofChannel(scaling: Scaling, channel: number): Scaling {
  const own = Object.entries(scaling).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : at(value, channel),
  ]);
  return Object.fromEntries(own) as Scaling;
}
