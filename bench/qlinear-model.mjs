/**
 * An integer program as an ONNX model of QLinear operators, for ONNX Runtime to run beside ours: the same graph, shapes and
 * weights. Activations become u8 (code + 128, or the code itself where it is never negative) because u8 x s8 is what ONNX Runtime
 * is fastest at; a u8 after a rectifier saturates at 255 where our s8 saturates at 127, so outputs are close, not equal.
 */
import { createRequire } from 'node:module';

const { onnx } = createRequire(import.meta.url)('onnx-proto');
const FLOAT = 1;
const UINT8 = 2;
const INT8 = 3;
const INT32 = 6;
const INT64 = 7;

/** Elements of weights [O, kh, kw, I] in the order [O, I, kh, kw]. */
function channelsFirst(data, [outputs, height, width, inputs]) {
  const moved = new data.constructor(data.length);
  let target = 0;
  for (let o = 0; o < outputs; o++)
    for (let i = 0; i < inputs; i++)
      for (let tap = 0; tap < height * width; tap++)
        moved[target++] = data[(o * height * width + tap) * inputs + i];
  return moved;
}

/** Bytes of a ModelProto. Throws for instructions that QLinear operators do not cover. */
export function qlinearModel(program) {
  const nodes = [];
  const initializers = [];
  const names = new Map();
  const nonNegative = new Set();
  const initializer = (name, dims, dataType, array) => {
    initializers.push({
      name,
      dims,
      dataType,
      rawData: new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
    });
    return name;
  };
  const attribute = (name, value) => {
    if (Array.isArray(value)) return { name, type: 7, ints: value };
    return Number.isInteger(value) ? { name, type: 2, i: value } : { name, type: 1, f: value };
  };
  const node = (opType, input, output, attributes = {}, domain = '') => {
    const list = Object.entries(attributes).map(([name, value]) => attribute(name, value));
    nodes.push({ opType, domain, input, output: [output], name: `${opType}:${output}`, attribute: list });
  };
  const tensorOf = (index) => program.tensors[index];
  const name = (index) => names.get(index) ?? tensorOf(index).name;
  const scale = (index) =>
    initializer(
      `scale:${name(index)}:${initializers.length}`,
      [],
      FLOAT,
      Float32Array.of(2 ** -tensorOf(index).format.fractionBits),
    );
  const zeroPoint = (index) =>
    initializer(
      `zero:${name(index)}:${initializers.length}`,
      [],
      UINT8,
      Uint8Array.of(nonNegative.has(index) ? 0 : 128),
    );
  const quantization = (index) => [scale(index), zeroPoint(index)];
  const triple = (index) => [name(index), ...quantization(index)];
  const keepsSign = ({ inputs, output }) =>
    inputs.every((input) => nonNegative.has(input)) && nonNegative.add(output);

  const product = (instruction, weightDims, weightData) => {
    const { inputs, output, clamp } = instruction;
    if (clamp?.low === 0) nonNegative.add(output);
    const [x, w, b] = inputs;
    const { format } = tensorOf(w);
    const channels = weightDims[0];
    const fractions = [format.fractionBits].flat();
    const scales = Float32Array.from(
      { length: channels },
      (_, c) => 2 ** -(fractions.length === 1 ? fractions[0] : fractions[c]),
    );
    const weights = [
      initializer(name(w), weightDims, INT8, weightData),
      initializer(`scale:${name(w)}`, [channels], FLOAT, scales),
      initializer(`zero:${name(w)}`, [channels], INT8, new Int8Array(channels)),
    ];
    const bias = b === undefined ? [] : [initializer(name(b), [channels], INT32, tensorOf(b).data)];
    return { x, output, weights, bias };
  };
  const windowAttributes = ({ kernel, strides, pads, dilations }) => ({
    kernel_shape: [...kernel],
    strides: [...strides],
    pads: [...pads],
    dilations: [...dilations],
  });

  const emit = {
    quantize: ({ inputs, output }) =>
      node('QuantizeLinear', [name(inputs[0]), ...quantization(output)], name(output)),
    dequantize: ({ inputs, output }) => node('DequantizeLinear', triple(inputs[0]), name(output)),
    /** Between channels last and channels first there is nothing to do: ONNX values stay as they are. */
    transpose({ inputs, output }) {
      names.set(output, name(inputs[0]));
      keepsSign({ inputs, output });
    },
    convolution(instruction) {
      const { shape, data } = tensorOf(instruction.inputs[1]);
      const [outputs, height, width, channels] = shape;
      const { x, output, weights, bias } = product(
        instruction,
        [outputs, channels, height, width],
        channelsFirst(data, shape),
      );
      node('QLinearConv', [...triple(x), ...weights, ...quantization(output), ...bias], name(output), {
        ...windowAttributes(instruction.window),
        group: instruction.groups,
      });
    },
    gemm(instruction) {
      const { shape, data } = tensorOf(instruction.inputs[1]);
      const { x, output, weights, bias } = product(instruction, shape, data);
      const operands = [
        ...triple(x),
        ...weights,
        ...(bias.length > 0 ? bias : ['']),
        ...quantization(output),
      ];
      node('QGemm', operands, name(output), { transB: 1 }, 'com.microsoft');
    },
    maxPool(instruction) {
      keepsSign(instruction);
      node(
        'MaxPool',
        [name(instruction.inputs[0])],
        name(instruction.output),
        windowAttributes(instruction.window),
      );
    },
    averagePool(instruction) {
      const { inputs, output, window, countIncludePad } = instruction;
      keepsSign(instruction);
      const operands = [...triple(inputs[0]), ...quantization(output)];
      const [, height, width] = tensorOf(inputs[0]).shape;
      const global = window.kernel[0] === height && window.kernel[1] === width;
      if (global)
        node('QLinearGlobalAveragePool', operands, name(output), { channels_last: 0 }, 'com.microsoft');
      else {
        const { dilations, ...attributes } = windowAttributes(window);
        node(
          'QLinearAveragePool',
          operands,
          name(output),
          { ...attributes, count_include_pad: countIncludePad ? 1 : 0 },
          'com.microsoft',
        );
      }
    },
    add({ inputs, output, clamp }) {
      if (clamp?.low === 0) nonNegative.add(output);
      node(
        'QLinearAdd',
        [...triple(inputs[0]), ...triple(inputs[1]), ...quantization(output)],
        name(output),
        {},
        'com.microsoft',
      );
    },
    concat(instruction) {
      keepsSign(instruction);
      const { inputs, output } = instruction;
      node(
        'QLinearConcat',
        [...quantization(output), ...inputs.flatMap(triple)],
        name(output),
        { axis: 1 },
        'com.microsoft',
      );
    },
    reshape(instruction) {
      const { inputs, output } = instruction;
      keepsSign(instruction);
      const { shape } = tensorOf(output);
      const dims = shape.length === 4 ? [shape[0], shape[3], shape[1], shape[2]] : shape;
      node(
        'Reshape',
        [
          name(inputs[0]),
          initializer(`shape:${name(output)}`, [dims.length], INT64, BigInt64Array.from(dims, BigInt)),
        ],
        name(output),
      );
    },
    softmax: ({ inputs, output }) => node('Softmax', [name(inputs[0])], name(output), { axis: 1 }),
    localResponseNormalization({ inputs, output, size, alpha, beta, bias }) {
      node('LRN', [name(inputs[0])], name(output), { size });
      nodes
        .at(-1)
        .attribute.push(
          ...Object.entries({ alpha, beta, bias }).map(([key, f]) => ({ name: key, type: 1, f })),
        );
    },
  };
  for (const instruction of program.instructions) {
    if (!(instruction.op in emit)) throw new Error(`no QLinear operator for ${instruction.op}`);
    emit[instruction.op](instruction);
  }
  const value = (port, dims) => ({
    name: port,
    type: { tensorType: { elemType: FLOAT, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } },
  });
  const outputs = program.outputs.map(({ tensor }) => {
    const { format, shape } = tensorOf(tensor);
    if (format === null) return value(name(tensor), shape);
    node('DequantizeLinear', triple(tensor), `${name(tensor)}:real`);
    return value(`${name(tensor)}:real`, shape);
  });
  const model = {
    irVersion: 8,
    producerName: 'dynafix bench',
    opsetImport: [
      { domain: '', version: 13 },
      { domain: 'com.microsoft', version: 1 },
    ],
    graph: {
      name: program.name || 'graph',
      node: nodes,
      initializer: initializers,
      input: program.inputs.map(({ tensor }) => value(name(tensor), [...tensorOf(tensor).shape])),
      output: outputs,
    },
  };
  return onnx.ModelProto.encode(onnx.ModelProto.create(model)).finish();
}
