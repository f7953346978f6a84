/**
 * A program as memory holds it: every code as a signed number of 16 bits. Unsigned codes of 16 bits are stored minus 32768, and so are
 * their zero points and all codes that instructions name; what is computed stays the same.
 */
import type { Codes, Format } from '../../formats/format.js';
import { overflowBeyond } from '../../formats/overflow.js';
import type { Overflow } from '../../formats/rounding.js';
import type { Arithmetic, Clamp, Instruction, Requantize } from '../../program/instructions.js';
import type { Program, ProgramTensor } from '../../program/program.js';

const OFFSET = 32768;

/** What is subtracted from a code to store it. */
export function storedOffset(format: Format | null): number {
  return format !== null && format.bits === 16 && !format.signed ? OFFSET : 0;
}

export function storedProgram(program: Program): Program {
  if (program.tensors.every(({ format }) => storedOffset(format) === 0)) return program;
  return {
    ...program,
    tensors: program.tensors.map(storedTensor),
    instructions: program.instructions.map((instruction) =>
      storedOffset(program.tensors[instruction.output].format) === 0
        ? instruction
        : storedInstruction(instruction),
    ),
  };
}

function storedTensor(tensor: ProgramTensor): ProgramTensor {
  const { format, data } = tensor;
  if (format === null || storedOffset(format) === 0) return tensor;
  const { zeroPoint } = format;
  const shifted = {
    ...format,
    signed: true,
    narrow: false,
    zeroPoint: typeof zeroPoint === 'number' ? zeroPoint - OFFSET : zeroPoint.map((entry) => entry - OFFSET),
  };
  if (data === undefined) return { ...tensor, format: shifted };
  return {
    ...tensor,
    format: shifted,
    data: Int16Array.from(data as Exclude<Codes, BigInt64Array>, (code) => code - OFFSET),
  };
}

/** Everything an instruction may say about the codes of its output. */
interface CodeFields {
  readonly clamp?: Clamp | null;
  readonly value?: number;
  readonly overflow?: Overflow;
  readonly requantize?: Requantize | null;
  readonly arithmetic?: Arithmetic | null;
}

function storedInstruction(instruction: Instruction): Instruction {
  const { clamp, value, overflow, requantize, arithmetic } = instruction as CodeFields;
  const fields: CodeFields = {
    ...(clamp && { clamp: { low: clamp.low - OFFSET, high: clamp.high - OFFSET } }),
    ...(value !== undefined && { value: value - OFFSET }),
    ...(overflow !== undefined && { overflow: overflowBeyond(overflow) }),
    ...(requantize && { requantize: storedRequantize(requantize) }),
    ...(arithmetic && {
      arithmetic: { ...arithmetic, requantize: storedRequantize(arithmetic.requantize) },
    }),
  };
  return { ...instruction, ...fields } as Instruction;
}

/** Unsigned codes have one low end. */
function storedRequantize(requantize: Requantize): Requantize {
  return { ...requantize, overflow: overflowBeyond(requantize.overflow) };
}
