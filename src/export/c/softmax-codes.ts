/** softmax on codes in C, in TFLite's two forms: docs/arithmetic.md section 5. */
import { codeRange } from '../../formats/format.js';
import type { Instruction } from '../../program/instructions.js';
import { elementCount } from '../../shape.js';
import { type Call, type Context, typedName } from './context.js';
import type { Library } from './library.js';
import { defineClampInteger } from './requantize.js';
import { defineRoundShift, defineShiftRight } from './rounding.js';

export function writeSoftmaxCodes(
  { axis }: Instruction<'softmax'>,
  { library, inputs, output }: Context,
): Call {
  const { shape } = output.tensor;
  const format = output.tensor.format!;
  const name = defineSoftmax(library, inputs, output);
  const { low, high } = codeRange(format);
  const inner = elementCount(shape.slice(axis + 1));
  const lines = shape[axis] === 0 ? 0 : elementCount(shape) / shape[axis];
  const pointers = [...inputs, output].map(({ pointer }) => pointer).join(', ');
  const bits = inputs.length === 2 ? `, ${format.bits}` : '';
  return {
    text: `${name}(${pointers}, ${lines}, ${shape[axis]}, ${inner}, ${low}, ${high}${bits})`,
    fails: false,
  };
}

function defineSoftmax(
  library: Library,
  [x, exponentials, reciprocals]: Context['inputs'],
  output: Context['output'],
): string {
  const table = reciprocals !== undefined;
  const operands = [x, exponentials, ...(table ? [reciprocals] : []), output];
  const name = typedName('softmax', ...operands);
  return library.define(name, () => {
    defineClampInteger(library);
    const leadingZeros = defineLeadingZeros(library);
    const normalise = table
      ? {
          prepare: `const int64_t r = reciprocal_of(reciprocals, sum, zeros);`,
          add: 'e',
          code: `${defineRoundShift(library, 'halfTowardPositive')}(e * r, 31 - zeros)`,
        }
      : {
          prepare: 'const int64_t r = reciprocal(sum * ((int64_t)1 << zeros));',
          add: `${defineRoundShift(library, 'halfAwayFromZero')}(e, 12)`,
          code: 'round_shift_half_away_from_zero(doubling_high(r, e), 43 - zeros - bits) + low',
        };
    if (table) defineReciprocalOf(library, reciprocals.storage.type);
    else defineReciprocal(library);
    const parameter = table ? `const ${reciprocals.storage.type} *reciprocals, ` : '';
    return `
/* over \`extent\` codes that lie \`inner\` apart; exponentials by the distance from the largest */
static void ${name}(
  const ${x.storage.type} *x, const ${exponentials.storage.type} *exponentials, ${parameter}${output.storage.type} *y,
  size_t lines, size_t extent, size_t inner, int low, int high${table ? '' : ', int bits'})
{
  for (size_t line = 0; line < lines; line++) {
    const size_t first = line / inner * extent * inner + line % inner;
    const size_t end = first + extent * inner;
    int largest = x[first];
    for (size_t i = first; i < end; i += inner)
      if (largest < x[i]) largest = x[i];
    int64_t sum = 0;
    for (size_t i = first; i < end; i += inner) {
      const int64_t e = exponentials[largest - x[i]];
      sum += ${normalise.add};
    }
    const int zeros = ${leadingZeros}(sum);
    ${normalise.prepare}
    for (size_t i = first; i < end; i += inner) {
      const int64_t e = exponentials[largest - x[i]];
      y[i] = (${output.storage.type})clamp_integer(${normalise.code}, ${table ? 'low < 0 ? 0 : low' : 'low'}, high);
    }
  }
}`;
  });
}

function defineLeadingZeros(library: Library): string {
  return library.define(
    'leading_zeros',
    () => `
/* of 32 bits */
static int leading_zeros(int64_t a)
{
  int zeros = 32;
  for (; a > 0; a /= 2) zeros--;
  return zeros;
}`,
  );
}

/** `int64_t reciprocal(int64_t s)` for s from 2^31 to 2^32, by Newton's iteration. */
function defineReciprocal(library: Library): void {
  library.define('reciprocal', () => {
    defineClampInteger(library);
    const round = defineRoundShift(library, 'halfTowardPositive');
    return `
static int64_t doubling_high(int64_t a, int64_t b)
{
  return ${round}(a * b, 31);
}

/* 2^62 / s for s from 2^31 to 2^32 */
static int64_t reciprocal(int64_t s)
{
  const int64_t half = s / 2;
  int64_t x = 1515870810 + doubling_high(half, -1010580540);
  for (int i = 0; i < 3; i++) {
    const int64_t error = ((int64_t)1 << 29) - doubling_high(half, x);
    x += clamp_integer(4 * doubling_high(x, error), INT32_MIN, INT32_MAX);
  }
  return clamp_integer(2 * x, INT32_MIN, INT32_MAX);
}`;
  });
}

/** `int64_t reciprocal_of(const TYPE *table, int64_t s, int zeros)`, by a table with interpolation. */
function defineReciprocalOf(library: Library, type: string): void {
  library.define('reciprocal_of', () => {
    defineShiftRight(library);
    defineClampInteger(library);
    return `
/* 1 / (1 + u) from a table of 513 entries, where s has \`zeros\` leading zeros and is 1 + u but for a power of two */
static int64_t reciprocal_of(const ${type} *table, int64_t s, int zeros)
{
  const int64_t scaled = s * ((int64_t)1 << (zeros - 1)) + ((int64_t)1 << 13);
  const int64_t u = clamp_integer(shift_right(scaled, 14) - 98304, -32768, 32767);
  const int64_t entry = 256 + shift_right(u, 7);
  const int64_t share = u - shift_right(u, 7) * 128;
  return table[entry] + shift_right((table[entry + 1] - table[entry]) * share + 64, 7);
}`;
  });
}
