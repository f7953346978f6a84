/** The widths that a network computes with, layer after layer. */
import type { Program, ProgramTensor } from '../program/program.js';

/** Bits, sign included; null where the numbers are float32, absent where a layer has none. */
export interface LayerWidths {
  readonly output: number | null;
  readonly weights?: number | null;
  /** What the sums can reach with these weights; the register where that is not proved. */
  readonly accumulator?: number | null;
}

/** By layer. */
export function findWidths({ instructions, tensors }: Program): Readonly<Record<string, LayerWidths>> {
  const widths: Record<string, LayerWidths> = {};
  const bitsOf = ({ format }: ProgramTensor) => format?.bits ?? null;
  for (const instruction of instructions) {
    const { node, inputs, output } = instruction;
    if (node === '') continue;
    const arithmetic = 'arithmetic' in instruction ? instruction.arithmetic : undefined;
    const constants = inputs.map((input) => tensors[input]).filter(({ data }) => data !== undefined);
    const weights = arithmetic === undefined ? undefined : constants[0];
    widths[node] = {
      ...widths[node],
      output: bitsOf(tensors[output]),
      ...(weights && { weights: bitsOf(weights) }),
      ...(arithmetic && { accumulator: arithmetic.accumulator.provedBits || arithmetic.accumulator.bits }),
    };
  }
  return widths;
}
