/** resample in C: weighted sums along one axis. */
import type { Instruction } from '../../program/instructions.js';
import { offsetBits } from '../../program/widths.js';
import { elementCount } from '../../shape.js';
import { type Call, type Context, typedName, zeroPointOf } from './context.js';
import { defineRequantizeFunction, requantizeText } from './requantize.js';

export function writeResample(instruction: Instruction<'resample'>, context: Context): Call {
  const { axis, indices, requantize } = instruction;
  const { library, inputs, output } = context;
  const [x, weights] = inputs;
  const { shape } = x.tensor;
  const [outputs, taps] = weights.tensor.shape;
  const codes = requantize !== null;
  const name = typedName('resample', x, weights, output);
  library.define(name, () => {
    if (codes) defineRequantizeFunction(library);
    const zero = codes ? ', int x_zero, int weights_zero, size_t channels, const struct requantize *q' : '';
    const sum = codes
      ? 'sum += (int64_t)(x[at] - x_zero) * (weights[tap] - weights_zero);'
      : 'const float product = x[at] * weights[tap];\n          sum = sum + product;';
    const store = codes
      ? `const int64_t code = requantize(q, sum, element % channels, element);
        if (code == TRAPPED) return 1;
        y[element] = (${output.storage.type})code;`
      : 'y[element] = sum;';
    return `
/* y[line][i][k] = sum over t of x[line][indices[i][t]][k] * weights[i][t] */
static ${codes ? 'int' : 'void'} ${name}(
  const ${x.storage.type} *x, const ${weights.storage.type} *weights, ${output.storage.type} *y, const int32_t *indices,
  size_t lines, size_t extent, size_t outputs, size_t taps, size_t inner${zero})
{
  size_t element = 0;
  for (size_t line = 0; line < lines; line++)
    for (size_t i = 0; i < outputs; i++)
      for (size_t k = 0; k < inner; k++, element++) {
        ${codes ? 'int64_t sum = 0' : 'float sum = 0.0f'};
        for (size_t tap = i * taps; tap < (i + 1) * taps; tap++) {
          const size_t at = (line * extent + (size_t)indices[tap]) * inner + k;
          ${sum}
        }
        ${store}
      }${codes ? '\n  return 0;' : ''}
}`;
  });
  const list = context.describe('int32_t', `{${indices.join(', ')}}`);
  const inner = elementCount(shape.slice(axis + 1));
  const sizes = `${elementCount(shape.slice(0, axis))}, ${shape[axis]}, ${outputs}, ${taps}, ${inner}`;
  const pointers = `${x.pointer}, ${weights.pointer}, ${output.pointer}, ${list}`;
  if (requantize === null) return { text: `${name}(${pointers}, ${sizes})`, fails: false };
  const bits =
    offsetBits(x.tensor.format!) + offsetBits(weights.tensor.format!) + Math.ceil(Math.log2(taps + 1));
  const text = requantizeText(library, requantize, bits, output.tensor.format!, null);
  const q = context.describe('struct requantize', text);
  const zeros = inputs.map((input) => zeroPointOf(instruction, input)).join(', ');
  const channels = output.tensor.shape.at(-1) ?? 1;
  return { text: `${name}(${pointers}, ${sizes}, ${zeros}, ${channels}, ${q})`, fails: true };
}
