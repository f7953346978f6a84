/** normalize in C: docs/arithmetic.md section 5. */
import { type Instruction, NORMALIZE_RESULTS } from '../../program/instructions.js';
import { elementCount } from '../../shape.js';
import type { Call, Context } from './context.js';
import { defineElementary } from './elementary.js';
import { doubleText } from './text.js';

export function writeNormalize(instruction: Instruction<'normalize'>, context: Context): Call {
  const { library, inputs, output } = context;
  const { axis, epsilon, result } = instruction;
  const [x] = inputs;
  const name = library.define('normalize_f32', () => {
    defineElementary(library, 'sqrt64');
    return `
/* result: 0 the values, 1 the mean, 2 the scale of each line */
static void normalize_f32(const float *x, float *y, size_t lines, size_t length, double epsilon, int result)
{
  for (size_t line = 0; line < lines; line++, x += length) {
    double sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < length; i++) sum = sum + (double)x[i];
    const double mean = sum / (double)length;
    for (size_t i = 0; i < length; i++) {
      const double d = (double)x[i] - mean;
      const double square = d * d;
      squares = squares + square;
    }
    const double scale = 1.0 / sqrt64(squares / (double)length + epsilon);
    if (result == 0)
      for (size_t i = 0; i < length; i++) *y++ = (float)(((double)x[i] - mean) * scale);
    else
      *y++ = (float)(result == 1 ? mean : scale);
  }
}`;
  });
  const { shape } = x.tensor;
  const lines = elementCount(shape.slice(0, axis));
  const length = elementCount(shape.slice(axis));
  const numbers = `${lines}, ${length}, ${doubleText(epsilon)}, ${NORMALIZE_RESULTS.indexOf(result)}`;
  return { text: `${name}(${x.pointer}, ${output.pointer}, ${numbers})`, fails: false };
}
