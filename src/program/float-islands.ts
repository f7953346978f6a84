/** What a program of codes computes in float32: a float tail, or islands between codes. */
import type { Instruction } from './instructions.js';
import type { Program } from './program.js';

/** An ONNX node that is computed in float32. */
export interface FloatIsland {
  readonly node: string;
  readonly operator: string;
}

/** The instructions that compute float32 values, in order; none where the program is float32 throughout. */
export function floatInstructions({ instructions, tensors }: Program): Instruction[] {
  if (tensors.every(({ format }) => format === null)) return [];
  return instructions.filter(({ op, output }) => op !== 'dequantize' && tensors[output]?.format === null);
}

/** The nodes behind them, in order. */
export function listFloatIslands(program: Program): FloatIsland[] {
  const nodes = new Map(floatInstructions(program).map(({ node, operator }) => [node, operator]));
  nodes.delete('');
  return [...nodes].map(([node, operator]) => ({ node, operator }));
}
