/** Functions of one variable on codes as quantised ONNX models state them: in float32 between two quantisations. */
import { ConstraintError } from '../errors.js';
import { createQuantizer } from '../formats/convert.js';
import { allocateCodes, at, type Codes, codeRange, type Format, stepSize } from '../formats/format.js';
import type { Rounding } from '../formats/rounding.js';

/**
 * The codes of fn over every code of `from`, lowest first, in `to` with saturation: DequantizeLinear, fn rounded to float32,
 * QuantizeLinear. Undefined where a result is not a number. Both formats have one scale.
 */
export function createFloatTable(
  fn: (x: number) => number,
  from: Format,
  to: Format,
  rounding: Rounding,
  where: string,
): Codes | undefined {
  const { low, high } = codeRange({ ...from, narrow: false });
  const [step, zero] = [stepSize(from), at(from.zeroPoint, 0)];
  const quantize = createQuantizer(to, rounding, 'saturate', where, { float32Quotient: true });
  const refuse = (what: string): never => {
    throw new ConstraintError({ where: `"${where}"`, what });
  };
  const codes = allocateCodes(to, high - low + 1);
  for (let code = low; code <= high; code++) {
    const real = Math.fround(fn(Math.fround((code - zero) * step)));
    if (Number.isNaN(real)) return undefined;
    codes[code - low] = Number(quantize(real, 0, code - low, refuse));
  }
  return codes;
}
