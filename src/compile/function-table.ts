/** Functions of one variable as tables over all codes: whole, interpolated, by thresholds, or as ONNX quantises them. */
import { ConstraintError } from '../errors.js';
import { createQuantizer } from '../formats/convert.js';
import { allocateCodes, at, type Codes, codeRange, type Format, stepSize } from '../formats/format.js';
import { type Rounding, roundShift } from '../formats/rounding.js';

/** Most bits of codes that a table has entries for. */
const MOST_BITS = 16;

/** How a function of codes is computed. */
export type TableRule =
  /** One entry for each code. */
  | { readonly style: 'full' }
  /**
   * 2^indexBits + 1 entries at equal distances over the codes of the input, the last one beyond the largest; a straight line
   * between two neighbours, rounded as the entries are.
   */
  | { readonly style: 'interpolated'; readonly indexBits: number }
  /** The number of thresholds that a code reaches: a full table of a function that never falls. */
  | { readonly style: 'thresholds' }
  /** One entry for each code, by DequantizeLinear, the function rounded to float32 and QuantizeLinear of ONNX. */
  | { readonly style: 'float32' };

/**
 * The codes of fn over every code of `from`, lowest first, in `to` with saturation; undefined where a result is not a number. Both
 * formats have one scale. Throws a ConstraintError naming `where` for a rule that the function or its format does not allow, and for codes of more than 16 bits.
 */
export function createFunctionTable(
  rule: TableRule,
  fn: (x: number) => number,
  from: Format,
  to: Format,
  rounding: Rounding,
  where: string,
): Codes | undefined {
  if (from.bits > MOST_BITS)
    throw new ConstraintError({
      where: `"${where}"`,
      what: 'has no table',
      expected: `an input of 2 to ${MOST_BITS} bits`,
      got: `${from.bits}`,
    });
  const { low, high } = codeRange({ ...from, narrow: false });
  const float32Quotient = rule.style === 'float32';
  const precision = float32Quotient ? Math.fround : (x: number) => x;
  const [scale, zero] = [stepSize(from), at(from.zeroPoint, 0)];
  const quantize = createQuantizer(to, rounding, 'saturate', where, { float32Quotient });
  const entry = (code: number, element: number): number => {
    const real = precision(fn(precision((code - zero) * scale)));
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
