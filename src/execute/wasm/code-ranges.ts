/** What the codes of a tensor can be, by what computes them: narrower than its format says, for kernels that need it. */
import { type CodeRange, codeRange } from '../../formats/format.js';
import type { Window } from '../../program/instructions.js';
import type { Program, ProgramTensor } from '../../program/program.js';
import { averagedCounts } from '../../program/windows.js';

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
        if (meetsInput(instruction.window, tensors[inputs[0]], tensors[output]))
          ranges[output] = ranges[inputs[0]];
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

/** False where a window lies outside of the input: its maximum is the smallest code. */
function meetsInput(window: Window, input: ProgramTensor, output: ProgramTensor): boolean {
  return averagedCounts(window, input.shape, output.shape, false)[0] > 0;
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
