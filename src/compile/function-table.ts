/** Functions of one variable as tables over all codes: whole, interpolated between entries, or by thresholds. */
import { ConstraintError } from '../errors.js';
import { evaluateUnary } from '../execute/oracle/elementary.js';
import { createQuantizer } from '../formats/convert.js';
import { allocateCodes, at, type Codes, codeRange, type Format, stepSize } from '../formats/format.js';
import { type Rounding, roundShift } from '../formats/rounding.js';
import type { UnaryFunction } from '../program/instructions.js';

/** How a hardware computes a function of codes. */
export type TableRule =
  /** One entry for each code. */
  | { readonly style: 'full' }
  /**
   * 2^indexBits + 1 entries at equal distances over the codes of the input, the last one beyond the largest; a straight line
   * between two neighbours, rounded as the entries are.
   */
  | { readonly style: 'interpolated'; readonly indexBits: number }
  /** The number of thresholds that a code reaches: a full table of a function that never falls. */
  | { readonly style: 'thresholds' };

/**
 * The codes of fn over every code of `from`, lowest first, in `to` with saturation; undefined where a result is not a number. Throws a
 * ConstraintError naming `where` for a rule that the function or its format does not allow.
 */
export function createFunctionTable(
  rule: TableRule,
  fn: UnaryFunction,
  from: Format,
  to: Format,
  rounding: Rounding,
  where: string,
): Codes | undefined {
  const { low, high } = codeRange({ ...from, narrow: false });
  const quantize = createQuantizer(to, rounding, 'saturate', where);
  const entry = (code: number, element: number): number => {
    const real = evaluateUnary(fn, (code - at(from.zeroPoint, 0)) * stepSize(from));
    return Number.isNaN(real) ? Number.NaN : Number(quantize(real, 0, element, refuse));
  };
  const refuse = (what: string): never => {
    throw new ConstraintError({ where: `"${where}"`, what });
  };
  const length = high - low + 1;
  const shift = rule.style === 'interpolated' ? from.bits - rule.indexBits : 0;
  if (shift < 0)
    refuse(`a table with ${from.bits - shift} index bits has more entries than the input has codes`);
  const step = 2 ** shift;
  const entries = Array.from({ length: length / step + (shift > 0 ? 1 : 0) }, (_, index) =>
    entry(low + index * step, index),
  );
  if (entries.some(Number.isNaN)) return undefined;
  if (rule.style === 'thresholds' && entries.some((code, index) => index > 0 && code < entries[index - 1]))
    refuse('a function that falls has no thresholds');
  const table = allocateCodes(to, length);
  for (let index = 0; index < length; index++) {
    const base = entries[Math.floor(index / step)];
    const rise = shift === 0 ? 0 : (entries[Math.floor(index / step) + 1] - base) * (index % step);
    table[index] = base + roundShift(rise, shift, rounding, index);
  }
  return table;
}
