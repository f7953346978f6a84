/** softmax to kernel calls. */
import { codeRange } from '../../formats/format.js';
import type { Instruction } from '../../program/instructions.js';
import { elementCount } from '../../shape.js';
import type { Context } from './context.js';

export function lowerSoftmax(instruction: Instruction<'softmax'>, context: Context): void {
  const { axis, inputs, output } = instruction;
  const { shape, format } = context.tensor(output);
  const lines = {
    x: context.address(inputs[0]),
    y: context.address(output),
    outer: elementCount(shape.slice(0, axis)),
    length: shape[axis],
    inner: elementCount(shape.slice(axis + 1)),
  };
  if (format === null) {
    context.emit('softmax_f32_f32', lines);
    return;
  }
  const [exponentials, reciprocals] = inputs.slice(1).map((input) => placeTable(input, context));
  const { low, high } = codeRange(format);
  if (reciprocals === undefined) {
    context.emit('softmaxNewton_i16_i16', { ...lines, exponentials, bits: format.bits, low, high });
  } else {
    context.emit('softmaxTable_i16_i16', {
      ...lines,
      exponentials,
      reciprocals,
      offset: context.offset(output),
      high,
    });
  }
}

/** Address of a table as 32-bit integers. */
function placeTable(index: number, context: Context): number {
  const data = context.tensor(index).data as Int16Array | Int32Array;
  return context.constants.place(data.length * 4, () => Int32Array.from(data), `table ${index}`);
}
