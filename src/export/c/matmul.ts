/** matmul in C: docs/arithmetic.md sections 4 and 5. */
import { isExact } from '../../program/accumulator.js';
import type { Instruction } from '../../program/instructions.js';
import { offsetBits } from '../../program/widths.js';
import { broadcastStrides, elementCount } from '../../shape.js';
import { accumulatorText, defineAccumulator, stepText, stepVariables } from './accumulate.js';
import { type Call, type Context, typedName, zeroPointOf } from './context.js';
import { defineRequantizeFunction, requantizeText } from './requantize.js';
import { stridedText } from './strided.js';

/** Where the first products of each output element are: distances along the axes of the output. */
function strides(operand: readonly number[], output: readonly number[], matrix: readonly number[]): number[] {
  return [...broadcastStrides(operand, output).slice(0, -2), ...matrix];
}

export function writeMatmul(instruction: Instruction<'matmul'>, context: Context): Call {
  const { arithmetic } = instruction;
  const { library, inputs, output } = context;
  const [a, b] = inputs;
  const { shape } = output.tensor;
  const depth = a.tensor.shape[a.tensor.shape.length - 1];
  const columns = shape[shape.length - 1];
  const places = [
    stridedText(library, shape, strides(a.tensor.shape, shape, [depth, 0])),
    stridedText(library, shape, strides(b.tensor.shape, shape, [0, 1])),
  ].map((text) => context.describe('struct strided', text));
  const pointers = [a, b, output].map(({ pointer }) => pointer).join(', ');
  const common = `${pointers}, ${elementCount(shape)}, ${depth}, ${columns}, ${places.join(', ')}`;
  const name = typedName('matmul', a, b, output);
  if (arithmetic === null) {
    library.define(name, () => matmulText(name, 'void', context, '', 'float sum = 0.0f;', floatProduct, ''));
    return { text: `${name}(${common})`, fails: false };
  }
  const { accumulator } = arithmetic;
  const exact = isExact(accumulator);
  const own = exact ? name : `${name}_${defineAccumulator(library, accumulator)}`;
  library.define(own, () => {
    defineRequantizeFunction(library);
    const register = exact ? '' : ', const struct accumulator *p';
    const parameters = `,\n  int a_zero, int b_zero, const struct requantize *q${register}`;
    const product = '(int64_t)(left[k] - a_zero) * (right[k * columns] - b_zero)';
    const sum = exact
      ? { start: 'int64_t sum = 0;', add: `sum += ${product};` }
      : {
          start: `${stepVariables(accumulator)}\nint64_t sum = 0;\nconst int total = (int)depth;`.replaceAll(
            '\n',
            '\n    ',
          ),
          add: `{
      step += ${product};
      if (++count % p->lanes != 0 && count < total) continue;
      ${stepText(library, accumulator).replaceAll('\n', '\n      ')}
    }`,
        };
    return matmulText(own, 'int', context, parameters, sum.start, sum.add, '\n  return 0;');
  });
  const products =
    offsetBits(a.tensor.format!) + offsetBits(b.tensor.format!) + Math.ceil(Math.log2(depth + 1));
  const bits = exact ? products : accumulator.bits;
  const text = requantizeText(library, arithmetic.requantize, bits, output.tensor.format!, null);
  const q = context.describe('struct requantize', text);
  const zeros = inputs.map((input) => zeroPointOf(instruction, input)).join(', ');
  const register = exact ? '' : `, ${context.describe('struct accumulator', accumulatorText(accumulator))}`;
  return { text: `${own}(${common}, ${zeros}, ${q}${register})`, fails: true };
}

const floatProduct = `{
      const float product = left[k] * right[k * columns];
      sum = sum + product;
    }`;

function matmulText(
  name: string,
  result: 'int' | 'void',
  { inputs: [a, b], output }: Context,
  parameters: string,
  start: string,
  product: string,
  end: string,
): string {
  const store =
    result === 'void'
      ? 'y[element] = sum;'
      : `const int64_t code = requantize(q, sum, element % columns, element);
    if (code == TRAPPED) return 1;
    y[element] = (${output.storage.type})code;`;
  return `
static ${result} ${name}(
  const ${a.storage.type} *a, const ${b.storage.type} *b, ${output.storage.type} *y,
  size_t elements, size_t depth, size_t columns, const struct strided *at_a, const struct strided *at_b${parameters})
{
  for (size_t element = 0; element < elements; element++) {
    const ${a.storage.type} *left = a + place(element, at_a);
    const ${b.storage.type} *right = b + place(element, at_b);
    ${start}
    for (size_t k = 0; k < depth; k++) ${product}
    ${store}
  }${end}
}`;
}
