/**
 * An integer program as an ONNX model of QLinear operators, for ONNX Runtime to run beside ours: the same graph, shapes and
 * weights. Activations become u8 (code + 128, or the code itself where it is never negative) because u8 x s8 is what ONNX Runtime
 * is fastest at; a u8 after a rectifier saturates at 255 where our s8 saturates at 127, so outputs are close, not equal.
 */
import { ProgramError } from '../../errors.js';
import { float, int, ints } from '../../graph/attributes.js';
import type { Graph, Node } from '../../graph/graph.js';
import { float32, int64, type Tensor, type TensorData, type TensorType } from '../../graph/tensor.js';
import type { Model } from '../../onnx/model.js';
import type { Clamp, Instruction, InstructionTable, Window } from '../../program/instructions.js';
import type { Program, ProgramTensor } from '../../program/program.js';

const MICROSOFT = 'com.microsoft';

interface Builder {
  tensor(index: number): ProgramTensor;
  /** Name of the value that a tensor has become. */
  name(index: number): string;
  /** Value, scale and zero point, as QLinear operators take them. */
  triple(index: number): string[];
  scaleAndZero(index: number): string[];
  constant(name: string, tensor: Tensor): string;
  emit(
    operator: string,
    inputs: string[],
    output: number,
    attributes?: Node['attributes'],
    domain?: string,
  ): void;
  /** Says that an output is another name of its input. */
  alias(output: number, input: number): void;
  /** Notes the codes that are never negative, which keep their value as u8. */
  keepSign(instruction: Instruction): void;
  clampSign(output: number, clamp: Clamp | null): void;
}

/**
 * `codes`: inputs and outputs that are codes are u8; else they are float32. Throws a ProgramError for instructions that QLinear operators
 * do not cover.
 */
export function qlinearModel(program: Program, { codes = false } = {}): Model {
  const nodes: Node[] = [];
  const constants = new Map<string, Tensor>();
  const names = new Map<number, string>();
  const nonNegative = new Set<number>();
  const tensor = (index: number) => program.tensors[index];
  const name = (index: number) => names.get(index) ?? tensor(index).name;
  const constant = (key: string, value: Tensor) => {
    constants.set(key, value);
    return key;
  };
  const scaleAndZero = (index: number) => {
    const { fractionBits } = tensor(index).format!;
    const zero = Uint8Array.of(nonNegative.has(index) ? 0 : 128);
    return [
      constant(`${name(index)}/scale`, float32([], [2 ** -Number(fractionBits)])),
      constant(`${name(index)}/zero`, { type: 'uint8', shape: [], data: zero }),
    ];
  };
  const builder: Builder = {
    tensor,
    name,
    constant,
    scaleAndZero,
    triple: (index) => [name(index), ...scaleAndZero(index)],
    emit: (operator, inputs, output, attributes = {}, domain = '') => {
      const outputs = [name(output)];
      nodes.push({ name: `${operator}:${outputs[0]}`, operator, domain, inputs, outputs, attributes });
    },
    alias: (output, input) => void names.set(output, name(input)),
    keepSign: ({ inputs, output }) => {
      if (inputs.every((input) => nonNegative.has(input))) nonNegative.add(output);
    },
    clampSign: (output, clamp) => {
      if (clamp?.low === 0) nonNegative.add(output);
    },
  };
  for (const instruction of program.instructions) {
    const translate = operators[instruction.op] as
      | ((entry: Instruction, target: Builder) => void)
      | undefined;
    if (translate === undefined)
      throw new ProgramError({ where: instruction.op, what: 'has no QLinear operator' });
    translate(instruction, builder);
  }
  const types = new Map<string, TensorType>();
  const outputs = program.outputs.map(({ tensor: index }) => {
    const { format, shape } = tensor(index);
    const real = format === null || codes ? name(index) : `${name(index)}/real`;
    types.set(real, {
      type: format !== null && codes ? 'uint8' : 'float32',
      shape: codes ? channelsSecond(shape) : shape,
    });
    if (codes) return real;
    if (format !== null)
      nodes.push({
        name: real,
        operator: 'DequantizeLinear',
        domain: '',
        inputs: builder.triple(index),
        outputs: [real],
        attributes: {},
      });
    return real;
  });
  const inputs = program.inputs.map(({ tensor: index }) => {
    const { format, shape } = tensor(index);
    const type = format !== null && codes ? ('uint8' as const) : ('float32' as const);
    return { name: name(index), type, shape: codes ? channelsSecond(shape) : shape };
  });
  const graph: Graph = { name: program.name || 'graph', opset: 13, nodes, inputs, outputs, constants, types };
  return { graph, irVersion: 8, opsetImports: { '': 13, [MICROSOFT]: 1 }, rest: {} };
}

/** The shape in ONNX of a tensor whose channels are last here. */
function channelsSecond(shape: readonly number[]): readonly number[] {
  return shape.length === 4 ? [shape[0], shape[3], shape[1], shape[2]] : shape;
}

/** True where a reshape only moves the channels of an image, of one pixel or one channel, from second to last or back. */
function isLayoutChange(from: readonly number[], to: readonly number[]): boolean {
  if (from.length !== 4 || to.length !== 4) return false;
  return channelsSecond(from).join() === to.join() || channelsSecond(to).join() === from.join();
}

/** Elements of weights [O, kh, kw, I] in the order [O, I, kh, kw]. */
function channelsFirst({ shape, data }: ProgramTensor): { shape: number[]; data: Int8Array } {
  const [outputs, height, width, inputs] = shape;
  const taps = height * width;
  const moved = new Int8Array(data!.length);
  let target = 0;
  for (let o = 0; o < outputs; o++)
    for (let i = 0; i < inputs; i++)
      for (let tap = 0; tap < taps; tap++) moved[target++] = Number(data![(o * taps + tap) * inputs + i]);
  return { shape: [outputs, inputs, height, width], data: moved };
}

/** Operands of a QLinear product after its input: weights with scale and zero point, and the bias where there is one. */
function weightOperands(
  { tensor, name, constant }: Builder,
  [, weights, bias]: readonly number[],
  shape: readonly number[],
  data: TensorData,
): { weights: string[]; bias: string[] } {
  const channels = shape[0];
  const fractions = [tensor(weights).format!.fractionBits].flat();
  const scales = Array.from({ length: channels }, (_, channel) => 2 ** -(fractions[channel] ?? fractions[0]));
  const key = name(weights);
  return {
    weights: [
      constant(key, { type: 'int8', shape, data }),
      constant(`${key}/scale`, float32([channels], scales)),
      constant(`${key}/zero`, { type: 'int8', shape: [channels], data: new Int8Array(channels) }),
    ],
    bias:
      bias === undefined
        ? []
        : [constant(name(bias), { type: 'int32', shape: [channels], data: tensor(bias).data as Int32Array })],
  };
}

function windowAttributes({ kernel, strides, pads }: Window): Node['attributes'] {
  return { kernel_shape: ints(kernel), strides: ints(strides), pads: ints(pads) };
}

const operators: Partial<InstructionTable<[Builder], void>> = {
  quantize: ({ inputs, output }, { name, scaleAndZero, emit }) =>
    emit('QuantizeLinear', [name(inputs[0]), ...scaleAndZero(output)], output),
  dequantize: ({ inputs, output }, { triple, emit }) => emit('DequantizeLinear', triple(inputs[0]), output),
  /** Between channels last and channels first there is nothing to do: ONNX values stay as they are. */
  transpose(instruction, { alias, keepSign }) {
    alias(instruction.output, instruction.inputs[0]);
    keepSign(instruction);
  },
  convolution({ inputs, output, clamp, window, groups }, builder) {
    builder.clampSign(output, clamp);
    const { shape, data } = channelsFirst(builder.tensor(inputs[1]));
    const { weights, bias } = weightOperands(builder, inputs, shape, data);
    const operands = [...builder.triple(inputs[0]), ...weights, ...builder.scaleAndZero(output), ...bias];
    const attributes = { ...windowAttributes(window), dilations: ints(window.dilations), group: int(groups) };
    builder.emit('QLinearConv', operands, output, attributes);
  },
  gemm({ inputs, output, clamp }, builder) {
    builder.clampSign(output, clamp);
    const { shape, data } = builder.tensor(inputs[1]);
    const { weights, bias } = weightOperands(builder, inputs, shape, data as Int8Array);
    const optional = bias.length > 0 ? bias : [''];
    const operands = [...builder.triple(inputs[0]), ...weights, ...optional, ...builder.scaleAndZero(output)];
    builder.emit('QGemm', operands, output, { transB: int(1) }, MICROSOFT);
  },
  add({ inputs, output, clamp }, { clampSign, triple, scaleAndZero, emit }) {
    clampSign(output, clamp);
    emit('QLinearAdd', [...inputs.flatMap(triple), ...scaleAndZero(output)], output, {}, MICROSOFT);
  },
  maxPool(instruction, { keepSign, name, emit }) {
    keepSign(instruction);
    const { inputs, output, window } = instruction;
    emit('MaxPool', [name(inputs[0])], output, windowAttributes(window));
  },
  averagePool(instruction, { tensor, keepSign, triple, scaleAndZero, emit }) {
    keepSign(instruction);
    const { inputs, output, window, countIncludePad } = instruction;
    const operands = [...triple(inputs[0]), ...scaleAndZero(output)];
    const [, height, width] = tensor(inputs[0]).shape;
    if (window.kernel[0] === height && window.kernel[1] === width)
      emit('QLinearGlobalAveragePool', operands, output, { channels_last: int(0) }, MICROSOFT);
    else {
      const attributes = { ...windowAttributes(window), count_include_pad: int(countIncludePad ? 1 : 0) };
      emit('QLinearAveragePool', operands, output, attributes, MICROSOFT);
    }
  },
  concat(instruction, { keepSign, triple, scaleAndZero, emit }) {
    keepSign(instruction);
    const { inputs, output } = instruction;
    emit(
      'QLinearConcat',
      [...scaleAndZero(output), ...inputs.flatMap(triple)],
      output,
      { axis: int(1) },
      MICROSOFT,
    );
  },
  /** One pixel with its channels last is what the compiler makes of a vector that becomes an image. */
  reshape(instruction, { tensor, keepSign, name, alias, constant, emit }) {
    keepSign(instruction);
    const { inputs, output } = instruction;
    const { shape } = tensor(output);
    if (isLayoutChange(tensor(inputs[0]).shape, shape)) return alias(output, inputs[0]);
    const dims = shape[1] === 1 && shape[2] === 1 ? channelsSecond(shape) : shape;
    emit('Reshape', [name(inputs[0]), constant(`${name(output)}/shape`, int64([dims.length], dims))], output);
  },
  softmax: ({ inputs, output }, { name, emit }) =>
    emit('Softmax', [name(inputs[0])], output, { axis: int(1) }),
  localResponseNormalization({ inputs, output, size, alpha, beta, bias }, { name, emit }) {
    const attributes = { size: int(size), alpha: float(alpha), beta: float(beta), bias: float(bias) };
    emit('LRN', [name(inputs[0])], output, attributes);
  },
};
