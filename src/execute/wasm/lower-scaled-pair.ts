/** Sums and products of codes by float32 scales, to kernel calls. */
import { at, codeRange } from '../../formats/format.js';
import type { Instruction } from '../../program/instructions.js';
import { walkBroadcast } from './broadcast.js';
import type { Context } from './context.js';

export function lowerScaledPair(instruction: Instruction<'scaledPair'>, context: Context): void {
  const { by, clamp, inputs, output } = instruction;
  const { rows, length, rowSteps, steps, starts } = walkBroadcast(inputs, output, context);
  const zeroPoint = (input: number) => at(context.tensor(input).format!.zeroPoint, 0);
  // The offset of a sum holds the zero points.
  const [aZero, bZero] = by.function === 'product' ? inputs.map(zeroPoint) : [0, 0];
  const [aScale, bScale] = by.function === 'product' ? [by.scale, 0] : by.scales;
  const fields = {
    product: Number(by.function === 'product'),
    aZero,
    bZero,
    aScale,
    bScale,
    offset: by.offset,
    ...(clamp ?? codeRange(context.tensor(output).format!)),
    rows,
    length,
    aRow: rowSteps[0],
    bRow: rowSteps[1],
    aStep: steps[0],
    bStep: steps[1],
  };
  for (const [a, b, y] of starts) {
    context.unit();
    context.emit('scaledPair_i16_i16_i16', { a, b, y, ...fields });
  }
}
