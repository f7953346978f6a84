/** Compares the tensors of a device's folder with those of a run, and explains the first that differs. */
import type { Elements } from '../execute/executor.js';
import { type Difference, differenceText, findDifference } from '../execute/lockstep.js';
import { allocateCodes } from '../formats/format.js';
import type { Program } from '../program/program.js';
import { type DeviceFolder, isLegal } from './device-folder.js';
import { type Explanation, explain } from './explain.js';

/** One side of a comparison: what it has of one sample, by tensor; undefined where it does not have a tensor. */
export interface Recording {
  readonly name: string;
  readonly read: (tensor: number) => Elements | undefined;
}

export interface RecordedDifference {
  readonly difference: Difference;
  /** Absent between two executors, and where neither side has all operands of the instruction. */
  readonly explanation?: Explanation;
  /** Operands of the instruction that the right side does not have, which are those of the left one. */
  readonly assumed?: readonly string[];
}

export interface Comparison {
  /** Instructions whose output both sides have; left out between two executors, which have all. */
  readonly compared?: number;
  readonly different?: RecordedDifference;
}

export function recordingOf(folder: DeviceFolder, sample: number): Recording {
  return { name: folder.path, read: (tensor) => folder.read(sample, tensor) };
}

/**
 * Compares, in program order, the outputs that both sides have, and stops at the first that differs. `left` is taken as
 * right: the changes that are tried start from the program's own arithmetic.
 */
export function compareRecordings(program: Program, left: Recording, right: Recording): Comparison {
  let compared = 0;
  for (const [index, { inputs, output }] of program.instructions.entries()) {
    const expected = left.read(output);
    const device = right.read(output);
    if (expected === undefined || device === undefined) continue;
    compared++;
    const sides = [
      { name: left.name, elements: expected },
      { name: right.name, elements: device },
    ] as const;
    const difference = findDifference(program, index, ...sides);
    if (difference === undefined) continue;
    const operands = new Map<number, Elements>();
    const assumed: string[] = [];
    for (const tensor of new Set(inputs)) {
      const { name, data, format } = program.tensors[tensor];
      if (data !== undefined) continue;
      const own = right.read(tensor);
      const usable = own !== undefined && isLegal(own, format);
      const elements = usable ? own : left.read(tensor);
      if (elements !== undefined) operands.set(tensor, stored(elements, program, tensor));
      if (!usable) assumed.push(name);
    }
    const complete = inputs.every(
      (tensor) => operands.has(tensor) || program.tensors[tensor].data !== undefined,
    );
    const explanation = complete ? explain(program, index, operands, expected, device) : undefined;
    return { compared, different: { difference, explanation, assumed } };
  }
  return { compared };
}

/** Codes in the type that executors take. */
function stored(elements: Elements, program: Program, tensor: number): Elements {
  const { format } = program.tensors[tensor];
  if (format === null) return elements;
  const codes = allocateCodes(format, elements.length);
  for (let i = 0; i < codes.length; i++) codes[i] = elements[i];
  return codes;
}

/** A few lines for people. */
export function recordedDifferenceText({
  difference,
  explanation,
  assumed = [],
}: RecordedDifference): string {
  const lines = [differenceText(difference)];
  if (explanation === undefined) return lines[0];
  const { asDefined, explanations, tried, pattern } = explanation;
  const { left, right } = difference;
  if (asDefined)
    lines.push(
      `${right.executor} has exactly what the program computes; the operands differ, or ${left.executor} computes otherwise`,
    );
  else if (explanations.length === 0)
    lines.push(
      `not explained by any of ${tried} other roundings, overflows, shifts, formats and layouts; ${pattern}`,
    );
  for (const what of explanations) lines.push(`reproduced exactly by: ${what}`);
  if (assumed.length > 0)
    lines.push(`computed from the other side's ${assumed.map((name) => `"${name}"`).join(', ')}`);
  return lines.join('\n');
}
