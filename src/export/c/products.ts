/** convolution and gemm in C: docs/arithmetic.md sections 4 and 5. */
import { isExact } from '../../program/accumulator.js';
import type {
  Accumulator,
  Arithmetic,
  Clamp,
  Instruction,
  PerChannel,
  Window,
} from '../../program/instructions.js';
import { offsetBits } from '../../program/widths.js';
import { accumulatorText, defineAccumulator, emulationText } from './accumulate.js';
import { type Call, type Context, codeText, typedName, zeroPointOf } from './context.js';
import type { Library } from './library.js';
import { defineRequantizeFunction, requantizeText } from './requantize.js';
import { floatText } from './text.js';

const POINT: Window = { kernel: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] };

/** Zero points of x and of the weights, which may have one per output channel. */
type Zeros = readonly [x: number, weights: PerChannel];

/** What a convolution is made of; a gemm is one with a kernel of 1 x 1. */
interface Geometry {
  readonly window: Window;
  readonly groups: number;
  /** [N,H,W,C] and [N,H',W',O] */
  readonly input: readonly number[];
  readonly output: readonly number[];
}

export function writeConvolution(instruction: Instruction<'convolution'>, context: Context): Call {
  const { window, groups, clamp, arithmetic } = instruction;
  const { inputs, output } = context;
  const geometry = { window, groups, input: inputs[0].tensor.shape, output: output.tensor.shape };
  return writeProducts(instruction, context, geometry, clamp, arithmetic);
}

export function writeGemm(instruction: Instruction<'gemm'>, context: Context): Call {
  const [rows, depth] = context.inputs[0].tensor.shape;
  const outputs = context.output.tensor.shape[1];
  const geometry = {
    window: POINT,
    groups: 1,
    input: [rows, 1, 1, depth],
    output: [rows, 1, 1, outputs],
  };
  return writeProducts(instruction, context, geometry, instruction.clamp, instruction.arithmetic);
}

function writeProducts(
  instruction: Instruction<'convolution' | 'gemm'>,
  context: Context,
  geometry: Geometry,
  clamp: Clamp | null,
  arithmetic: Arithmetic | null,
): Call {
  const { library, inputs, output } = context;
  const [x, weights, bias] = inputs;
  const pointers = `${x.pointer}, ${weights.pointer}, ${bias?.pointer ?? 'NULL'}, ${output.pointer}`;
  if (arithmetic === null) {
    const shape = context.describe('struct convolution', geometryText(library, geometry));
    const name = defineFloatConvolution(library);
    const [low, high] = [clamp?.low ?? -Infinity, clamp?.high ?? Infinity].map(floatText);
    return { text: `${name}(${pointers}, ${low}, ${high}, ${shape})`, fails: false };
  }
  const { accumulator } = arithmetic;
  const exact = isExact(accumulator);
  const zeros: Zeros = [zeroPointOf(instruction, x), weights.tensor.format!.zeroPoint];
  const bits = exact ? accumulator.provedBits : accumulator.bits;
  const requantize = requantizeText(library, arithmetic.requantize, bits, output.tensor.format!, clamp);
  const shape = context.describe('struct convolution', geometryText(library, geometry, zeros));
  const store = context.describe('struct requantize', requantize);
  const name = defineIntegerConvolution(context, accumulator, exact, zeros);
  const emulated = exact ? '' : `, ${context.describe('struct accumulator', accumulatorText(accumulator))}`;
  return { text: `${name}(${pointers}, ${shape}, ${store}${emulated})`, fails: true };
}

function geometryText(library: Library, geometry: Geometry, zeros: Zeros = [0, 0]): string {
  library.define(
    'struct convolution',
    () => `
/* x [batch, height, width, channels], weights [outputs, kernel, kernel, depth], y [batch, rows, columns, outputs] */
struct convolution {
  int batch, height, width, channels;
  int rows, columns, outputs;
  int kernel_height, kernel_width, depth;
  int stride_rows, stride_columns, top, left, dilation_rows, dilation_columns;
  int group_outputs; /* output channels that read the same \`depth\` input channels */
  int x_zero;
  const int32_t *weights_zero; /* one for all output channels or, with weights_zeros, one for each */
  int weights_zeros;
};`,
  );
  const { window, groups, input, output } = geometry;
  const [batch, height, width, channels] = input;
  const [, rows, columns, outputs] = output;
  const { kernel, strides, pads, dilations } = window;
  const [x, weights] = zeros;
  const offsets = [
    ...(x === 0 ? [] : [`.x_zero = ${x}`]),
    ...(weights === 0 ? [] : [`.weights_zero = (const int32_t[]){${[weights].flat().join(', ')}}`]),
    ...(typeof weights === 'number' ? [] : ['.weights_zeros = 1']),
  ];
  return [
    `{ .batch = ${batch}, .height = ${height}, .width = ${width}, .channels = ${channels}`,
    `    .rows = ${rows}, .columns = ${columns}, .outputs = ${outputs}`,
    `    .kernel_height = ${kernel[0]}, .kernel_width = ${kernel[1]}, .depth = ${channels / groups}`,
    `    .stride_rows = ${strides[0]}, .stride_columns = ${strides[1]}, .top = ${pads[0]}, .left = ${pads[1]}`,
    `    .dilation_rows = ${dilations[0]}, .dilation_columns = ${dilations[1]}`,
    `    ${[`.group_outputs = ${outputs / groups}`, ...offsets].join(', ')} }`,
  ].join(',\n');
}

/** The loops over the output, around the statements that compute element `element`. */
function loopsText(name: string, parameters: readonly string[], inner: string): string {
  const indented = parameters.map((parameter) => `  ${parameter}`).join(',\n');
  const body = inner.trim().replace(/^/gm, '          ');
  return `
static ${name}(
${indented})
{
  size_t element = 0;
  for (int n = 0; n < g->batch; n++)
    for (int i = 0; i < g->rows; i++)
      for (int j = 0; j < g->columns; j++)
        for (int o = 0; o < g->outputs; o++, element++) {
          const int first = o / g->group_outputs * g->depth;
${body}
        }`;
}

/** The loops over the taps that lie in the input, around the statements of one product's operands \`pixel\` and \`tap\`. */
const taps = (weight: string, type: string, inner: string) => `
for (int r = 0; r < g->kernel_height; r++) {
  const int row = i * g->stride_rows - g->top + r * g->dilation_rows;
  if (row < 0 || row >= g->height) continue;
  for (int c = 0; c < g->kernel_width; c++) {
    const int column = j * g->stride_columns - g->left + c * g->dilation_columns;
    if (column < 0 || column >= g->width) continue;
    const ${type} *pixel = x + ((size_t)(n * g->height + row) * g->width + column) * g->channels + first;
    const ${weight} *tap = weights + (size_t)((o * g->kernel_height + r) * g->kernel_width + c) * g->depth;
    for (int k = 0; k < g->depth; k++) ${inner}
  }
}`;

function defineFloatConvolution(library: Library): string {
  return library.define('convolution_f32', () => {
    defineClampFloat(library);
    const parameters = [
      'const float *x, const float *weights, const float *bias, float *y',
      'float low, float high, const struct convolution *g',
    ];
    const inner = `
float sum = 0.0f;
${taps('float', 'float', '{\n      const float product = pixel[k] * tap[k];\n      sum = sum + product;\n    }').trim()}
if (bias != NULL) sum = sum + bias[o];
y[element] = clamp_float(sum, low, high);`;
    return `${loopsText('void convolution_f32', parameters, inner)}\n}`;
  });
}

/** `float clamp_float(float x, float low, float high)`, which keeps NaN and the sign of zero. */
export function defineClampFloat(library: Library): string {
  return library.define(
    'clamp_float',
    () => `
static float clamp_float(float x, float low, float high)
{
  return x < low ? low : x > high ? high : x;
}`,
  );
}

function defineIntegerConvolution(
  { library, inputs, output }: Context,
  accumulator: Accumulator,
  exact: boolean,
  [xZero, weightsZero]: Zeros,
): string {
  const [x, weights, bias] = inputs;
  const productBits = offsetBits(x.tensor.format!) + offsetBits(weights.tensor.format!);
  const narrow = exact && accumulator.provedBits <= 32 && productBits <= 32;
  const sum = narrow ? 'int32_t' : 'int64_t';
  const types = bias === undefined ? [x, weights] : [x, weights, bias];
  const offsets = `${xZero === 0 ? '' : '_zx'}${weightsZero === 0 ? '' : '_zw'}`;
  const place = exact ? `sum${narrow ? 32 : 64}` : defineAccumulator(library, accumulator);
  const name = `${typedName('convolution', ...types, output)}${offsets}_${place}`;
  return library.define(name, () => {
    defineRequantizeFunction(library);
    const cast = productBits <= 32 ? '' : '(int64_t)';
    const pixel = codeText('pixel[k]', xZero === 0 ? 0 : 'g->x_zero');
    const tap = codeText('tap[k]', weightsZero === 0 ? 0 : 'weights_zero');
    const biasType = bias === undefined ? 'int32_t' : bias.storage.type;
    const parameters = [
      `const ${x.storage.type} *x, const ${weights.storage.type} *weights, const ${biasType} *bias`,
      `${output.storage.type} *y, const struct convolution *g, const struct requantize *q${exact ? '' : ', const struct accumulator *p'}`,
    ];
    const start = `const ${exact ? sum : 'int64_t'} first_sum = bias == NULL ? 0 : bias[o];`;
    const products = exact
      ? `${start.replace('const ', '').replace('first_sum', 'sum')}
${taps(weights.storage.type, x.storage.type, `sum += ${cast}${pixel} * ${tap};`).trim()}`
      : emulationText(library, accumulator, `${cast}${pixel} * ${tap}`, {
          x: x.storage.type,
          weights: weights.storage.type,
        });
    const zero = weightsZero === 0 ? '' : 'const int weights_zero = g->weights_zero[o * g->weights_zeros];\n';
    const inner = `
${zero}${products}
const int64_t code = requantize(q, sum, (size_t)o, element);
if (code == TRAPPED) return 1;
y[element] = (${output.storage.type})code;`;
    return `${loopsText(`int ${name}`, parameters, inner)}\n  return 0;\n}`;
  });
}
