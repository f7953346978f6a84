/**
 * Quant (IntQuant), BipolarQuant and Trunc of QONNX, every step in float32 as its reference computes it: github.com/fastmachinelearning/qonnx,
 * src/qonnx/custom_op/general. What they give are real numbers on a grid.
 */
import { fixed } from '../formats/format.js';
import { type Rounding, roundReal } from '../formats/rounding.js';
import { formatOfScale } from '../formats/scale.js';
import { intAttribute, stringAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import { float32, type Tensor, type TensorType } from '../graph/tensor.js';
import { nodeError, outputType, required, scalar, shapeText } from './check.js';
import type { ConstantInput, Operator } from './operator.js';
import { requireOneScale, requirePositive } from './quantization.js';
import type { Step } from './steps.js';
import { broadcastShapes } from './strided.js';

const domains = ['qonnx.custom_op.general', 'onnx.brevitas', 'finn.custom_op.general'];

/** By the rows of the table of ties in docs/arithmetic.md; upper or lower case. */
const roundings: Readonly<Record<string, Rounding>> = {
  ROUND: 'halfEven',
  HALF_EVEN: 'halfEven',
  CEIL: 'ceiling',
  FLOOR: 'floor',
  UP: 'awayFromZero',
  DOWN: 'towardZero',
  ROUND_TO_ZERO: 'towardZero',
  HALF_UP: 'halfAwayFromZero',
  HALF_DOWN: 'halfTowardZero',
};

function readRounding(node: Node, otherwise: string): Rounding {
  const name = stringAttribute(node, 'rounding_mode', otherwise);
  if (Object.hasOwn(roundings, name.toUpperCase())) return roundings[name.toUpperCase()];
  throw nodeError(node, 'the rounding mode is unknown', Object.keys(roundings).join(', '), name);
}

/** A constant that broadcasts to x. */
function readConstant(node: Node, x: TensorType, constant: ConstantInput, index: number, what: string) {
  const found = constant(index);
  if (found === undefined)
    throw nodeError(node, `${what} (input ${index}) is computed or missing`, 'a constant');
  if (found.type !== 'float32')
    throw nodeError(node, `${what} (input ${index}) has the wrong type`, 'float32', found.type);
  const wrong = (found.data as Float32Array).find((value) => !Number.isFinite(value));
  if (wrong !== undefined)
    throw nodeError(node, `${what} (input ${index}) is not finite`, undefined, `${wrong}`);
  if (broadcastShapes(node, [x.shape, found.shape]).join() !== x.shape.join())
    throw nodeError(
      node,
      `${what} (input ${index}) does not fit`,
      shapeText(x.shape),
      shapeText(found.shape),
    );
  return found;
}

function readScale(node: Node, x: TensorType, constant: ConstantInput, index: number): Tensor {
  const scale = readConstant(node, x, constant, index, 'the scale');
  requirePositive(node, scale, index);
  return scale;
}

function readBits(node: Node, constant: ConstantInput, index: number): number {
  const bits = scalar(node, constant, index);
  if (bits === undefined) throw nodeError(node, `input ${index} is missing`);
  if (Number.isInteger(bits) && bits >= 1 && bits <= 16) return bits;
  throw nodeError(node, `the bit width (input ${index}) is not supported`, '1 to 16', `${bits}`);
}

interface Grid {
  readonly bits: number;
  readonly signed: boolean;
  readonly narrow: boolean;
}

/** Ranges that no format has: those of one bit, and unsigned ones without their greatest code. */
function clampTo({ bits, signed, narrow }: Grid): Step[] {
  if (signed) return bits > 1 ? [] : [{ kind: 'clamp', low: narrow ? 0 : -1, high: 0 }];
  return bits > 1 && !narrow ? [] : [{ kind: 'clamp', low: 0, high: 2 ** bits - (narrow ? 2 : 1) }];
}

/** Clamps to integers of a width and rounds. Clamping first is the same, because the limits are integers. */
function roundTo(grid: Grid, rounding: Rounding): Step[] {
  const { bits, signed, narrow } = grid;
  const format = fixed(Math.max(bits, 2), 0, { signed, narrow: signed && narrow });
  return [...clampTo(grid), { kind: 'round', rounding, overflow: 'saturate', format }];
}

const isZero = ({ data }: Tensor) => (data as Float32Array).every((value) => value === 0);

/** (clamp(round(x / scale + zeroPoint)) - zeroPoint) * scale; one signed bit is -1 or 1. */
function quantSteps(node: Node, x: TensorType, constant: ConstantInput): Step[] {
  const scale = readScale(node, x, constant, 1);
  const zero = readConstant(node, x, constant, 2, 'the zero point');
  const grid = {
    bits: readBits(node, constant, 3),
    signed: intAttribute(node, 'signed', 1) !== 0,
    narrow: intAttribute(node, 'narrow', 0) !== 0,
  };
  const rounding = readRounding(node, 'ROUND');
  const isBipolar = grid.signed && grid.bits === 1;
  if (clampTo(grid).length === 0 && isZero(zero) && scale.data.length === 1) {
    const { bits, signed, narrow } = grid;
    const scaled = formatOfScale({ bits, signed, scale: Number(scale.data[0]), zeroPoint: 0 });
    const format = { ...scaled, narrow: signed && narrow };
    return [{ kind: 'round', rounding, overflow: 'saturate', format }];
  }
  const moved = (kind: 'add' | 'subtract'): Step[] => (isZero(zero) ? [] : [{ kind, by: zero }]);
  return [
    { kind: 'divide', by: scale },
    ...moved('add'),
    ...(isBipolar ? [{ kind: 'sign' } as const] : roundTo(grid, rounding)),
    ...moved('subtract'),
    { kind: 'multiply', by: scale },
  ];
}

function bipolarSteps(node: Node, x: TensorType, constant: ConstantInput): Step[] {
  return [{ kind: 'sign' }, { kind: 'multiply', by: readScale(node, x, constant, 1) }];
}

/**
 * Version 1 (x, scale, zero point, width before, width after) drops low bits and keeps scale and zero point; version 2 (x, scale,
 * zero point, width before, scale after, width after) has the ratio of the scales, a power of two, and clamps.
 */
function truncSteps(node: Node, x: TensorType, constant: ConstantInput): Step[] {
  const count = node.inputs.length;
  if (count !== 5 && count !== 6)
    throw nodeError(node, 'has the wrong number of inputs', '5 or 6', `${count}`);
  const scale = readScale(node, x, constant, 1);
  const zero = readConstant(node, x, constant, 2, 'the zero point');
  const rounding = readRounding(node, 'FLOOR');
  const before = readBits(node, constant, 3);
  const bits = readBits(node, constant, count - 1);
  const integers = (signed: boolean, overflow: 'saturate' | 'trap', mode: Rounding): Step => {
    return { kind: 'round', rounding: mode, overflow, format: fixed(16, 0, { signed }) };
  };
  const scaling: Step[] = [
    { kind: 'divide', by: scale },
    { kind: 'add', by: zero },
  ];
  if (count === 5) {
    if (before < bits) throw nodeError(node, 'the truncation adds bits', `at most ${before}`, `${bits}`);
    return [
      ...scaling,
      integers(true, 'trap', 'halfEven'),
      { kind: 'divide', by: float32([], [2 ** (before - bits)]) },
      integers(true, 'trap', rounding),
      { kind: 'subtract', by: zero },
      { kind: 'multiply', by: scale },
    ];
  }
  const result = readScale(node, x, constant, 4);
  requireOneScale(node, scale, 1);
  requireOneScale(node, result, 4);
  const ratio = Math.fround(Number(result.data[0]) / Number(scale.data[0]));
  const dropped = roundReal(Math.log2(ratio), 'halfEven');
  // What the first rounding saturates lies beyond the limits of the second.
  if (!(dropped >= 0 && dropped + bits <= 16))
    throw nodeError(node, 'the truncation is not supported', `0 to ${16 - bits} bits dropped`, `${dropped}`);
  const signed = intAttribute(node, 'signed', 1) !== 0;
  const narrow = intAttribute(node, 'narrow', 0) !== 0;
  const factor = 2 ** dropped;
  return [
    ...scaling,
    integers(signed, 'saturate', 'halfEven'),
    { kind: 'divide', by: float32([], [factor]) },
    ...roundTo({ bits, signed, narrow }, rounding),
    {
      kind: 'subtract',
      by: float32(
        zero.shape,
        (zero.data as Float32Array).map((value) => value / factor),
      ),
    },
    { kind: 'multiply', by: result },
  ];
}

type DescribeSteps = (node: Node, x: TensorType, constant: ConstantInput) => Step[];

const describers: Readonly<Record<string, DescribeSteps>> = {
  Quant: quantSteps,
  IntQuant: quantSteps,
  BipolarQuant: bipolarSteps,
  Trunc: truncSteps,
};

/** True for Quant, IntQuant, BipolarQuant and Trunc of QONNX. */
export function isQonnx({ operator, domain }: Node): boolean {
  return domains.includes(domain) && Object.hasOwn(describers, operator);
}

/** What an operator of QONNX computes of x. Throws a ModelError where its parameters do not fit. */
export function qonnxSteps(node: Node, x: TensorType, constant: ConstantInput): readonly Step[] {
  return describers[node.operator](node, x, constant);
}

/** An operator of QONNX in every domain that has had it. */
function operatorsOf(name: string): Operator[] {
  const steps = describers[name];
  return domains.map((domain) => ({
    name,
    domain,
    since: 1,
    float: true,
    infer(node, inputs, constant) {
      const x = required(node, inputs, 0);
      if (x.type !== 'float32') throw nodeError(node, 'the input has the wrong type', 'float32', x.type);
      steps(node, x, constant);
      return [outputType(node, 'float32', x.shape)];
    },
    lower(node, lowering) {
      const constant = (index: number) => lowering.constant(node.inputs[index] ?? '');
      lowering.steps(node, steps(node, lowering.type(node.inputs[0]), constant));
    },
  }));
}

export const qonnxOperators: readonly Operator[] = Object.keys(describers).flatMap(operatorsOf);
