/** reduce and argMax in C. */
import type { Instruction } from '../../program/instructions.js';
import { offsetBits } from '../../program/widths.js';
import { elementCount, stridesOf } from '../../shape.js';
import { type Call, type Context, typedName, zeroPointOf } from './context.js';
import { defineRequantizeFunction, requantizeText } from './requantize.js';
import { stridedText } from './strided.js';

/** Arguments for the place of each output element's first element of x, and from there those of the elements reduced. */
function describeLines(context: Context, axes: readonly number[]) {
  const { library, inputs, output } = context;
  const { shape } = inputs[0].tensor;
  const strides = stridesOf(shape);
  const reduced = shape.map((size, axis) => (axes.includes(axis) ? size : 1));
  const starts = context.describe('struct strided', stridedText(library, output.tensor.shape, strides));
  const steps = context.describe('struct strided', stridedText(library, reduced, strides));
  return `${elementCount(output.tensor.shape)}, ${elementCount(reduced)}, ${starts}, ${steps}`;
}

const LINES = 'size_t count, size_t length, const struct strided *start, const struct strided *step';

export function writeReduce(instruction: Instruction<'reduce'>, context: Context): Call {
  const { function: fn, axes, requantize } = instruction;
  if (requantize !== null) return writeSums(instruction, context);
  const { library, inputs, output } = context;
  const [x] = inputs;
  const { type } = x.storage;
  const lines = describeLines(context, axes);
  const name = typedName(`reduce_${fn}`, x);
  const float = x.tensor.format === null;
  const start = fn === 'sum' ? '0.0f' : `${fn === 'maximum' ? '-' : ''}INFINITY`;
  const first = float ? start : 'x[place(i, start)]';
  const body =
    fn === 'sum'
      ? 'result = result + v;'
      : `if (${fn === 'maximum' ? 'result < v' : 'v < result'}) result = v;`;
  library.define(
    name,
    () => `
static void ${name}(const ${type} *x, ${type} *y, ${LINES})
{
  for (size_t i = 0; i < count; i++) {
    ${type} result = ${first};
    for (size_t j = 0; j < length; j++) {
      const ${type} v = x[place(i, start) + place(j, step)];
      ${body}
    }
    y[i] = result;
  }
}`,
  );
  return { text: `${name}(${x.pointer}, ${output.pointer}, ${lines})`, fails: false };
}

function writeSums(instruction: Instruction<'reduce'>, context: Context): Call {
  const { library, inputs, output } = context;
  const [x] = inputs;
  const lines = describeLines(context, instruction.axes);
  const name = typedName('reduce_sum', x, output);
  library.define(name, () => {
    defineRequantizeFunction(library);
    return `
static int ${name}(
  const ${x.storage.type} *x, ${output.storage.type} *y, ${LINES},
  int x_zero, size_t channels, const struct requantize *q)
{
  for (size_t i = 0; i < count; i++) {
    int64_t sum = 0;
    for (size_t j = 0; j < length; j++) sum += x[place(i, start) + place(j, step)] - x_zero;
    const int64_t code = requantize(q, sum, i % channels, i);
    if (code == TRAPPED) return 1;
    y[i] = (${output.storage.type})code;
  }
  return 0;
}`;
  });
  const length = elementCount(instruction.axes.map((axis) => x.tensor.shape[axis]));
  const bits = offsetBits(x.tensor.format!) + Math.ceil(Math.log2(length + 1));
  const text = requantizeText(library, instruction.requantize!, bits, output.tensor.format!, null);
  const q = context.describe('struct requantize', text);
  const channels = output.tensor.shape.at(-1) ?? 1;
  const zero = zeroPointOf(instruction, x);
  return {
    text: `${name}(${x.pointer}, ${output.pointer}, ${lines}, ${zero}, ${channels}, ${q})`,
    fails: true,
  };
}

export function writeArgMax({ axis, last }: Instruction<'argMax'>, context: Context): Call {
  const { library, inputs, output } = context;
  const [x] = inputs;
  const { type } = x.storage;
  const lines = describeLines(context, [axis]);
  const name = typedName('arg_max', x, output);
  library.define(
    name,
    () => `
/* the index of the largest element: of equal ones the first or, with \`last\`, the last */
static void ${name}(const ${type} *x, ${output.storage.type} *y, ${LINES}, int last)
{
  for (size_t i = 0; i < count; i++) {
    size_t best = 0;
    ${type} leader = x[place(i, start)];
    for (size_t j = 1; j < length; j++) {
      const ${type} v = x[place(i, start) + place(j, step)];
      if (v > leader || (last && v == leader)) {
        best = j;
        leader = v;
      }
    }
    y[i] = (${output.storage.type})best;
  }
}`,
  );
  return { text: `${name}(${x.pointer}, ${output.pointer}, ${lines}, ${Number(last)})`, fails: false };
}
