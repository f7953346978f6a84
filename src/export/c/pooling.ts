/** maxPool and averagePool in C: docs/arithmetic.md section 5. */
import { codeRange } from '../../formats/format.js';
import type { Instruction, Window } from '../../program/instructions.js';
import { offsetBits } from '../../program/widths.js';
import { elementCount } from '../../shape.js';
import { type Call, type Context, typedName, zeroPointOf } from './context.js';
import type { Library } from './library.js';
import { defineRequantizeFunction, scalingText, storeText } from './requantize.js';

function describePool(context: Context, window: Window, countIncludePad = false): string {
  const { library, inputs, output } = context;
  library.define(
    'struct pool',
    () => `
/* x [batch, height, width, channels], y [batch, rows, columns, channels] */
struct pool {
  int batch, height, width, channels, rows, columns;
  int kernel_height, kernel_width, stride_rows, stride_columns, top, left, bottom, right;
  int dilation_rows, dilation_columns;
  int count_padding; /* 1 where an average counts the taps in the padding */
};`,
  );
  const [batch, height, width, channels] = inputs[0].tensor.shape;
  const [, rows, columns] = output.tensor.shape;
  const { kernel, strides, pads, dilations } = window;
  const counts = countIncludePad ? ',\n    .count_padding = 1' : '';
  return context.describe(
    'struct pool',
    `{ .batch = ${batch}, .height = ${height}, .width = ${width}, .channels = ${channels}, .rows = ${rows}, .columns = ${columns},
    .kernel_height = ${kernel[0]}, .kernel_width = ${kernel[1]}, .stride_rows = ${strides[0]}, .stride_columns = ${strides[1]},
    .top = ${pads[0]}, .left = ${pads[1]}, .bottom = ${pads[2]}, .right = ${pads[3]},
    .dilation_rows = ${dilations[0]}, .dilation_columns = ${dilations[1]}${counts} }`,
  );
}

/** A function over all windows and channels; `each` stands where a tap lies in the input, at \`at\`. */
function poolText(head: string, first: string, each: string, last: string, counts: boolean): string {
  const padded = `
            if (row >= -g->top && row < g->height + g->bottom && column >= -g->left && column < g->width + g->right)
              padded++;`;
  return `
static ${head}
{
  size_t i = 0;
  for (int n = 0; n < g->batch; n++)
    for (int y_row = 0; y_row < g->rows; y_row++)
      for (int y_column = 0; y_column < g->columns; y_column++)
        for (int channel = 0; channel < g->channels; channel++, i++) {
          ${first}
          for (int r = 0; r < g->kernel_height; r++)
          for (int c = 0; c < g->kernel_width; c++) {
            const int row = y_row * g->stride_rows - g->top + r * g->dilation_rows;
            const int column = y_column * g->stride_columns - g->left + c * g->dilation_columns;${counts ? padded : ''}
            if (row < 0 || row >= g->height || column < 0 || column >= g->width) continue;
            const size_t at = ((size_t)(n * g->height + row) * g->width + column) * g->channels + channel;
            ${each}
          }
          ${last.trim().replaceAll('\n', '\n          ')}
        }`;
}

export function writeMaxPool({ window }: Instruction<'maxPool'>, context: Context): Call {
  const { library, inputs, output } = context;
  const [x] = inputs;
  const { type } = x.storage;
  const format = x.tensor.format;
  const pool = describePool(context, window);
  const name = library.define(typedName('max_pool', x), () => {
    const head = `void ${typedName('max_pool', x)}(const ${type} *x, ${type} *y, ${type} least, const struct pool *g)`;
    const text = poolText(
      head,
      `${type} greatest = least;`,
      'if (greatest < x[at]) greatest = x[at];',
      'y[i] = greatest;',
      false,
    );
    return `${text}\n}`;
  });
  const least = format === null ? '-INFINITY' : String(codeRange(format).low);
  return { text: `${name}(${x.pointer}, ${output.pointer}, ${least}, ${pool})`, fails: false };
}

export function writeAveragePool(instruction: Instruction<'averagePool'>, context: Context): Call {
  const { window, countIncludePad, scalings, overflow } = instruction;
  const { library, inputs, output } = context;
  const [x] = inputs;
  const { format } = output.tensor;
  const pool = describePool(context, window, countIncludePad);
  const count = 'const int count = g->count_padding ? padded : inside;';
  if (format === null) {
    const name = library.define('average_pool_f32', () => {
      const text = poolText(
        'void average_pool_f32(const float *x, float *y, const struct pool *g)',
        'int inside = 0, padded = 0;\n          float sum = 0.0f;',
        'inside++;\n            sum = sum + x[at];',
        `${count}\ny[i] = sum * (1.0f / (float)count);`,
        true,
      );
      return `${text}\n}`;
    });
    return { text: `${name}(${x.pointer}, ${output.pointer}, ${pool})`, fails: false };
  }
  const sums = offsetBits(x.tensor.format!) + Math.ceil(Math.log2(elementCount(window.kernel) + 1));
  const wraps = overflow === 'wrap';
  const own = scalings.map(({ scaling }) => scalingText(library, scaling, sums, wraps));
  const store = storeText(library, null, overflow, format, null);
  const name = defineAverage(library, context);
  const counts = scalings.map(({ count: taps }, i) => `    { ${taps}, ${own[i]} }`);
  const average = context.describe(
    'struct average',
    `{ ${zeroPointOf(instruction, x)}, ${scalings.length}, (const struct count_scaling[]){\n${counts.join(',\n')} },\n    ${store} }`,
  );
  return { text: `${name}(${x.pointer}, ${output.pointer}, ${pool}, ${average})`, fails: true };
}

function defineAverage(library: Library, { inputs: [x], output }: Context): string {
  const name = typedName('average_pool', x, output);
  return library.define(name, () => {
    defineRequantizeFunction(library);
    library.define(
      'struct average',
      () => `
/* how the sum of \`count\` elements is scaled to their mean, for each count that occurs */
struct count_scaling {
  int count;
  struct scaling scaling;
};

struct average {
  int x_zero, counts;
  const struct count_scaling *scalings;
  struct requantize store;
};`,
    );
    const head = `int ${name}(
  const ${x.storage.type} *x, ${output.storage.type} *y, const struct pool *g, const struct average *d)`;
    const last = `
const int count = g->count_padding ? padded : inside;
int entry = 0;
while (entry < d->counts - 1 && d->scalings[entry].count != count) entry++;
struct requantize q = d->store;
q.scaling = d->scalings[entry].scaling;
const int64_t code = requantize(&q, sum, (size_t)channel, i);
if (code == TRAPPED) return 1;
y[i] = (${output.storage.type})code;`;
    const first = 'int inside = 0, padded = 0;\n          int64_t sum = 0;';
    return `${poolText(head, first, 'inside++;\n            sum += x[at] - d->x_zero;', last, true)}\n  return 0;\n}`;
  });
}
