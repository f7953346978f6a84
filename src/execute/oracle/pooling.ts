/** maxPool and averagePool: docs/arithmetic.md section 5. */
import { codeRange } from '../../formats/format.js';
import type { Instruction } from '../../program/instructions.js';
import {
  check,
  checkCodes,
  checkFloat,
  checkInputs,
  checkSameFormat,
  createCentred,
  numbers,
  type Operands,
  type Run,
} from './operands.js';
import { createStore } from './store-codes.js';
import { checkWindow, forEachWindow, type Taps } from './windows.js';

const { fround } = Math;

function checkPool({ where, inputs, output }: Operands): void {
  const [channels, outputs] = [inputs[0].shape[3], output.shape[3]];
  check(channels === outputs, where, 'the channels differ', String(channels), String(outputs));
}

export function prepareMaxPool({ window }: Instruction<'maxPool'>, operands: Operands): Run {
  const { where, inputs, output } = operands;
  checkInputs(operands, 1);
  const [input] = inputs;
  checkWindow(where, window, input, output);
  checkPool(operands);
  checkSameFormat(where, [input, output]);
  const x = numbers(where, input);
  const y = numbers(where, output);
  const start = input.format === null ? -Infinity : codeRange(input.format).low;
  const channels = input.shape[3];
  return () => {
    forEachWindow(window, input.shape, output.shape, (position, taps) => {
      for (let c = 0; c < channels; c++) {
        let greatest = start;
        for (let t = 0; t < taps.count; t++) {
          const value = x[taps.pixels[t] * channels + c];
          if (greatest < value) greatest = value;
        }
        y[position * channels + c] = greatest;
      }
    });
  };
}

export function prepareAveragePool(instruction: Instruction<'averagePool'>, operands: Operands): Run {
  const { window, countIncludePad } = instruction;
  const { where, inputs, output } = operands;
  checkInputs(operands, 1);
  const [input] = inputs;
  checkWindow(where, window, input, output);
  checkPool(operands);
  const channels = input.shape[3];
  const countOf = (taps: Taps) => (countIncludePad ? taps.padded : taps.count);
  if (input.format !== null || output.format !== null) return prepareCodes(instruction, operands, countOf);
  checkFloat(where, [input, output]);
  const x = numbers(where, input);
  const y = numbers(where, output);
  return () => {
    forEachWindow(window, input.shape, output.shape, (position, taps) => {
      const reciprocal = fround(1 / countOf(taps));
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let t = 0; t < taps.count; t++) sum = fround(sum + x[taps.pixels[t] * channels + c]);
        y[position * channels + c] = fround(sum * reciprocal);
      }
    });
  };
}

function prepareCodes(
  instruction: Instruction<'averagePool'>,
  operands: Operands,
  countOf: (taps: Taps) => number,
): Run {
  const { window, scalings, overflow } = instruction;
  const { where, inputs, output } = operands;
  const [input] = inputs;
  checkCodes(where, [input, output]);
  const stores = new Map(
    scalings.map(({ count, scaling }) => [count, createStore(operands, { ...scaling, overflow }, null)]),
  );
  const known = [...stores.keys()].join(', ');
  forEachWindow(window, input.shape, output.shape, (_, taps) => {
    const count = countOf(taps);
    check(stores.has(count), where, 'has no scaling for a window', String(count), known);
  });
  const read = createCentred(where, input);
  const channels = input.shape[3];
  return () => {
    const x = read();
    forEachWindow(window, input.shape, output.shape, (position, taps) => {
      const store = stores.get(countOf(taps))!;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let t = 0; t < taps.count; t++) sum += x[taps.pixels[t] * channels + c];
        store(position * channels + c, c, sum);
      }
    });
  };
}
