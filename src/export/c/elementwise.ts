/** add, multiply, clamp, leakyRelu, lookup and requantize in C: docs/arithmetic.md section 5. */
import { codeRange } from '../../formats/format.js';
import type { Clamp, Instruction } from '../../program/instructions.js';
import { offsetBits, scaledBits } from '../../program/widths.js';
import { elementCount } from '../../shape.js';
import { type Argument, type Call, type Context, typedName, zeroPointOf } from './context.js';
import { defineClampFloat } from './products.js';
import { defineRequantizeFunction, requantizeText, scalingText } from './requantize.js';
import { describeBroadcast } from './strided.js';
import { floatText, integerText } from './text.js';

const lastAxis = ({ tensor }: Argument) => tensor.shape.at(-1) ?? 1;
const sizeOf = ({ tensor }: Argument) => elementCount(tensor.shape);

/** The statements that end a loop over codes. */
const store = (output: Argument, value: string, channel = 'i % channels') => `
    const int64_t code = requantize(q, ${value}, ${channel}, i);
    if (code == TRAPPED) return 1;
    y[i] = (${output.storage.type})code;`;

export function writeRequantize(instruction: Instruction<'requantize'>, context: Context): Call {
  const { library, inputs, output } = context;
  const [x] = inputs;
  const zero = zeroPointOf(instruction, x);
  const name = library.define(typedName('requantize', x, output), () => {
    defineRequantizeFunction(library);
    return `
static int ${typedName('requantize', x, output)}(
  const ${x.storage.type} *x, ${output.storage.type} *y, size_t count, size_t channels, int zero,
  const struct requantize *q)
{
  for (size_t i = 0; i < count; i++) {${store(output, 'x[i] - zero')}
  }
  return 0;
}`;
  });
  const bits = offsetBits(x.tensor.format!);
  const { requantize } = instruction;
  const q = context.describe(
    'struct requantize',
    requantizeText(library, requantize, bits, output.tensor.format!, null),
  );
  const sizes = `${sizeOf(output)}, ${lastAxis(output)}, ${zero}`;
  return { text: `${name}(${x.pointer}, ${output.pointer}, ${sizes}, ${q})`, fails: true };
}

function writeFloatPair(name: string, operator: string, clamp: Clamp | null, context: Context): Call {
  const { library, inputs, output } = context;
  const places = describeBroadcast(context);
  library.define(name, () => {
    defineClampFloat(library);
    return `
static void ${name}(
  const float *a, const float *b, float *y, size_t count, const struct strided *at_a, const struct strided *at_b,
  float low, float high)
{
  for (size_t i = 0; i < count; i++)
    y[i] = clamp_float(a[place(i, at_a)] ${operator} b[place(i, at_b)], low, high);
}`;
  });
  const [low, high] = [clamp?.low ?? -Infinity, clamp?.high ?? Infinity].map(floatText);
  const pointers = [...inputs, output].map(({ pointer }) => pointer).join(', ');
  return { text: `${name}(${pointers}, ${sizeOf(output)}, ${places}, ${low}, ${high})`, fails: false };
}

export function writeAdd(instruction: Instruction<'add'>, context: Context): Call {
  const { sign, shifts, scalings, clamp, requantize } = instruction;
  if (requantize === null)
    return writeFloatPair(sign === 1 ? 'add_f32' : 'subtract_f32', sign === 1 ? '+' : '-', clamp, context);
  const { library, inputs, output } = context;
  const places = describeBroadcast(context);
  const widths = inputs.map((input, i) => offsetBits(input.tensor.format!) + shifts[i]);
  const scaled = scalings === null ? widths : widths.map((bits, i) => scaledBits(scalings[i], bits));
  const most = Math.max(...scaled);
  const own = scalings?.map((scaling, i) => scalingText(library, scaling, widths[i], false));
  const format = output.tensor.format!;
  const q = context.describe(
    'struct requantize',
    requantizeText(library, requantize, most + 1, format, clamp),
  );
  const name = defineAdd(context, own !== undefined);
  const zeros = inputs.map((input) => zeroPointOf(instruction, input));
  const factors = shifts.map((shift) => integerText(2 ** shift));
  const fields = [
    `.sign = ${sign}, .a_zero = ${zeros[0]}, .b_zero = ${zeros[1]}`,
    `.a_factor = ${factors[0]}, .b_factor = ${factors[1]}`,
    ...(own === undefined ? [] : [`.a = ${own[0]}`, `.b = ${own[1]}`]),
  ];
  const sum = context.describe('struct sum', `{ ${fields.join(',\n    ')} }`);
  const pointers = [...inputs, output].map(({ pointer }) => pointer).join(', ');
  return {
    text: `${name}(${pointers}, ${sizeOf(output)}, ${lastAxis(output)}, ${places}, ${sum}, ${q})`,
    fails: true,
  };
}

function defineAdd({ library, inputs: [a, b], output }: Context, scaled: boolean): string {
  const name = `${typedName('add', a, b, output)}${scaled ? '_scaled' : ''}`;
  return library.define(name, () => {
    defineRequantizeFunction(library);
    library.define(
      'struct sum',
      () => `
/* a sum of codes: (a - a_zero) * a_factor, scaled where that is given, and the same of b */
struct sum {
  int sign, a_zero, b_zero;
  int64_t a_factor, b_factor;
  struct scaling a, b;
};`,
    );
    const operands = (['a', 'b'] as const).map((letter) => {
      const value = `(${letter}[place(i, at_${letter})] - d->${letter}_zero) * d->${letter}_factor`;
      if (!scaled) return `    const int64_t v${letter} = ${value};`;
      return `    const int64_t v${letter} = d->${letter}.apply(${value}, 0, i, &d->${letter});
    if (v${letter} == TRAPPED) return 1;`;
    });
    return `
static int ${name}(
  const ${a.storage.type} *a, const ${b.storage.type} *b, ${output.storage.type} *y, size_t count, size_t channels,
  const struct strided *at_a, const struct strided *at_b, const struct sum *d, const struct requantize *q)
{
  for (size_t i = 0; i < count; i++) {
${operands.join('\n')}${store(output, 'va + d->sign * vb')}
  }
  return 0;
}`;
  });
}

export function writeMultiply(instruction: Instruction<'multiply'>, context: Context): Call {
  const { clamp, requantize } = instruction;
  if (requantize === null) return writeFloatPair('multiply_f32', '*', clamp, context);
  const { library, inputs, output } = context;
  const [a, b] = inputs;
  const places = describeBroadcast(context);
  const name = typedName('multiply', a, b, output);
  library.define(name, () => {
    defineRequantizeFunction(library);
    return `
static int ${name}(
  const ${a.storage.type} *a, const ${b.storage.type} *b, ${output.storage.type} *y, size_t count, size_t channels,
  const struct strided *at_a, const struct strided *at_b, int a_zero, int b_zero, const struct requantize *q)
{
  for (size_t i = 0; i < count; i++) {
    const int64_t va = a[place(i, at_a)] - a_zero;
    const int64_t vb = b[place(i, at_b)] - b_zero;${store(output, 'va * vb')}
  }
  return 0;
}`;
  });
  const bits = inputs.reduce((sum, { tensor }) => sum + offsetBits(tensor.format!), 0);
  const q = context.describe(
    'struct requantize',
    requantizeText(library, requantize, bits, output.tensor.format!, clamp),
  );
  const zeros = inputs.map((input) => zeroPointOf(instruction, input)).join(', ');
  const pointers = [...inputs, output].map(({ pointer }) => pointer).join(', ');
  return {
    text: `${name}(${pointers}, ${sizeOf(output)}, ${lastAxis(output)}, ${places}, ${zeros}, ${q})`,
    fails: true,
  };
}

export function writeExtremum(instruction: Instruction<'extremum'>, context: Context): Call {
  const { library, inputs, output } = context;
  const { type } = output.storage;
  const maximum = instruction.function === 'maximum';
  const places = describeBroadcast(context);
  const name = typedName(instruction.function, output);
  library.define(
    name,
    () => `
static void ${name}(
  const ${type} *a, const ${type} *b, ${type} *y, size_t count, const struct strided *at_a, const struct strided *at_b)
{
  for (size_t i = 0; i < count; i++) {
    const ${type} va = a[place(i, at_a)], vb = b[place(i, at_b)];
    y[i] = ${maximum ? 'va < vb' : 'vb < va'} ? vb : va;
  }
}`,
  );
  const pointers = [...inputs, output].map(({ pointer }) => pointer).join(', ');
  return { text: `${name}(${pointers}, ${sizeOf(output)}, ${places})`, fails: false };
}

export function writeClamp({ clamp }: Instruction<'clamp'>, { library, inputs, output }: Context): Call {
  const [x] = inputs;
  const float = x.tensor.format === null;
  const { type } = x.storage;
  const name = library.define(
    typedName('clamp', x),
    () => `
static void ${typedName('clamp', x)}(const ${type} *x, ${type} *y, size_t count, ${float ? 'float' : 'int'} low, ${float ? 'float' : 'int'} high)
{
  for (size_t i = 0; i < count; i++) y[i] = x[i] < low ? (${type})low : x[i] > high ? (${type})high : x[i];
}`,
  );
  // A clamp that goes past the codes' range does not change them.
  const [low, high] = float
    ? [floatText(Math.fround(clamp.low)), floatText(Math.fround(clamp.high))]
    : [Math.max(clamp.low, -(2 ** 16)), Math.min(clamp.high, 2 ** 16)];
  return {
    text: `${name}(${x.pointer}, ${output.pointer}, ${sizeOf(output)}, ${low}, ${high})`,
    fails: false,
  };
}

export function writeLeakyRelu(instruction: Instruction<'leakyRelu'>, context: Context): Call {
  const { slopeShift, requantize } = instruction;
  const { library, inputs, output } = context;
  const [x, slopes] = inputs;
  const name = typedName('leaky_relu', ...(requantize === null ? [x] : [x, slopes, output]));
  const channels = lastAxis(output);
  const pointers = `${x.pointer}, ${slopes.pointer}, ${output.pointer}`;
  const sizes = `${sizeOf(output)}, ${channels}, ${slopes.tensor.shape[0] === 1 ? 0 : 1}`;
  if (requantize === null) {
    library.define(
      name,
      () => `
static void ${name}(
  const float *x, const float *slopes, float *y, size_t count, size_t channels, size_t per_channel)
{
  for (size_t i = 0; i < count; i++) y[i] = x[i] >= 0.0f ? x[i] : x[i] * slopes[i % channels * per_channel];
}`,
    );
    return { text: `${name}(${pointers}, ${sizes})`, fails: false };
  }
  library.define(name, () => {
    defineRequantizeFunction(library);
    return `
static int ${name}(
  const ${x.storage.type} *x, const ${slopes.storage.type} *slopes, ${output.storage.type} *y, size_t count, size_t channels,
  size_t per_channel, int x_zero, int slope_zero, int64_t factor, const struct requantize *q)
{
  for (size_t i = 0; i < count; i++) {
    const int64_t v = x[i] - x_zero;
    const int64_t slope = slopes[i % channels * per_channel] - slope_zero;${store(output, 'v >= 0 ? v * factor : v * slope')}
  }
  return 0;
}`;
  });
  const bits = offsetBits(x.tensor.format!) + Math.max(offsetBits(slopes.tensor.format!), slopeShift);
  const q = context.describe(
    'struct requantize',
    requantizeText(library, requantize, bits, output.tensor.format!, null),
  );
  const zeros = inputs.map((input) => zeroPointOf(instruction, input)).join(', ');
  const text = `${name}(${pointers}, ${sizes}, ${zeros}, ${integerText(2 ** slopeShift)}, ${q})`;
  return { text, fails: true };
}

export function writeLookup(_: Instruction<'lookup'>, { library, inputs, output }: Context): Call {
  const [x, table] = inputs;
  const name = typedName('lookup', x, output);
  library.define(
    name,
    () => `
static void ${name}(const ${x.storage.type} *x, const ${table.storage.type} *table, ${output.storage.type} *y, size_t count, int low)
{
  for (size_t i = 0; i < count; i++) y[i] = table[x[i] - low];
}`,
  );
  const { low } = codeRange({ ...x.tensor.format!, narrow: false });
  return {
    text: `${name}(${x.pointer}, ${table.pointer}, ${output.pointer}, ${sizeOf(output)}, ${low})`,
    fails: false,
  };
}
