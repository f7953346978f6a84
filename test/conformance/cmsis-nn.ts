/** Unit tests of CMSIS-NN: C headers with input, weights, bias, multipliers, shifts and the expected output. */
import { existsSync, readdirSync } from 'node:fs';
import { type CmsisCase, layersOf, readCase } from './cmsis-case.js';
import {
  addition,
  extremum,
  multiplication,
  padding,
  pooling,
  softmax,
  transposition,
} from './cmsis-others.js';
import { convolution, fullyConnected, matrixProduct, transposedConvolution } from './cmsis-products.js';
import { runCodes } from './codes-case.js';
import type { Kind, Outcome, Report } from './kind.js';
import { createSmallProgram, elementsOf, type SmallProgram } from './small-program.js';

type Kernel = (found: CmsisCase, program: SmallProgram, source?: number) => number;

/** Told apart by the numbers that only they have. */
const kernels: readonly (readonly [operator: string, key: string, kernel: Kernel])[] = [
  ['BatchMatMul', 'LHS_ROWS', matrixProduct],
  ['Softmax', 'ROW_SIZE', softmax],
  ['Pad', 'PRE_PAD_H', padding],
  ['Transpose', 'PERM', transposition],
  ['Maximum, Minimum', 'CHANNEL_1', extremum],
  ['Add', 'LEFT_SHIFT', addition],
  ['Mul', 'INPUT1_OFFSET', multiplication],
  ['Pool', 'PADDING_H', pooling],
  ['TransposeConv', 'PAD_X_WITH_OFFSET', transposedConvolution],
  ['FullyConnected', 'ACCUMULATION_DEPTH', fullyConnected],
  ['DepthwiseConv', 'CH_MULT', convolution],
  ['Conv', 'FILTER_X', convolution],
];

/** Kernels of the layers of a network, by the names of their headers. */
const layerKernels: Readonly<Record<string, Kernel>> = {
  conv_2d: convolution,
  depthwise_conv_2d: convolution,
  average_pool_2d: pooling,
  max_pool_2d: pooling,
  fully_connected: fullyConnected,
  softmax,
};

export const cmsisCases: Kind = {
  kind: 'cmsis-nn',
  find: (folder) =>
    readdirSync(folder)
      .filter((name) => existsSync(`${folder}/${name}/test_data.h`))
      .sort(),
  run(folder, name) {
    const layers = layersOf(folder, name);
    return layers.length > 0 ? runNetwork(folder, name, layers) : runKernel(readCase(folder, name));
  },
};

function runKernel(found: CmsisCase): Report {
  const entry = kernels.find(([, key]) => found.has(key));
  if (entry === undefined)
    return { operators: '', outcome: { status: 'unknown', reason: 'a kernel without a rule' } };
  const [operator, , kernel] = entry;
  const operators = `cmsis-nn::${operator}`;
  const program = createSmallProgram(found.name);
  return { operators, outcome: run(program, kernel(found, program), found) };
}

function runNetwork(folder: string, name: string, layers: readonly string[]): Report {
  const whole = readCase(folder, name);
  const program = createSmallProgram(name);
  let tensor: number | undefined;
  const operators: string[] = [];
  for (const layer of layers) {
    const operator = layer.replace(/^.*?layer_\d+_/, '');
    const kernel = layerKernels[operator];
    if (kernel === undefined)
      return { operators: operator, outcome: { status: 'unknown', reason: 'a kernel without a rule' } };
    const found = readCase(folder, name, layer);
    tensor = kernel(tensor === undefined ? withInput(found, whole) : found, program, tensor);
    operators.push(operator);
  }
  const outcome = run(program, tensor!, whole);
  return { operators: [...new Set(operators)].map((own) => `cmsis-nn::${own}`).join('+'), outcome };
}

/** The first layer of a network reads the network's input. */
function withInput(layer: CmsisCase, whole: CmsisCase): CmsisCase {
  const own: CmsisCase = {
    ...layer,
    requireArray: (...names) =>
      names.includes('input') ? whole.requireArray('input') : layer.requireArray(...names),
  };
  return own;
}

const inputNames = [
  ['input', 'input_tensor', 'input1', 'input_tensor_1', 'input_1', 'lhs_input_tensor'],
  ['input2', 'input_tensor_2', 'input_2', 'rhs_input_tensor'],
];

function run(program: SmallProgram, output: number, found: CmsisCase): Outcome {
  const finished = program.finish(output);
  const inputs = finished.inputs.map(({ tensor }, index) =>
    elementsOf(finished.tensors[tensor].format!, found.requireArray(...inputNames[index]).values),
  );
  return runCodes(finished, inputs, found.requireArray('output_ref', 'output').values);
}
