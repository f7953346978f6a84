/** concat, slice, pad, transpose and reshape in C: bits are copied, never changed. */
import type { Instruction } from '../../program/instructions.js';
import { elementCount, stridesOf } from '../../shape.js';
import { type Argument, type Call, type Context, typedName } from './context.js';
import type { Library } from './library.js';
import { stridedText } from './strided.js';
import { floatText } from './text.js';

const sizeOf = ({ tensor }: Argument) => elementCount(tensor.shape);

/** `y[i] = x[place(i)]`. */
function gather(context: Context, strides: readonly number[], offset = 0): Call {
  const { library, inputs, output } = context;
  const [x] = inputs;
  const { type } = x.storage;
  const places = context.describe(
    'struct strided',
    stridedText(library, output.tensor.shape, strides, offset),
  );
  const name = library.define(
    typedName('gather', x),
    () => `
static void ${typedName('gather', x)}(const ${type} *x, ${type} *y, size_t count, const struct strided *from)
{
  for (size_t i = 0; i < count; i++) y[i] = x[place(i, from)];
}`,
  );
  return { text: `${name}(${x.pointer}, ${output.pointer}, ${sizeOf(output)}, ${places})`, fails: false };
}

/** `scatter_TYPE`: `y[place(i)] = x[i]`. */
function defineScatter(library: Library, x: Argument): string {
  const name = typedName('scatter', x);
  const { type } = x.storage;
  return library.define(
    name,
    () => `
static void ${name}(const ${type} *x, ${type} *y, size_t count, const struct strided *to)
{
  for (size_t i = 0; i < count; i++) y[place(i, to)] = x[i];
}`,
  );
}

export function writeConcat({ axis }: Instruction<'concat'>, context: Context): Call {
  const { library, inputs, output } = context;
  const strides = stridesOf(output.tensor.shape);
  let start = 0;
  const calls = inputs.map((input) => {
    const offset = start * strides[axis];
    const to = context.describe('struct strided', stridedText(library, input.tensor.shape, strides, offset));
    start += input.tensor.shape[axis];
    return `${defineScatter(library, input)}(${input.pointer}, ${output.pointer}, ${sizeOf(input)}, ${to})`;
  });
  return { text: calls.join(';\n  '), fails: false };
}

export function writeSlice({ starts, steps }: Instruction<'slice'>, context: Context): Call {
  const strides = stridesOf(context.inputs[0].tensor.shape);
  const offset = starts.reduce((sum, start, axis) => sum + start * strides[axis], 0);
  return gather(
    context,
    strides.map((stride, axis) => stride * steps[axis]),
    offset,
  );
}

export function writeTranspose({ permutation }: Instruction<'transpose'>, context: Context): Call {
  const strides = stridesOf(context.inputs[0].tensor.shape);
  return gather(
    context,
    permutation.map((axis) => strides[axis]),
  );
}

/** Along an axis, the elements at some indices. */
export function writeGather({ axis, indices }: Instruction<'gather'>, context: Context): Call {
  const { library, inputs, output } = context;
  const [x] = inputs;
  const { type } = x.storage;
  const name = library.define(
    typedName('take', x),
    () => `
/* y[line][i] = x[line][indices[i]], elements of \`inner\` each */
static void ${typedName('take', x)}(
  const ${type} *x, ${type} *y, size_t lines, size_t extent, size_t inner, const int32_t *indices, size_t count)
{
  for (size_t line = 0; line < lines; line++)
    for (size_t i = 0; i < count; i++, y += inner)
      memcpy(y, x + (line * extent + (size_t)indices[i]) * inner, inner * sizeof *y);
}`,
  );
  const { shape } = x.tensor;
  const list = context.describe('int32_t', `{${indices.join(', ')}}`);
  const sizes = `${elementCount(shape.slice(0, axis))}, ${shape[axis]}, ${elementCount(shape.slice(axis + 1))}`;
  const text = `${name}(${x.pointer}, ${output.pointer}, ${sizes}, ${list}, ${indices.length})`;
  return { text, fails: false };
}

export function writePad({ before, interior, value }: Instruction<'pad'>, context: Context): Call {
  const { library, inputs, output } = context;
  const [x] = inputs;
  const { type, short } = x.storage;
  const strides = stridesOf(output.tensor.shape);
  const offset = before.reduce((sum, size, axis) => sum + size * strides[axis], 0);
  const apart = strides.map((stride, axis) => stride * (1 + (interior[axis] ?? 0)));
  const to = context.describe('struct strided', stridedText(library, x.tensor.shape, apart, offset));
  const fill = library.define(
    `fill_${short}`,
    () => `
static void fill_${short}(${type} *y, size_t count, ${type} value)
{
  for (size_t i = 0; i < count; i++) y[i] = value;
}`,
  );
  const text = x.tensor.format === null ? floatText(Math.fround(value)) : String(value);
  const scatter = `${defineScatter(library, x)}(${x.pointer}, ${output.pointer}, ${sizeOf(x)}, ${to})`;
  return { text: `${fill}(${output.pointer}, ${sizeOf(output)}, ${text});\n  ${scatter}`, fails: false };
}

export function writeReshape(_: Instruction<'reshape'>, { inputs: [x], output }: Context): Call {
  return {
    text: `memcpy(${output.pointer}, ${x.pointer}, ${sizeOf(output)} * sizeof(${x.storage.type}))`,
    fails: false,
  };
}
