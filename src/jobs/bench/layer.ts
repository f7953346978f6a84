/** Programs of one convolution with weights of noise, as the compiler would write them. */
import { type Format, fixed } from '../../formats/format.js';
import { plainAccumulator } from '../../program/accumulator.js';
import type { Clamp, Instruction } from '../../program/instructions.js';
import type { Program, ProgramTensor } from '../../program/program.js';
import { noiseAt } from './noise.js';

/** Bits of activations, weights and accumulators. */
const widths = { int8: [8, 8, 32], int16x8: [16, 8, 32], int16: [16, 16, 64] } as const;

export const LAYER_KINDS = ['int8', 'int16x8', 'int16', 'float'] as const;

export interface Layer {
  readonly kind: (typeof LAYER_KINDS)[number];
  /** Height and width of the input. */
  readonly size: number;
  readonly channels: number;
  readonly outputs: number;
  /** Height and width of the kernel, which is padded by half of it. */
  readonly kernel: number;
  readonly stride: number;
  /** One input and one output channel per group. */
  readonly depthwise?: boolean;
}

function outputSize({ size, kernel, stride }: Layer): number {
  return Math.floor((size + 2 * (kernel >> 1) - kernel) / stride) + 1;
}

const weightsPerOutput = ({ kernel, channels, depthwise }: Layer) =>
  kernel * kernel * (depthwise ? 1 : channels);

export function layerMacs(layer: Layer): number {
  return outputSize(layer) ** 2 * layer.outputs * weightsPerOutput(layer);
}

/** A convolution with a rectifier from one tensor to another, both channels last. */
export function layerProgram(layer: Layer): Program {
  const { kind, size, channels, outputs, kernel, stride, depthwise } = layer;
  const side = outputSize(layer);
  const { formats, weights, bias, clamp, arithmetic } =
    kind === 'float' ? floatParts(layer) : integerParts(layer);
  const tensors: ProgramTensor[] = [
    { name: 'x', shape: [1, size, size, channels], format: formats[0] },
    {
      name: 'weights',
      shape: [outputs, kernel, kernel, depthwise ? 1 : channels],
      format: formats[1],
      data: weights,
    },
    { name: 'bias', shape: [outputs], format: formats[2], data: bias },
    { name: 'y', shape: [1, side, side, outputs], format: formats[3] },
  ];
  const pad = kernel >> 1;
  const instruction: Instruction = {
    op: 'convolution',
    name: 'layer',
    node: 'layer',
    operator: 'Conv',
    inputs: [0, 1, 2],
    output: 3,
    window: {
      kernel: [kernel, kernel],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
      dilations: [1, 1],
    },
    groups: depthwise ? channels : 1,
    clamp,
    arithmetic,
  };
  const outputPort = { name: 'y', tensor: 3, codes: kind === 'float' ? -1 : 3 };
  const inputPort = { name: 'x', tensor: 0 };
  return {
    name: 'layer',
    tensors,
    instructions: [instruction],
    inputs: [inputPort],
    outputs: [outputPort],
    metadata: {},
  };
}

type Convolution = Extract<Instruction, { op: 'convolution' }>;

interface Parts {
  /** Of input, weights, bias and output. */
  readonly formats: readonly (Format | null)[];
  readonly weights: Float32Array | Int8Array | Int16Array;
  readonly bias: Float32Array | Int32Array | BigInt64Array;
  readonly clamp: Clamp;
  readonly arithmetic: Convolution['arithmetic'];
}

function floatParts(layer: Layer): Parts {
  const count = layer.outputs * weightsPerOutput(layer);
  return {
    formats: [null, null, null, null],
    weights: Float32Array.from({ length: count }, (_, index) => noiseAt(index)),
    bias: new Float32Array(layer.outputs),
    clamp: { low: 0, high: Number.POSITIVE_INFINITY },
    arithmetic: null,
  };
}

/** Each channel has a shift of its own, and the accumulator is as wide as the weights can make it. */
function integerParts(layer: Layer): Parts {
  const { kind, outputs } = layer;
  const [activationBits, weightBits, accumulatorBits] = widths[kind as keyof typeof widths];
  const perOutput = weightsPerOutput(layer);
  const largest = 2 ** (weightBits - 1) - 1;
  const weights = new (weightBits === 8 ? Int8Array : Int16Array)(outputs * perOutput);
  const magnitudes = new Array<number>(outputs).fill(0);
  for (let i = 0; i < weights.length; i++) {
    weights[i] = Math.round(noiseAt(i) * largest);
    magnitudes[Math.floor(i / perOutput)] += Math.abs(weights[i]);
  }
  const provedBits = 1 + Math.ceil(Math.log2(Math.max(...magnitudes) * 2 ** (activationBits - 1)));
  const base = weightBits - 1 + Math.ceil(Math.log2(Math.sqrt(perOutput)));
  const shift = Array.from({ length: outputs }, (_, index) => base - (index % 3));
  // As after a rectifier.
  const input = fixed(activationBits - 1, 4, { signed: false });
  const output = fixed(activationBits, 4);
  const sums = fixed(
    accumulatorBits,
    shift.map((bits) => bits + 4),
  );
  return {
    formats: [input, fixed(weightBits, shift), sums, output],
    weights,
    bias: kind === 'int16' ? new BigInt64Array(outputs) : new Int32Array(outputs),
    clamp: { low: 0, high: 2 ** (activationBits - 1) - 1 },
    arithmetic: {
      accumulator: plainAccumulator(Math.max(accumulatorBits, provedBits), provedBits),
      requantize: { style: 'shift', shift, rounding: 'halfEven', overflow: 'saturate' },
    },
  };
}
