/** The values of a float program that calibration looks at. */
import type { ObservedValue } from '../execute/executor.js';
import type { Program } from '../program/program.js';

/** Inputs, after the transposition that brings their channels last where there is one, and outputs of nodes. */
export function observedValues(float: Program): ObservedValue[] {
  const inputs = float.inputs.map(({ name, tensor }) => {
    const moved = float.instructions.find((entry) => entry.op === 'transpose' && entry.inputs[0] === tensor);
    return { name, tensor: moved?.output ?? tensor };
  });
  const outputs = float.instructions
    .filter(({ node }) => node !== '')
    .map(({ output }) => ({ name: float.tensors[output].name, tensor: output }));
  return [...inputs, ...outputs];
}
