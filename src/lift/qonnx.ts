/**
 * Quant, IntQuant, BipolarQuant and Trunc of QONNX: codes where they give the integers of one scale and zero point 0, else steps in
 * float32. What they give is real; a value and its codes are one.
 */
import { allocateCodes, codeRange, stepSize } from '../formats/format.js';
import type { Rounding } from '../formats/rounding.js';
import type { Node } from '../graph/graph.js';
import { type ElementType, float32, type Tensor, type TensorType } from '../graph/tensor.js';
import type { ConstantInput } from '../operators/operator.js';
import { qonnxSteps } from '../operators/qonnx.js';
import { foldSteps, type Step } from '../operators/steps.js';
import type { QuantizedConstant } from './constants.js';
import { type Draft, defineReal } from './draft.js';
import { nodeOf } from './nodes.js';
import { type Quantity, sameQuantity, type Width } from './quantity.js';

/** Codes of one scale by one rounding of a quotient. */
export interface RealQuantizer {
  readonly quantity: Quantity;
  readonly rounding: Rounding;
}

function stepsOf(node: Node, draft: Draft): readonly Step[] {
  const constant = (index: number) => draft.constant(node.inputs[index] ?? '');
  return qonnxSteps(node, draft.type(node.inputs[0]), constant);
}

/** What a Quant with one scale and zero point 0 makes of a real value; undefined for every other node. */
export function readRealQuantizer(node: Node, draft: Draft): RealQuantizer | undefined {
  const [step, ...others] = stepsOf(node, draft);
  if (others.length > 0 || step.kind !== 'round') return undefined;
  const { bits, signed, narrow } = step.format;
  const quantity = { bits, signed, narrow, scale: stepSize(step.format), zeroPoint: 0 };
  return { quantity, rounding: step.rounding };
}

export function liftRealQuantizer(node: Node, draft: Draft): void {
  const [x] = node.inputs;
  const [y] = node.outputs;
  const given = draft.quantity(x);
  const quantizer = readRealQuantizer(node, draft);
  if (given !== undefined && quantizer !== undefined && sameQuantity(given, quantizer.quantity)) {
    defineReal(draft, node, y, x);
    return;
  }
  if (given !== undefined && given.bits <= 16 && liftTable(node, draft, given)) return;
  if (quantizer === undefined) {
    liftSteps(node, draft);
    return;
  }
  const { quantity, rounding } = quantizer;
  const codes = codesName(draft, y);
  const identity = { ...node, operator: 'Identity', domain: '', attributes: {} };
  draft.emit({ ...identity, inputs: [x], outputs: [codes] }, [quantity], {
    scaling: { style: 'scale' },
    rounding,
  });
  if (codes !== y) defineReal(draft, node, y, codes);
}

/** The name of the codes behind a real value: its own, unless it is an output of the model. */
export function codesName(draft: Draft, value: string): string {
  return draft.isOutput(value) ? draft.freshName(`${value}/codes`) : value;
}

/** The result for every code of x, where that is integers times one scale. False where it is not. */
function liftTable(node: Node, draft: Draft, { scale, zeroPoint, ...width }: Quantity): boolean {
  const { low, high } = codeRange({ ...width, narrow: false });
  const reals = Float32Array.from({ length: high - low + 1 }, (_, index) => {
    return (low + index - zeroPoint) * scale;
  });
  const steps = stepsOf(node, draft);
  const isUniform = steps.every((step) => !('by' in step) || step.by.data.length === 1);
  // A step that traps may never meet the codes for which it does.
  if (!isUniform || steps.some((step) => step.kind === 'round' && step.overflow === 'trap')) return false;
  const split = splitScale(steps);
  if (split === undefined) return false;
  const [y] = node.outputs;
  const integers = foldSteps(node, float32([reals.length], reals), split.steps).data as Float32Array;
  const own = integerWidth(integers, split.unit);
  if (own === undefined) return false;
  const table = allocateCodes(own, integers.length) as Int16Array;
  table.set(integers.map((value) => multipleOf(value, split.unit)));
  const codes = codesName(draft, y);
  const quantity = { ...own, scale: Number(split.scale.data[0]), zeroPoint: 0 };
  draft.emit(nodeOf('Identity', [node.inputs[0]], codes), [quantity], {
    scaling: { style: 'scale' },
    given: { kind: 'table', table },
  });
  if (codes !== y) defineReal(draft, node, y, codes);
  return true;
}

/** Steps in float32, of whose result the codes are known where they are integers of one scale. */
function liftSteps(node: Node, draft: Draft): void {
  const split = splitScale(stepsOf(node, draft));
  const [y] = node.outputs;
  if (split?.signs !== true || split.scale.data.length > 1) {
    draft.emit(node, []);
    return;
  }
  const real = draft.freshName(`${y}/real`);
  draft.emit({ ...node, outputs: [real] }, []);
  const codes = codesName(draft, y);
  const quantity = { ...signWidth, scale: Number(split.scale.data[0]), zeroPoint: 0 };
  draft.emit(nodeOf('Identity', [real], codes), [quantity]);
  if (codes !== y) defineReal(draft, node, y, codes);
}

/** Holds 1 and -1. */
const signWidth = { bits: 2, signed: true };

interface Split {
  /** Steps that lead to multiples of `unit`. */
  readonly steps: readonly Step[];
  readonly unit: number;
  /** What a multiple of the unit is multiplied by in the end. */
  readonly scale: Tensor;
  /** True where the integers are signs. */
  readonly signs: boolean;
}

/** Integers and the scale behind them; undefined where the steps do not end so. */
function splitScale(steps: readonly Step[]): Split | undefined {
  const last = steps[steps.length - 1];
  if (last.kind === 'multiply') {
    const before = steps.slice(0, -1);
    return { steps: before, unit: 1, scale: last.by, signs: before[before.length - 1].kind === 'sign' };
  }
  if (last.kind !== 'round') return undefined;
  const unit = stepSize(last.format);
  return { steps, unit, scale: float32([], [unit]), signs: false };
}

/** How many times a float32 has a unit, which it was multiplied by. */
const multipleOf = (value: number, unit: number) => Math.round(value / unit);

/** The narrowest codes of at most 16 bits that hold multiples of a unit; undefined where there are none. */
function integerWidth(values: Float32Array, unit: number): Width | undefined {
  let [least, most] = [0, 0];
  for (const value of values) {
    const integer = multipleOf(value, unit);
    if (Math.fround(integer * unit) !== value) return undefined;
    least = Math.min(least, integer);
    most = Math.max(most, integer);
  }
  const signed = least < 0;
  for (let bits = 2; bits <= 16; bits++) {
    const { low, high } = codeRange({ bits, signed, narrow: false });
    if (least >= low && most <= high) return { bits, signed };
  }
  return undefined;
}

/** A constant as an operator of QONNX gives it, and its codes where it has one scale, or several along one axis. */
export function quantizeConstant(
  node: Node,
  x: Tensor,
  type: TensorType,
  constant: ConstantInput,
): { real: Tensor; quantized: QuantizedConstant | undefined } {
  const steps = qonnxSteps(node, type, constant);
  const real = foldSteps(node, x, steps);
  const split = splitScale(steps);
  const axis = split && scaleAxis(split.scale, x.shape);
  if (split === undefined || axis === undefined) return { real, quantized: undefined };
  const integers = foldSteps(node, x, split.steps).data as Float32Array;
  const width = integerWidth(integers, split.unit);
  if (width === undefined) return { real, quantized: undefined };
  const data = allocateCodes(width, integers.length) as Int16Array;
  data.set(integers.map((value) => multipleOf(value, split.unit)));
  const codes = { type: storedType(width), shape: x.shape, data };
  const scale = Array.from(split.scale.data as Float32Array);
  return { real, quantized: { ...width, codes, scale, zeroPoint: scale.map(() => 0), axis } };
}

/** The axis of a tensor along which scales that broadcast to it differ; null for one scale, undefined for more than one axis. */
function scaleAxis({ shape, data }: Tensor, of: readonly number[]): number | null | undefined {
  if (data.length === 1) return null;
  const lead = of.length - shape.length;
  const differing = shape.flatMap((size, axis) => (size > 1 ? [axis + lead] : []));
  return differing.length === 1 ? differing[0] : undefined;
}

function storedType({ bits, signed }: Width): ElementType {
  return `${signed ? '' : 'u'}int${bits <= 8 ? 8 : 16}` as const;
}
