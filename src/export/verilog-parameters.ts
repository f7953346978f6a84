/** Parameters of the testbench in examples/rtl/ for one convolution. */
import { at, type Format } from '../formats/format.js';
import { keptRange } from '../formats/overflow.js';
import { ROUNDINGS } from '../formats/rounding.js';
import { isExact } from '../program/accumulator.js';
import type { Instruction, Window } from '../program/instructions.js';
import type { Program } from '../program/program.js';

const POINT: Window = { kernel: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] };

/**
 * `localparam` lines for a convolution or gemm on codes that is requantised by shifts, with an accumulator that does not
 * overflow; undefined for what the testbench does not compute.
 */
export function verilogParameters(
  program: Program,
  instruction: Instruction,
  samples: number,
  wordBits: number | undefined,
): string | undefined {
  if (instruction.op !== 'convolution' && instruction.op !== 'gemm') return undefined;
  const { arithmetic, clamp, inputs, output } = instruction;
  if (wordBits !== undefined || arithmetic === null || !isExact(arithmetic.accumulator)) return undefined;
  const { requantize } = arithmetic;
  if (requantize.style !== 'shift' || requantize.overflow === 'trap') return undefined;
  const rounding = (ROUNDINGS as readonly string[]).indexOf(requantize.rounding);
  if (rounding < 0) return undefined;
  const [x, weights, bias] = inputs.map((tensor) => program.tensors[tensor]);
  const y = program.tensors[output];
  if ([x, weights, y].some(({ format }) => new Set([format!.zeroPoint].flat()).size > 1)) return undefined;
  const plane = (shape: readonly number[]) => (shape.length === 4 ? shape : [shape[0], 1, 1, shape[1]]);
  const [batch, height, width, channels] = plane(x.shape);
  const [, rows, columns, outputs] = plane(y.shape);
  const window = instruction.op === 'gemm' ? POINT : instruction.window;
  const groups = instruction.op === 'gemm' ? 1 : instruction.groups;
  const { low, high } = keptRange(y.format!, requantize.overflow);
  const ends = keptRange(y.format!, requantize.overflow, clamp);
  const parameters: Record<string, number> = {
    SAMPLES: samples,
    BATCH: batch,
    HEIGHT: height,
    WIDTH: width,
    CHANNELS: channels,
    ROWS: rows,
    COLUMNS: columns,
    OUTPUTS: outputs,
    GROUPS: groups,
    KERNEL_HEIGHT: window.kernel[0],
    KERNEL_WIDTH: window.kernel[1],
    STRIDE_ROWS: window.strides[0],
    STRIDE_COLUMNS: window.strides[1],
    TOP: window.pads[0],
    LEFT: window.pads[1],
    DILATION_ROWS: window.dilations[0],
    DILATION_COLUMNS: window.dilations[1],
    ...operand('X', x.format!),
    ...operand('WEIGHTS', weights.format!),
    HAS_BIAS: bias === undefined ? 0 : 1,
    BIAS_BITS: bias?.format?.bits ?? 32,
    SUM_BITS: Math.max(arithmetic.accumulator.provedBits, 8),
    ...operand('Y', y.format!),
    ROUNDING: rounding,
    WRAPS: requantize.overflow === 'wrap' ? 1 : 0,
    LOW: low,
    HIGH: high,
    CLAMP_LOW: ends.low,
    CLAMP_HIGH: ends.high,
  };
  const lines = Object.entries(parameters).map(([name, value]) => `localparam ${name} = ${value};`);
  return `${lines.join('\n')}\n`;
}

function operand(prefix: string, format: Format): Record<string, number> {
  return {
    [`${prefix}_BITS`]: format.bits,
    [`${prefix}_SIGNED`]: format.signed ? 1 : 0,
    [`${prefix}_ZERO`]: at(format.zeroPoint, 0),
  };
}
