/**
 * Whole networks as onnxruntime's quantize_dynamic writes them: every Conv and Gemm as DynamicQuantizeLinear, ConvInteger or MatMulInteger, Cast
 * and Mul. The sums of each are those of onnxruntime, integer for integer.
 */
import { expect } from 'vitest';
import { runPorts } from '#src/execute/ports.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import type { Graph, Node } from '#src/graph/graph.js';
import type { Tensor } from '#src/graph/tensor.js';
import type { DatasetSpec } from '#src/inputs/dataset.js';
import { openDataset } from '#src/inputs/dataset.js';
import { loadModel } from '#src/jobs/load-model.js';
import { shared, sharedTest } from '../shared.js';
import {
  compileModel,
  type ModelParts,
  type NodeText,
  referee,
  scalar,
  type Type,
  type Values,
  values,
} from './models.js';

const networks: readonly { model: string; spec: Omit<DatasetSpec, 'inputs'> }[] = [
  {
    model: 'models/cifar10/resnet20.onnx.gz',
    spec: {
      path: shared('cifar10/test_1000.bin.gz'),
      preprocess: { scale: 1 / 128, offset: -128 },
      limit: 3,
    },
  },
  {
    model: 'models/imagenet/mobilenet_v2_1.0_224.onnx.gz',
    spec: {
      path: shared('imagenet/calibration'),
      preprocess: { crop: 224, mean: 127.5, std: 127.5 },
      limit: 1,
    },
  },
];

/** Unsigned codes of weights with one scale, and a zero point that the range asks for. */
function quantize({ data }: Tensor): { codes: number[]; scale: number; zeroPoint: number } {
  const numbers = Array.from(data as Float32Array);
  const low = numbers.reduce((a, b) => Math.min(a, b), 0);
  const high = numbers.reduce((a, b) => Math.max(a, b), 0);
  const scale = Math.fround((high - low) / 255);
  const zeroPoint = Math.round(-low / scale);
  const code = (value: number) => Math.min(255, Math.max(0, Math.round(value / scale) + zeroPoint));
  return { codes: numbers.map(code), scale, zeroPoint };
}

function dynamicModel(graph: Graph): Omit<ModelParts, 'inputs'> {
  const nodes: NodeText[] = [];
  const constants: Record<string, Values> = {};
  const shapes: Record<string, readonly number[]> = {};
  const outputs: Record<string, Type> = Object.fromEntries(graph.outputs.map((name) => [name, 'float32']));
  const quantised = new Set<string>();
  const define = (name: string, entry: Values) => {
    constants[name] = entry;
    return name;
  };
  const attributesOf = ({ attributes }: Node) => {
    const entries = Object.entries(attributes).filter(([name]) => name !== 'alpha' && name !== 'beta');
    return Object.fromEntries(
      entries.map(([name, { value }]) => [name, value as number | string | number[]]),
    );
  };
  /** ConvInteger or MatMulInteger, its scales and its bias. */
  const product = (node: Node, operator: string, output: string) => {
    const [x, weights, bias = ''] = node.inputs;
    if (!quantised.has(x)) nodes.push(['DynamicQuantizeLinear', [x], [`${x}/q`, `${x}/s`, `${x}/z`]]);
    quantised.add(x);
    const tensor = graph.constants.get(weights)!;
    const { codes, scale, zeroPoint } = quantize(tensor);
    const isMatrix = operator === 'MatMulInteger';
    const [rows, columns] = tensor.shape;
    const laid = isMatrix ? codes.map((_, i) => codes[(i % rows) * columns + Math.floor(i / rows)]) : codes;
    define(`${weights}/q`, values('uint8', isMatrix ? [columns, rows] : tensor.shape, laid));
    define(`${weights}/z`, scalar('uint8', zeroPoint));
    define(`${weights}/s`, scalar('float32', scale));
    const sums = `${output}/sums`;
    outputs[sums] = 'int32';
    const { transB: _, ...attributes } = attributesOf(node);
    nodes.push(
      [operator, [`${x}/q`, `${weights}/q`, `${x}/z`, `${weights}/z`], sums, attributes],
      ['Mul', [`${x}/s`, `${weights}/s`], `${output}/step`],
      ['Cast', [sums], `${output}/cast`, { to: 1 }],
      ['Mul', [`${output}/cast`, `${output}/step`], bias === '' ? output : `${output}/scaled`],
    );
    if (bias === '') return;
    const { data } = graph.constants.get(bias)!;
    const spread = isMatrix ? [rows] : [1, rows, 1, 1];
    const added = define(`${bias}/spread`, values('float32', spread, data as Float32Array));
    nodes.push(['Add', [`${output}/scaled`, added], output]);
  };
  for (const node of graph.nodes) {
    const {
      operator,
      inputs,
      outputs: [y],
      clamp,
    } = node;
    const output = clamp === undefined ? y : `${y}/raw`;
    if (operator === 'Conv') product(node, 'ConvInteger', output);
    else if (operator === 'Gemm') product(node, 'MatMulInteger', output);
    else {
      for (const name of inputs) {
        const tensor = graph.constants.get(name);
        if (tensor?.type !== 'int64') continue;
        // Ends of slices may be the largest int64, which no number holds.
        const entries = Array.from(tensor.data as BigInt64Array, Number);
        shapes[name] = entries.map((entry) => Math.min(entry, 2 ** 31));
      }
      nodes.push([operator, inputs, output, attributesOf(node)]);
    }
    if (clamp === undefined) continue;
    const limits = (['low', 'high'] as const).map((end) => {
      return Number.isFinite(clamp[end]) ? define(`${y}/${end}`, scalar('float32', clamp[end])) : '';
    });
    nodes.push(['Clip', [output, ...limits], y]);
  }
  return { nodes, constants, shapes, outputs };
}

for (const { model, spec } of networks) {
  sharedTest(`${model} quantised dynamically gives the integers of onnxruntime`, async () => {
    const { graph } = loadModel(shared(model));
    const dataset = openDataset({ ...spec, inputs: graph.inputs });
    const [{ name, shape }] = graph.inputs;
    const parts = dynamicModel(graph);
    const data = Array.from(
      { length: dataset.count },
      (_, sample) => dataset.load(sample)[0] as Float32Array,
    );
    const program = compileModel({ ...parts, inputs: { [name]: values('float32', shape, data[0]) } });
    const executor = createWasmExecutor(program);
    for (const sample of data) {
      const expected = await referee({ ...parts, inputs: { [name]: values('float32', shape, sample) } });
      for (const output of runPorts(executor, [sample]).outputs) {
        const wanted = Array.from(expected[output.name]);
        if (parts.outputs[output.name] === 'int32') {
          const differing = wanted.filter((sum, i) => sum !== output.codes![i]).length;
          expect({ output: output.name, differing }).toEqual({ output: output.name, differing: 0 });
          continue;
        }
        // GlobalAveragePool adds up in another order there, and its range decides the scale behind it.
        const largest = Math.max(...wanted.map(Math.abs));
        const errors = wanted.map((value, i) => Math.abs(value - output.values[i]) / largest);
        expect(Math.max(...errors)).toBeLessThan(2e-6);
      }
    }
  });
}
