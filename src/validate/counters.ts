/** What instructions counted, added up over samples. */
import { bitsFor } from '../compile/ranges.js';
import type { InstructionCounters } from '../execute/executor.js';
import type { Instruction } from '../program/instructions.js';
import type { LayerSummary } from './summary.js';

/** The counts of two runs as one; null: nothing was counted. */
export function addCounters(
  a: InstructionCounters | null,
  b: InstructionCounters | null,
): InstructionCounters | null {
  if (a === null || b === null) return a ?? b;
  return {
    outputs: a.outputs + b.outputs,
    clipped: a.clipped + b.clipped,
    wraps: a.wraps + b.wraps,
    saturations: a.saturations + b.saturations,
    minimum: Math.min(a.minimum, b.minimum),
    maximum: Math.max(a.maximum, b.maximum),
  };
}

/** What a summary says about the accumulator of an instruction; nothing where it adds up no products. */
export function accumulatorSummary(
  instruction: Instruction,
  counters: InstructionCounters | null,
): Pick<LayerSummary, 'accumulatorBits' | 'wraps' | 'saturations' | 'minimum' | 'maximum' | 'headroomBits'> {
  const products = instruction.op === 'convolution' || instruction.op === 'gemm';
  if (counters === null || !products || instruction.arithmetic === null) return {};
  const { bits, provedBits } = instruction.arithmetic.accumulator;
  const { wraps, saturations, minimum, maximum } = counters;
  const observed = bitsFor({ low: Math.min(0, minimum), high: Math.max(0, maximum) });
  return {
    accumulatorBits: { proved: provedBits, observed },
    wraps,
    saturations,
    minimum,
    maximum,
    headroomBits: bits - observed,
  };
}
