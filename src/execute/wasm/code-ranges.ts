/** What the codes of a tensor can be, by what computes them: narrower than its format says, for kernels that need it. */
import { codeRange } from '../../formats/format.js';
import type { Window } from '../../program/instructions.js';
import type { Program } from '../../program/program.js';
import type { CodeRange } from './rounding.js';

/** One range per tensor; undefined for float32. */
export function codeRanges({ tensors, instructions }: Program): (CodeRange | undefined)[] {
  const ranges = tensors.map(({ format }) => (format === null ? undefined : codeRange(format)));
  for (const instruction of instructions) {
    const { output, inputs } = instruction;
    const own = ranges[output];
    if (own === undefined) continue;
    switch (instruction.op) {
      case 'convolution':
      case 'gemm':
      case 'add':
      case 'multiply':
      case 'clamp':
        if (instruction.clamp !== null) ranges[output] = within(own, instruction.clamp);
        break;
      case 'maxPool':
        if (meetsInput(instruction.window)) ranges[output] = ranges[inputs[0]];
        break;
      case 'reshape':
      case 'transpose':
      case 'slice':
      case 'concat':
        ranges[output] = within(own, union(inputs.map((input) => ranges[input] ?? own)));
        break;
    }
  }
  return ranges;
}

/** False where a window may lie in the padding, whose maximum is the smallest code. */
function meetsInput({ kernel, pads, dilations }: Window): boolean {
  return pads.every((pad, side) => pad < kernel[side % 2]) && dilations.every((step) => step === 1);
}

function within({ low, high }: CodeRange, bounds: CodeRange): CodeRange {
  const limit = (code: number) => Math.min(Math.max(code, bounds.low), bounds.high);
  return { low: limit(low), high: limit(high) };
}

function union(ranges: readonly CodeRange[]): CodeRange {
  return {
    low: Math.min(...ranges.map(({ low }) => low)),
    high: Math.max(...ranges.map(({ high }) => high)),
  };
}
