/** Convolutions and products of CMSIS-NN as instructions. Tensors are channels last as there. */
import { bitsFor } from '#src/compile/ranges.js';
import { fixed } from '#src/formats/format.js';
import { plainAccumulator } from '#src/program/accumulator.js';
import type { Arithmetic, Window } from '#src/program/instructions.js';
import { elementCount } from '#src/shape.js';
import type { CArray } from './c-source.js';
import { activation, type CmsisCase, codesOf, doublingBy, reducedBy, saturating } from './cmsis-case.js';
import { reachedBits, type SmallProgram } from './small-program.js';

/** Two's complement nibbles, low ones first, where a weight takes 4 bits; one number an entry otherwise. */
function weightsOf({ values, bits }: CArray, count: number): { bits: number; values: readonly number[] } {
  if (values.length >= count) return { bits, values: values.map((value) => (value << 24) >> 24) };
  const nibbles = values.flatMap((byte) => [(byte << 28) >> 28, (byte << 24) >> 28]);
  return { bits: 4, values: nibbles.slice(0, count) };
}

/** Arithmetic of the products, with the bias as a tensor: 64-bit where the case has 64-bit biases. */
function productArithmetic(
  found: CmsisCase,
  program: SmallProgram,
  input: number,
  outputs: number,
  weights: readonly number[],
) {
  const bias = found.array('biases', 'bias');
  const perChannel = (...names: string[]) => {
    const values = found.array(...names)?.values;
    return values === undefined || values.length < outputs ? undefined : values.slice(0, outputs);
  };
  const single = found.has('OUTPUT_MULTIPLIER');
  const all = (value: number) => new Array<number>(outputs).fill(value);
  const multipliers = single
    ? all(found.number('OUTPUT_MULTIPLIER'))
    : perChannel('output_mult', 'output_multiplier')!;
  const shifts = single ? all(found.number('OUTPUT_SHIFT')) : perChannel('output_shift')!;
  const wide = bias?.bits === 64;
  const sums = bias?.values.length === outputs ? bias.values : undefined;
  const arithmetic: Arithmetic = {
    accumulator: plainAccumulator(wide ? 64 : 32, reachedBits(program.format(input), outputs, weights, sums)),
    requantize: saturating(wide ? reducedBy(multipliers, shifts) : doublingBy(multipliers, shifts)),
  };
  const constant =
    bias === undefined || sums === undefined ? [] : [program.constant(fixed(bias.bits, 0), [outputs], sums)];
  return { arithmetic, bias: constant };
}

/** Padding after the input that makes room for the output. */
const after = (output: number, stride: number, extent: number, input: number, before: number) =>
  Math.max(0, (output - 1) * stride + extent - input - before);

/** The activations of the case, or those that a layer before has computed. */
export function inputOf(found: CmsisCase, program: SmallProgram, source?: number) {
  if (source !== undefined) return { tensor: source, length: elementCount(program.shape(source)) };
  const array = found.requireArray('input', 'input_tensor');
  return { array, length: array.values.length };
}

function placeInput(
  found: CmsisCase,
  program: SmallProgram,
  { array, tensor }: ReturnType<typeof inputOf>,
  shape: readonly number[],
): number {
  if (array !== undefined) return program.input(codesOf(array, -found.number('INPUT_OFFSET')), shape);
  const format = program.format(tensor!);
  return program.emit('reshape', {}, [tensor!], format, shape);
}

export function convolution(found: CmsisCase, program: SmallProgram, source?: number): number {
  const depthwise = found.has('CH_MULT') || /depthwise/.test(found.name);
  const [height, width] = [found.number('INPUT_H'), found.number('INPUT_W')];
  const batches = found.number('INPUT_BATCHES', 'BATCH_SIZE');
  const input = inputOf(found, program, source);
  const channels = input.length / (batches * height * width);
  const outputs = depthwise
    ? channels * (found.has('CH_MULT') ? found.number('CH_MULT') : 1)
    : found.number('OUT_CH');
  const x = placeInput(found, program, input, [batches, height, width, channels]);
  const kernel: [number, number] = [found.number('FILTER_Y'), found.number('FILTER_X')];
  const strides: [number, number] = [found.number('STRIDE_Y'), found.number('STRIDE_X')];
  const dilations: [number, number] = [found.number('DILATION_Y'), found.number('DILATION_X')];
  const [top, left] = [found.number('PAD_Y'), found.number('PAD_X')];
  const output = [found.number('OUTPUT_H'), found.number('OUTPUT_W')];
  const extent = kernel.map((size, axis) => (size - 1) * dilations[axis] + 1);
  const stored = found.requireArray('weights');
  const taps = kernel[0] * kernel[1];
  // A grouped convolution shows in the number of its weights.
  const whole = depthwise ? outputs * taps : outputs * taps * channels;
  const packed = found.name.includes('int4') ? stored.values.length * 2 : stored.values.length;
  const depth = depthwise ? 1 : Math.min(channels, Math.floor(packed / (outputs * taps)));
  const weights = weightsOf(stored, depthwise ? whole : outputs * taps * depth);
  const arranged = depthwise
    ? Array.from({ length: whole }, (_, i) => weights.values[(i % taps) * outputs + Math.floor(i / taps)])
    : weights.values;
  const w = program.constant(fixed(weights.bits, 0), [outputs, ...kernel, depth], arranged);
  const window: Window = {
    kernel,
    strides,
    dilations,
    pads: [
      top,
      left,
      after(output[0], strides[0], extent[0], height, top),
      after(output[1], strides[1], extent[1], width, left),
    ],
  };
  const { arithmetic, bias } = productArithmetic(found, program, x, outputs, arranged);
  const format = codesOf(program.format(x), found.number('OUTPUT_OFFSET'));
  const fields = { window, groups: channels / depth, clamp: activation(found), arithmetic };
  return program.emit('convolution', fields, [x, w, ...bias], format, [batches, ...output, outputs]);
}

export function fullyConnected(found: CmsisCase, program: SmallProgram, source?: number): number {
  const batches = found.number('INPUT_BATCHES', 'BATCH_SIZE');
  const input = inputOf(found, program, source);
  const depth = input.length / batches;
  const stored = found.requireArray('weights');
  const packed = found.name.includes('int4') ? stored.values.length * 2 : stored.values.length;
  const outputs = source === undefined ? found.number('OUT_CH') : Math.floor(packed / depth);
  const x = placeInput(found, program, input, [batches, depth]);
  const weights = weightsOf(stored, outputs * depth);
  const zero = found.has('FILTER_OFFSET') ? -found.number('FILTER_OFFSET') : 0;
  const w = program.constant(
    fixed(weights.bits, 0, { zeroPoint: zero }),
    [outputs, depth],
    weights.values.slice(0, outputs * depth),
  );
  const centred = weights.values.slice(0, outputs * depth).map((code) => code - zero);
  const { arithmetic, bias } = productArithmetic(found, program, x, outputs, centred);
  const format = codesOf(program.format(x), found.number('OUTPUT_OFFSET'));
  return program.emit('gemm', { clamp: activation(found), arithmetic }, [x, w, ...bias], format, [
    batches,
    outputs,
  ]);
}

/** A convolution with mirrored weights over the input with zeros between its pixels. */
export function transposedConvolution(found: CmsisCase, program: SmallProgram): number {
  const [height, width] = [found.number('INPUT_H'), found.number('INPUT_W')];
  const batches = found.number('INPUT_BATCHES', 'BATCH_SIZE');
  const input = inputOf(found, program);
  const channels = input.length / (batches * height * width);
  const outputs = found.number('OUT_CH');
  const x = placeInput(found, program, input, [batches, height, width, channels]);
  const kernel: [number, number] = [found.number('FILTER_Y'), found.number('FILTER_X')];
  const strides = [found.number('STRIDE_Y'), found.number('STRIDE_X')];
  const pads = [found.number('PAD_Y'), found.number('PAD_X')];
  const output = [found.number('OUTPUT_H'), found.number('OUTPUT_W')];
  const format = program.format(x);
  const spread = [height, width].map((size, axis) => (size - 1) * strides[axis] + 1);
  const before = kernel.map((size, axis) => size - 1 - pads[axis]);
  const behind = kernel.map((size, axis) => output[axis] + size - 1 - before[axis] - spread[axis]);
  const room = (list: readonly number[]) => [0, ...list.map((size) => Math.max(0, size)), 0];
  const padded = program.emit(
    'pad',
    {
      before: room(before),
      after: room(behind),
      interior: [0, strides[0] - 1, strides[1] - 1, 0],
      value: Number(format.zeroPoint),
    },
    [x],
    format,
    [
      batches,
      ...spread.map((size, axis) => size + Math.max(0, before[axis]) + Math.max(0, behind[axis])),
      channels,
    ],
  );
  const stored = weightsOf(found.requireArray('weights'), outputs * kernel[0] * kernel[1] * channels);
  const taps = kernel[0] * kernel[1];
  const mirrored = stored.values.map((_, i) => {
    const [o, rest] = [Math.floor(i / (taps * channels)), i % (taps * channels)];
    const tap = taps - 1 - Math.floor(rest / channels);
    return stored.values[o * taps * channels + tap * channels + (rest % channels)];
  });
  const w = program.constant(fixed(stored.bits, 0), [outputs, ...kernel, channels], mirrored);
  const { arithmetic, bias } = productArithmetic(found, program, x, outputs, mirrored);
  const window: Window = { kernel, strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] };
  const own = codesOf(format, found.number('OUTPUT_OFFSET'));
  const size = program
    .shape(padded)
    .slice(1, 3)
    .map((extent, axis) => extent - kernel[axis] + 1);
  const fields = { window, groups: 1, clamp: activation(found), arithmetic };
  const y = program.emit('convolution', fields, [padded, w, ...bias], own, [batches, ...size, outputs]);
  // What lies before the padding, or behind the output, is cut off.
  const starts = [0, ...before.map((amount) => Math.max(0, -amount)), 0];
  const shape = [batches, ...output, outputs];
  return program.emit('slice', { starts, steps: [1, 1, 1, 1] }, [y], own, shape);
}

/** Products of two activations; with ADJ_X or ADJ_Y, an operand is stored with its last two axes exchanged. */
export function matrixProduct(found: CmsisCase, program: SmallProgram): number {
  const axes = ['BATCH', 'HEIGHT', 'ROWS', 'COLS'];
  const [a, b] = (['LHS', 'RHS'] as const).map((side) => {
    const array = found.requireArray(`${side.toLowerCase()}_input_tensor`);
    const shape = axes.map((axis) => found.number(`${side}_${axis}`));
    const x = program.input(codesOf(array, -found.number(`${side}_OFFSET`)), shape);
    if (found.number(side === 'LHS' ? 'ADJ_X' : 'ADJ_Y') === 0) return x;
    const permutation = [0, 1, 3, 2];
    const output = permutation.map((axis) => shape[axis]);
    return program.emit('transpose', { permutation }, [x], program.format(x), output);
  });
  const { bits } = program.format(a);
  const wide = bits === 16;
  const [multiplier, shift] = [found.number('OUTPUT_MULTIPLIER'), found.number('OUTPUT_SHIFT')];
  const largest = 2 ** (2 * bits) * program.shape(a)[3];
  const arithmetic: Arithmetic = {
    accumulator: plainAccumulator(wide ? 64 : 32, bitsFor({ low: -largest, high: largest })),
    requantize: saturating(wide ? reducedBy(multiplier, shift) : doublingBy(multiplier, shift)),
  };
  const format = codesOf(program.format(a), found.number('OUTPUT_OFFSET'));
  const shape = axes.map((axis) => found.number(`OUTPUT_${axis}`));
  const y = program.emit('matmul', { arithmetic }, [a, b], format, shape);
  return program.emit('clamp', { clamp: activation(found) }, [y], format, shape);
}
