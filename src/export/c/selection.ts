/** binary and select in C: docs/arithmetic.md section 5. */
import type { BinaryFunction, Instruction } from '../../program/instructions.js';
import { elementCount } from '../../shape.js';
import type { Call, Context } from './context.js';
import { defineElementary } from './elementary.js';
import { describeBroadcast } from './strided.js';

const formulas: Readonly<Record<BinaryFunction, string>> = {
  divide: 'va / vb',
  power: '(float)power64((double)va, (double)vb)',
  equal: 'va == vb ? 1.0f : 0.0f',
  notEqual: 'va != vb ? 1.0f : 0.0f',
  less: 'va < vb ? 1.0f : 0.0f',
  lessOrEqual: 'va <= vb ? 1.0f : 0.0f',
};

export function writeBinary(instruction: Instruction<'binary'>, context: Context): Call {
  const { library, inputs, output } = context;
  const { function: fn } = instruction;
  const places = describeBroadcast(context);
  const name = `${fn.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_f32`;
  library.define(name, () => {
    if (fn === 'power') defineElementary(library, 'power64');
    return `
static void ${name}(
  const float *a, const float *b, float *y, size_t count, const struct strided *at_a, const struct strided *at_b)
{
  for (size_t i = 0; i < count; i++) {
    const float va = a[place(i, at_a)], vb = b[place(i, at_b)];
    y[i] = ${formulas[fn]};
  }
}`;
  });
  const pointers = [...inputs, output].map(({ pointer }) => pointer).join(', ');
  return { text: `${name}(${pointers}, ${elementCount(output.tensor.shape)}, ${places})`, fails: false };
}

export function writeSelect(_: Instruction<'select'>, context: Context): Call {
  const { library, inputs, output } = context;
  const places = describeBroadcast(context);
  const name = library.define(
    'select_f32',
    () => `
static void select_f32(
  const float *condition, const float *a, const float *b, float *y, size_t count,
  const struct strided *at_condition, const struct strided *at_a, const struct strided *at_b)
{
  for (size_t i = 0; i < count; i++)
    y[i] = condition[place(i, at_condition)] != 0.0f ? a[place(i, at_a)] : b[place(i, at_b)];
}`,
  );
  const pointers = [...inputs, output].map(({ pointer }) => pointer).join(', ');
  return { text: `${name}(${pointers}, ${elementCount(output.tensor.shape)}, ${places})`, fails: false };
}
