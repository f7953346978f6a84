/** quantize, dequantize, requantize: docs/arithmetic.md section 5. */
import { ExecutionError } from '../../errors.js';
import { createChannelIndex, createQuantizer, floatValue } from '../../formats/convert.js';
import type { Instruction } from '../../program/instructions.js';
import {
  check,
  checkCodes,
  checkFloat,
  checkInputs,
  checkShape,
  createCentred,
  numbers,
  type Operand,
  type Operands,
  type Run,
} from './operands.js';
import { createStore } from './store-codes.js';

/** The format of an operand whose axis, if any, fits its shape. */
function formatOf(where: string, { name, format, shape }: Operand) {
  check(format !== null, where, `"${name}" has the wrong type`, 'codes', 'float32');
  const { axis, fractionBits, mantissa, zeroPoint } = format;
  const lengths = [fractionBits, mantissa, zeroPoint].flatMap((field) =>
    typeof field === 'number' ? [] : [field.length],
  );
  const extent = axis === null ? 'no axis' : String(shape[axis]);
  const fits = axis === null ? lengths.length === 0 : lengths.every((length) => length === shape[axis]);
  check(fits, where, `"${name}" has a wrong number of scales`, extent, lengths.join(', '));
  return format;
}

export function prepareQuantize(instruction: Instruction<'quantize'>, operands: Operands): Run {
  const { where, inputs, output } = operands;
  checkInputs(operands, 1);
  checkFloat(where, inputs);
  checkShape(where, output, inputs[0].shape);
  const x = numbers(where, inputs[0]);
  const codes = numbers(where, output);
  const format = formatOf(where, output);
  const quantize = createQuantizer(
    format,
    instruction.rounding,
    instruction.overflow,
    `instruction "${where}"`,
    instruction,
  );
  const channelOf = createChannelIndex(output.shape, format);
  return () => {
    for (let i = 0; i < x.length; i++) {
      const code = quantize(x[i], channelOf(i), i, (what, got) => {
        throw new ExecutionError({ where: `instruction "${where}", element ${i}`, what, got });
      });
      codes[i] = Number(code);
    }
  };
}

export function prepareDequantize(_: Instruction<'dequantize'>, operands: Operands): Run {
  const { where, inputs, output } = operands;
  checkInputs(operands, 1);
  checkFloat(where, [output]);
  checkShape(where, output, inputs[0].shape);
  const codes = numbers(where, inputs[0]);
  const values = numbers(where, output);
  const format = formatOf(where, inputs[0]);
  const channelOf = createChannelIndex(output.shape, format);
  return () => {
    for (let i = 0; i < codes.length; i++) values[i] = floatValue(codes[i], format, channelOf(i));
  };
}

export function prepareRequantize({ requantize }: Instruction<'requantize'>, operands: Operands): Run {
  const { where, inputs, output } = operands;
  checkInputs(operands, 1);
  checkCodes(where, [inputs[0], output]);
  checkShape(where, output, inputs[0].shape);
  const read = createCentred(where, inputs[0]);
  const store = createStore(operands, requantize, null);
  const channels = output.shape.at(-1) ?? 1;
  return () => {
    const x = read();
    for (let i = 0; i < x.length; i++) store(i, i % channels, x[i]);
  };
}
