/** scaledPair in C: docs/arithmetic.md section 5. */
import { at, codeRange } from '../../formats/format.js';
import type { Instruction } from '../../program/instructions.js';
import { elementCount } from '../../shape.js';
import { type Call, type Context, typedName } from './context.js';
import { defineRoundReal } from './rounding.js';
import { describeBroadcast } from './strided.js';
import { doubleText } from './text.js';

export function writeScaledPair({ by, clamp }: Instruction<'scaledPair'>, context: Context): Call {
  const { library, inputs, output } = context;
  const [a, b] = inputs;
  const { type } = output.storage;
  const places = describeBroadcast(context);
  const name = typedName(`scaled_${by.function}`, a, b, output);
  // Products of codes and scales are exact, so that no contraction changes them.
  const value =
    by.function === 'sum'
      ? '(float)((double)va * sa + (double)(float)((double)vb * sb + offset))'
      : '(float)((double)(float)((double)(va * vb) * sa) + offset)';
  library.define(name, () => {
    const round = defineRoundReal(library, 'halfEven');
    return `
static void ${name}(
  const ${a.storage.type} *a, const ${b.storage.type} *b, ${type} *y, size_t count, const struct strided *at_a,
  const struct strided *at_b, int a_zero, int b_zero, double sa, double sb, double offset, double low, double high)
{
  (void)sb;
  for (size_t i = 0; i < count; i++) {
    const int va = a[place(i, at_a)] - a_zero, vb = b[place(i, at_b)] - b_zero;
    const double code = ${round}((double)${value});
    y[i] = (${type})(code < low ? low : code > high ? high : code);
  }
}`;
  });
  const zeros =
    by.function === 'product' ? inputs.map(({ tensor }) => at(tensor.format!.zeroPoint, 0)) : [0, 0];
  const scales = by.function === 'product' ? [by.scale, 0] : by.scales;
  const { low, high } = clamp ?? codeRange(output.tensor.format!);
  const numbers = [...scales, by.offset, low, high].map(doubleText);
  const pointers = [...inputs, output].map(({ pointer }) => pointer);
  const list = [...pointers, elementCount(output.tensor.shape), places, ...zeros, ...numbers];
  return { text: `${name}(${list.join(', ')})`, fails: false };
}
