/**
 * How far accumulators get on real data: beside every convolution and gemm stands a probe, the same products shifted so that
 * the 16 highest bits that the weights can reach remain. Probes change nothing that others read.
 */

import { bitsFor } from '../compile/ranges.js';
import { at, fixed } from '../formats/format.js';
import type { Instruction } from '../program/instructions.js';
import type { Program, ProgramTensor } from '../program/program.js';

/** Codes of a probe. */
const PROBE_BITS = 16;

export interface Probe {
  /** Index of the probing instruction in the program with probes. */
  readonly instruction: number;
  /** Name of the node that is probed. */
  readonly node: string;
  readonly provedBits: number;
  /** Low bits that the probe drops, per output channel. */
  readonly dropped: readonly number[];
}

/** The program with a probe behind every instruction that accumulates products with a proved width. */
export function addProbes(program: Program): { program: Program; probes: Probe[] } {
  const tensors: ProgramTensor[] = [...program.tensors];
  const instructions: Instruction[] = [];
  const probes: Probe[] = [];
  for (const instruction of program.instructions) {
    instructions.push(instruction);
    if (instruction.op !== 'convolution' && instruction.op !== 'gemm') continue;
    const { arithmetic, inputs, output, node } = instruction;
    if (arithmetic === null || arithmetic.accumulator.provedBits === 0) continue;
    const { provedBits } = arithmetic.accumulator;
    const weights = program.tensors[inputs[1]];
    const input = at(program.tensors[inputs[0]].format!.fractionBits, 0);
    const positions = Array.from(
      { length: weights.shape[0] },
      (_, channel) => input + at(weights.format!.fractionBits, channel),
    );
    const fractionBits = Math.min(...positions) - Math.max(0, provedBits - PROBE_BITS);
    const dropped = positions.map((position) => position - fractionBits);
    probes.push({ instruction: instructions.length, node, provedBits, dropped });
    const { name, shape } = program.tensors[output];
    tensors.push({ name: `${name}:probe`, shape, format: fixed(PROBE_BITS, fractionBits) });
    instructions.push({
      ...instruction,
      name: `${instruction.name}:probe`,
      node: '',
      clamp: null,
      arithmetic: {
        ...arithmetic,
        requantize: { style: 'shift', shift: dropped, rounding: 'floor', overflow: 'saturate' },
      },
      output: tensors.length - 1,
    });
  }
  return { program: { ...program, tensors, instructions }, probes };
}

/**
 * Width that the accumulators of one sample reached, sign included: exact above the dropped bits, which is where the
 * widest accumulator of a layer is.
 */
export function observedBits(codes: ArrayLike<number>, dropped: readonly number[]): number {
  const channels = dropped.length;
  const low = new Array<number>(channels).fill(0);
  const high = new Array<number>(channels).fill(0);
  for (let index = 0; index < codes.length; ) {
    for (let channel = 0; channel < channels; channel++, index++) {
      const code = codes[index];
      if (code < low[channel]) low[channel] = code;
      else if (code > high[channel]) high[channel] = code;
    }
  }
  return Math.max(
    ...dropped.map((shift, channel) => shift + bitsFor({ low: low[channel], high: high[channel] })),
  );
}
