/** Chains of float32 steps on one value: what operators that imitate integers in float32 are made of. */
import { codeRange, type Format, stepSize } from '../formats/format.js';
import { type Overflow, type Rounding, roundReal } from '../formats/rounding.js';
import type { Node } from '../graph/graph.js';
import { float32, type Tensor } from '../graph/tensor.js';
import { nodeError } from './check.js';
import { broadcast } from './strided.js';

export type Step =
  /** With a float32 constant that broadcasts to the value. */
  | { readonly kind: 'divide' | 'add' | 'subtract' | 'multiply'; readonly by: Tensor }
  | { readonly kind: 'clamp'; readonly low: number; readonly high: number }
  /** To a code of a format with one scale and zero point 0, and back: `quantize` with float32Quotient, `dequantize`. */
  | {
      readonly kind: 'round';
      readonly rounding: Rounding;
      readonly overflow: Extract<Overflow, 'saturate' | 'trap'>;
      readonly format: Format;
    }
  /** 1 where the value is at least 0, else -1. */
  | { readonly kind: 'sign' };

/** Applies the steps to a float32 constant. Throws a ModelError for a NaN that is rounded and for an overflow that traps. */
export function foldSteps(node: Node, x: Tensor, steps: readonly Step[]): Tensor {
  let values = x.data as Float32Array;
  for (const step of steps) values = values.map(elementFunction(node, x.shape, step));
  return float32(x.shape, values);
}

function elementFunction(
  node: Node,
  shape: readonly number[],
  step: Step,
): (x: number, element: number) => number {
  switch (step.kind) {
    case 'sign':
      return (x) => (x >= 0 ? 1 : -1);
    case 'clamp':
      return (x) => Math.min(Math.max(x, step.low), step.high);
    case 'round':
      return (x) => roundTo(node, x, step);
  }
  const by = broadcast(node, step.by, shape).data as Float32Array;
  switch (step.kind) {
    case 'divide':
      return (x, i) => x / by[i];
    case 'multiply':
      return (x, i) => x * by[i];
    case 'add':
      return (x, i) => x + by[i];
    case 'subtract':
      return (x, i) => x - by[i];
  }
}

function roundTo(node: Node, x: number, { rounding, overflow, format }: Extract<Step, { kind: 'round' }>) {
  const size = stepSize(format, 0);
  const rounded = roundReal(Math.fround(x / size), rounding);
  if (Number.isNaN(rounded)) throw nodeError(node, 'a constant is not a number');
  const { low, high } = codeRange(format);
  const code = Math.min(Math.max(rounded, low), high);
  if (overflow === 'trap' && code !== rounded)
    throw nodeError(node, 'a constant overflows', `${low} to ${high}`, `${rounded}`);
  return code * size;
}
