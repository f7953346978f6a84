/** Instructions that exist in float32 alone, to kernel calls. */
import { type Instruction, NORMALIZE_RESULTS } from '../../program/instructions.js';
import { elementCount } from '../../shape.js';
import { walkBroadcast } from './broadcast.js';
import type { Context } from './context.js';

export function lowerBinary(instruction: Instruction<'binary'>, context: Context): void {
  const { rows, length, rowSteps, steps, starts } = walkBroadcast(
    instruction.inputs,
    instruction.output,
    context,
  );
  const [aRow, bRow] = rowSteps;
  const [aStep, bStep] = steps;
  for (const [a, b, y] of starts) {
    context.unit();
    context.emit(`${instruction.function}_f32_f32_f32`, { a, b, y, rows, length, aRow, bRow, aStep, bStep });
  }
}

export function lowerSelect({ inputs, output }: Instruction<'select'>, context: Context): void {
  const { rows, length, rowSteps, steps, starts } = walkBroadcast(inputs, output, context);
  const [conditionRow, aRow, bRow] = rowSteps;
  const [conditionStep, aStep, bStep] = steps;
  const walk = { rows, length, conditionRow, aRow, bRow, conditionStep, aStep, bStep };
  for (const [condition, a, b, y] of starts) {
    context.unit();
    context.emit('select_f32_f32_f32', { condition, a, b, y, ...walk });
  }
}

export function lowerNormalize(instruction: Instruction<'normalize'>, context: Context): void {
  const { inputs, output, axis, epsilon, result } = instruction;
  const { shape } = context.tensor(inputs[0]);
  context.emit('normalize_f32_f32', {
    x: context.address(inputs[0]),
    y: context.address(output),
    lines: elementCount(shape.slice(0, axis)),
    length: elementCount(shape.slice(axis)),
    epsilon,
    result: NORMALIZE_RESULTS.indexOf(result),
  });
}
