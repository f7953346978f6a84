/** Programs of one convolution with seeded weights, as the compiler would write them. */
import { fixed } from '../dist/formats/format.js';
import { plainAccumulator } from '../dist/program/accumulator.js';

const widths = { int8: [8, 8, 32], int16x8: [16, 8, 32], int16: [16, 16, 64] };

/** Numbers in -1 .. 1 that only depend on the index. */
const noise = (index) => ((Math.imul(index + 1, 2654435761) >>> 8) / 2 ** 24) * 2 - 1;

/** A square convolution of `kind` int8, int16x8 (activations x weights), int16 or float. */
export function layer({ size, channels, outputs, kernel, stride, kind, depthwise = false }) {
  const pad = kernel >> 1;
  const side = Math.floor((size + 2 * pad - kernel) / stride) + 1;
  const perOutput = kernel * kernel * (depthwise ? 1 : channels);
  const count = outputs * perOutput;
  const window = {
    kernel: [kernel, kernel],
    strides: [stride, stride],
    pads: [pad, pad, pad, pad],
    dilations: [1, 1],
  };
  const names = { name: 'layer', node: 'layer', operator: 'Conv', inputs: [0, 1, 2], output: 3 };
  const shared = { op: 'convolution', ...names, window, groups: depthwise ? channels : 1 };
  const shapes = [
    [1, size, size, channels],
    [outputs, kernel, kernel, perOutput / kernel / kernel],
    [outputs],
    [1, side, side, outputs],
  ];
  const tensors = (formats, data) =>
    shapes.map((shape, index) => ({ name: `t${index}`, shape, format: formats[index], data: data[index] }));
  const program = (instruction, formats, data) => ({
    name: 'layer',
    tensors: tensors(formats, data).map(({ data, ...tensor }) => (data ? { ...tensor, data } : tensor)),
    instructions: [instruction],
    inputs: [{ name: 'x', tensor: 0 }],
    outputs: [{ name: 'y', tensor: 3, codes: kind === 'float' ? -1 : 3 }],
    metadata: {},
  });
  const macs = side * side * count;
  if (kind === 'float') {
    const weights = Float32Array.from({ length: count }, (_, index) => noise(index));
    const clamp = { low: 0, high: Number.POSITIVE_INFINITY };
    const formats = [null, null, null, null];
    const instruction = { ...shared, clamp, arithmetic: null };
    return { program: program(instruction, formats, [undefined, weights, new Float32Array(outputs)]), macs };
  }
  const [activationBits, weightBits, accumulatorBits] = widths[kind];
  const largest = 2 ** (weightBits - 1) - 1;
  const weights = (weightBits === 8 ? Int8Array : Int16Array).from({ length: count }, (_, index) =>
    Math.round(noise(index) * largest),
  );
  // Each channel has a shift of its own, and an accumulator as wide as its weights can make it.
  const base = weightBits - 1 + Math.ceil(Math.log2(Math.sqrt(perOutput)));
  const shifts = Array.from({ length: outputs }, (_, index) => base - (index % 3));
  const sums = Array.from({ length: outputs }, (_, output) =>
    weights
      .subarray(output * perOutput, (output + 1) * perOutput)
      .reduce((sum, weight) => sum + Math.abs(weight), 0),
  );
  const provedBits = 1 + Math.ceil(Math.log2(Math.max(...sums) * 2 ** (activationBits - 1) + 1));
  const x = fixed(activationBits, 4);
  const fractions = shifts.map((shift) => shift);
  const formats = [
    x,
    fixed(weightBits, fractions),
    fixed(
      accumulatorBits,
      fractions.map((fraction) => fraction + 4),
    ),
    x,
  ];
  const accumulator = plainAccumulator(Math.max(accumulatorBits, provedBits), provedBits);
  const requantize = { style: 'shift', shift: shifts, rounding: 'halfEven', overflow: 'saturate' };
  const bias = accumulatorBits === 64 ? new BigInt64Array(outputs) : new Int32Array(outputs);
  const clamp = { low: 0, high: 2 ** (activationBits - 1) - 1 };
  const instruction = { ...shared, clamp, arithmetic: { accumulator, requantize } };
  return { program: program(instruction, formats, [undefined, weights, bias]), macs };
}
