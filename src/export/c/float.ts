/** quantize, dequantize, unary, softmax and localResponseNormalization in C: docs/arithmetic.md sections 5 and 6. */
import { type Format, stepSize } from '../../formats/format.js';
import { saturates } from '../../formats/overflow.js';
import { seedOf } from '../../formats/rounding.js';
import type { Instruction, UnaryFunction } from '../../program/instructions.js';
import { elementCount } from '../../shape.js';
import { type Argument, type Call, type Context, typedName } from './context.js';
import { defineElementary, type Elementary } from './elementary.js';
import type { Library } from './library.js';
import { defineClampFloat } from './products.js';
import { defineIntegerOf, defineRequantizeFunction, storeText } from './requantize.js';
import { defineRoundReal, defineStochasticBits, roundingName } from './rounding.js';
import { writeSoftmaxCodes } from './softmax-codes.js';
import { doubleText, floatText } from './text.js';

const sizeOf = ({ tensor }: Argument) => elementCount(tensor.shape);

/** Describes scales and zero points of a tensor's codes: `struct steps`. */
function describeSteps(context: Context, { tensor }: Argument): string {
  const { library } = context;
  library.define(
    'struct steps',
    () => `
/* real value = (code - zero) * step, of channel i / inner % channels */
struct steps {
  size_t inner, channels;
  const double *step;
  const int32_t *zero;
};`,
  );
  const { shape } = tensor;
  const format: Format = tensor.format!;
  const { axis } = format;
  const channels = axis === null ? 1 : shape[axis];
  const inner = axis === null ? 1 : elementCount(shape.slice(axis + 1));
  const all = Array.from({ length: Math.max(channels, 1) }, (_, channel) => channel);
  const steps = all.map((channel) => doubleText(stepSize(format, channel))).join(', ');
  const zeros = all.map((channel) =>
    typeof format.zeroPoint === 'number' ? format.zeroPoint : format.zeroPoint[channel],
  );
  return context.describe(
    'struct steps',
    `{ ${inner}, ${channels}, (const double[]){${steps}}, (const int32_t[]){${zeros.join(', ')}} }`,
  );
}

export function writeQuantize(instruction: Instruction<'quantize'>, context: Context): Call {
  const { float32Quotient, rounding, overflow } = instruction;
  const { library, inputs, output } = context;
  const { type } = output.storage;
  const name = `${typedName('quantize', output)}_${roundingName(rounding)}${saturates(overflow) ? '' : `_${overflow}`}${float32Quotient ? '_f32' : ''}`;
  const seed = seedOf(rounding);
  const steps = describeSteps(context, output);
  const plain = { ...output.tensor.format!, zeroPoint: 0 };
  const q = context.describe('struct requantize', storeText(library, null, overflow, plain, null));
  library.define(name, () => {
    defineRequantizeFunction(library);
    if (seed !== undefined) defineStochasticBits(library);
    const round = defineRoundReal(library, rounding);
    const integer = defineIntegerOf(library, overflow === 'wrap');
    const random = seed === undefined ? '' : ', stochastic_bits(seed, i)';
    const finite = saturates(overflow) ? 'real != real' : 'real != real || real - real != 0.0';
    return `
static int ${name}(
  const float *x, ${type} *y, size_t count, ${seed === undefined ? '' : 'uint32_t seed, '}const struct steps *s, const struct requantize *q)
{
  for (size_t i = 0; i < count; i++) {
    const size_t channel = i / s->inner % s->channels;
    const double real = ${float32Quotient ? '(double)(float)' : ''}((double)x[i] / s->step[channel]);
    if (${finite}) return 1;
    const int64_t code = q->overflow(${integer}(${round}(real${random})) + s->zero[channel], q);
    if (code == TRAPPED) return 1;
    y[i] = (${type})code;
  }
  return 0;
}`;
  });
  const sizes = `${sizeOf(output)}${seed === undefined ? '' : `, ${seed}u`}`;
  return { text: `${name}(${inputs[0].pointer}, ${output.pointer}, ${sizes}, ${steps}, ${q})`, fails: true };
}

export function writeDequantize(_: Instruction<'dequantize'>, context: Context): Call {
  const { library, inputs, output } = context;
  const [x] = inputs;
  const name = typedName('dequantize', x);
  const steps = describeSteps(context, x);
  const wide = x.storage.bytes > 2;
  library.define(
    name,
    () => `
static void ${name}(const ${x.storage.type} *x, float *y, size_t count, const struct steps *s)
{
  for (size_t i = 0; i < count; i++) {
    const size_t channel = i / s->inner % s->channels;
    y[i] = (float)((double)${wide ? '(float)' : ''}((int64_t)x[i] - s->zero[channel]) * s->step[channel]);
  }
}`,
  );
  return { text: `${name}(${x.pointer}, ${output.pointer}, ${sizeOf(output)}, ${steps})`, fails: false };
}

/** A function of one variable in C: an expression of a float x, and the elementary functions in it. */
interface Formula {
  readonly text: string;
  readonly uses?: readonly Elementary[];
}

const formulas: Readonly<Record<UnaryFunction['name'], Formula>> = {
  exp: { text: '(float)exp64((double)x)', uses: ['exp64'] },
  sigmoid: { text: '(float)(1.0 / (1.0 + exp64(-(double)x)))', uses: ['exp64'] },
  tanh: { text: '(float)tanh64((double)x)', uses: ['tanh64'] },
  hardSigmoid: { text: 'hard_sigmoid(x, alpha, beta)' },
  hardSwish: { text: 'x * hard_sigmoid(x, alpha, beta)' },
  negate: { text: '-x' },
  absolute: { text: 'x > 0.0f ? x : 0.0f - x' },
  squareRoot: { text: '(float)sqrt64((double)x)', uses: ['sqrt64'] },
  reciprocal: { text: '1.0f / x' },
  log: { text: '(float)log64((double)x)', uses: ['log64'] },
  erf: { text: '(float)erf64((double)x)', uses: ['erf64'] },
  softplus: {
    text: '(float)((x > 0.0f ? (double)x : 0.0) + log1p_64(exp64(x > 0.0f ? -(double)x : (double)x)))',
    uses: ['exp64', 'log1p_64'],
  },
  gelu: {
    text: '(float)((0.5 * (double)x) * (1.0 + erf64((double)x * 0.7071067811865476)))',
    uses: ['erf64'],
  },
  geluTanh: {
    text: '(float)((0.5 * (double)x) * (1.0 + tanh64(0.7978845608028654 * ((double)x + ((0.044715 * (double)x) * (double)x) * (double)x))))',
    uses: ['tanh64'],
  },
  elu: { text: '(float)(scale * (x < 0.0f ? alpha * expm1_64((double)x) : (double)x))', uses: ['expm1_64'] },
  isZero: { text: 'x == 0.0f ? 1.0f : 0.0f' },
  isNotZero: { text: 'x == 0.0f ? 0.0f : 1.0f' },
  floor: { text: 'whole(x, 1, 0)' },
  ceiling: { text: 'whole(x, 0, 1)' },
  truncate: { text: 'whole(x, 0, 0)' },
};

/** Parameters of a formula and their values. */
function parametersOf(fn: UnaryFunction): { declared: string; values: string } {
  if (fn.name === 'hardSigmoid' || fn.name === 'hardSwish') {
    const { alpha, beta } = fn.name === 'hardSigmoid' ? fn : { alpha: 1 / 6, beta: 0.5 };
    const values = [alpha, beta].map((value) => floatText(Math.fround(value)));
    return { declared: ', float alpha, float beta', values: `, ${values.join(', ')}` };
  }
  if (fn.name === 'elu')
    return {
      declared: ', double alpha, double scale',
      values: `, ${[fn.alpha, fn.scale].map(doubleText).join(', ')}`,
    };
  return { declared: '', values: '' };
}

/** x rounded to an integer, with the sign of x where that is 0. */
function defineWhole(library: Library): void {
  library.define(
    'whole',
    () => `
/* x towards zero, or down or up; the sign of x stays where the result is 0 */
static float whole(float x, int down, int up)
{
  if (!(x > -0x1p23f && x < 0x1p23f)) return x;
  float y = (float)(int32_t)x;
  if (down && y > x) y = y - 1.0f;
  if (up && y < x) y = y + 1.0f;
  return y == 0.0f ? x * 0.0f : y;
}`,
  );
}

function defineHardSigmoid(library: Library): void {
  library.define('hard_sigmoid', () => {
    defineClampFloat(library);
    return `
static float hard_sigmoid(float x, float alpha, float beta)
{
  const float product = alpha * x;
  return clamp_float(product + beta, 0.0f, 1.0f);
}`;
  });
}

export function writeUnary(instruction: Instruction<'unary'>, { library, inputs, output }: Context): Call {
  const { function: fn } = instruction;
  const { text, uses = [] } = formulas[fn.name];
  const { declared, values } = parametersOf(fn);
  const name = `${fn.name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_f32`;
  library.define(name, () => {
    for (const used of uses) defineElementary(library, used);
    if (text.includes('hard_sigmoid')) defineHardSigmoid(library);
    if (text.includes('whole')) defineWhole(library);
    return `
static void ${name}(const float *in, float *y, size_t count${declared})
{
  for (size_t i = 0; i < count; i++) {
    const float x = in[i];
    y[i] = ${text};
  }
}`;
  });
  return {
    text: `${name}(${inputs[0].pointer}, ${output.pointer}, ${sizeOf(output)}${values})`,
    fails: false,
  };
}

export function writeSoftmax(instruction: Instruction<'softmax'>, context: Context): Call {
  const { axis } = instruction;
  const { library, inputs, output } = context;
  const { shape, format } = output.tensor;
  if (format !== null) return writeSoftmaxCodes(instruction, context);
  defineElementary(library, 'exp64');
  const name = library.define(
    'softmax_f32',
    () => `
/* over \`extent\` elements that lie \`inner\` apart */
static void softmax_f32(const float *x, float *y, size_t lines, size_t extent, size_t inner)
{
  for (size_t line = 0; line < lines; line++) {
    const size_t first = line / inner * extent * inner + line % inner;
    const size_t end = first + extent * inner;
    float greatest = -INFINITY;
    for (size_t i = first; i < end; i += inner)
      if (greatest < x[i]) greatest = x[i];
    float sum = 0.0f;
    for (size_t i = first; i < end; i += inner) {
      const float difference = x[i] - greatest;
      y[i] = (float)exp64((double)difference);
      sum = sum + y[i];
    }
    for (size_t i = first; i < end; i += inner) y[i] = y[i] / sum;
  }
}`,
  );
  const inner = elementCount(shape.slice(axis + 1));
  const lines = shape[axis] === 0 ? 0 : elementCount(shape) / shape[axis];
  const text = `${name}(${inputs[0].pointer}, ${output.pointer}, ${lines}, ${shape[axis]}, ${inner})`;
  return { text, fails: false };
}

export function writeLocalResponseNormalization(
  instruction: Instruction<'localResponseNormalization'>,
  { library, inputs, output }: Context,
): Call {
  const { size, alpha, beta, bias } = instruction;
  defineElementary(library, 'exp64');
  defineElementary(library, 'log64');
  const name = library.define(
    'local_response_normalization_f32',
    () => `
static void local_response_normalization_f32(
  const float *x, float *y, int count, int channels, int size, double alpha, double beta, double bias)
{
  for (int i = 0; i < count; i++) {
    const int channel = i % channels;
    const int low = channel - (size - 1) / 2 < 0 ? 0 : channel - (size - 1) / 2;
    const int high = channel + size / 2 < channels ? channel + size / 2 : channels - 1;
    double squares = 0.0;
    for (int k = low; k <= high; k++) {
      const double element = (double)x[i - channel + k];
      const double square = element * element;
      squares = squares + square;
    }
    const double share = alpha / size;
    const double product = share * squares;
    const double exponent = beta * log64(bias + product);
    y[i] = (float)((double)x[i] / exp64(exponent));
  }
}`,
  );
  const numbers = [alpha, beta, bias].map(doubleText).join(', ');
  const channels = output.tensor.shape.at(-1) ?? 1;
  return {
    text: `${name}(${inputs[0].pointer}, ${output.pointer}, ${sizeOf(output)}, ${channels}, ${size}, ${numbers})`,
    fails: false,
  };
}
