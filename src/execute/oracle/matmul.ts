/** matmul: docs/arithmetic.md sections 4 and 5. */
import { isExact } from '../../program/accumulator.js';
import type { Instruction } from '../../program/instructions.js';
import { broadcastShape, elementCount } from '../../shape.js';
import { createAccumulate } from './accumulate.js';
import {
  check,
  checkCodes,
  checkFloat,
  checkInputs,
  checkShape,
  createCentred,
  numbers,
  type Operands,
  type Run,
  shapeText,
} from './operands.js';
import { createStore, overflowError } from './store-codes.js';
import { broadcastIndex } from './strided-index.js';

const { fround } = Math;

export function prepareMatmul({ arithmetic }: Instruction<'matmul'>, operands: Operands): Run {
  const { where, inputs, output } = operands;
  checkInputs(operands, 2);
  const [a, b] = inputs.map(({ shape }) => shape);
  const both = `${shapeText(a)} and ${shapeText(b)}`;
  const batch = broadcastShape(a.slice(0, -2), b.slice(0, -2));
  const fits = a.length >= 2 && b.length >= 2 && a.at(-1) === b.at(-2) && batch !== undefined;
  check(fits, where, 'the matrices do not fit', '[..., M, K] and [..., K, N]', both);
  const [rows, depth] = a.slice(-2);
  const columns = b[b.length - 1];
  checkShape(where, output, [...batch, rows, columns]);
  const [batchA, batchB] = [a, b].map((shape) => broadcastIndex(shape.slice(0, -2), batch));
  const matrices = elementCount(batch);
  /** Calls `visit` with each output element, its column and where the first products of its sum are. */
  const forEachElement = (visit: (element: number, column: number, a: number, b: number) => void) => {
    for (let matrix = 0, element = 0; matrix < matrices; matrix++)
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++, element++) {
          const left = (batchA[matrix] * rows + row) * depth;
          visit(element, column, left, batchB[matrix] * depth * columns + column);
        }
  };
  if (arithmetic === null) {
    checkFloat(where, [...inputs, output]);
    const [x, w] = inputs.map((input) => numbers(where, input));
    const y = numbers(where, output);
    return () =>
      forEachElement((element, _, left, right) => {
        let sum = 0;
        for (let k = 0; k < depth; k++) sum = fround(sum + fround(x[left + k] * w[right + k * columns]));
        y[element] = sum;
      });
  }
  checkCodes(where, [...inputs, output]);
  check(depth <= 2 ** 20, where, 'has too many products per output', '2^20', String(depth));
  const [readA, readB] = inputs.map((input) => createCentred(where, input));
  const store = createStore(operands, arithmetic.requantize, null);
  const products = new Float64Array(depth);
  const { accumulator } = arithmetic;
  const extents = { row: 1, column: 1, inputChannel: depth };
  const productBits = inputs[0].format!.bits + inputs[1].format!.bits;
  const accumulate = isExact(accumulator)
    ? (values: Float64Array) => values.reduce((sum, value) => sum + value, 0)
    : createAccumulate(accumulator, extents, productBits, where);
  return () => {
    const [x, w] = [readA(), readB()];
    forEachElement((element, column, left, right) => {
      for (let k = 0; k < depth; k++) products[k] = x[left + k] * w[right + k * columns];
      const sum = accumulate(products, 0, (value) => {
        throw overflowError(where, element, value);
      });
      store(element, column, sum);
    });
  };
}
