/** Runs a graph with onnxruntime-node, as the referee of what passes may change. Written with onnx-proto alone. */
import { onnx } from 'onnx-proto';
import * as ort from 'onnxruntime-node';
import type { Attribute, Graph, Node } from '#src/graph/graph.js';
import type { ElementType, Tensor, TensorType } from '#src/graph/tensor.js';

const types: Partial<Record<ElementType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9, float64: 11 };

function tensorProto(tensor: Tensor, name = '') {
  const data = tensor.data as Float32Array;
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { name, dims: [...tensor.shape], dataType: types[tensor.type], rawData };
}

function attributeProto(name: string, attribute: Attribute) {
  switch (attribute.kind) {
    case 'int':
      return { name, type: 2, i: attribute.value };
    case 'float':
      return { name, type: 1, f: attribute.value };
    case 'string':
      return { name, type: 3, s: new TextEncoder().encode(attribute.value) };
    case 'ints':
      return { name, type: 7, ints: [...attribute.value] };
    case 'tensor':
      return { name, type: 4, t: tensorProto(attribute.value) };
    default:
      throw new Error(`the referee does not write attributes of kind ${attribute.kind}`);
  }
}

/** HardSwish for operator sets without it. */
function writtenOut({ name, inputs, outputs }: Node): object[] {
  const numbers = { alpha: 1 / 6, beta: 0.5 };
  const attribute = Object.entries(numbers).map(([key, f]) => ({ name: key, type: 1, f }));
  const gate = `${name}#gate`;
  return [
    { name: gate, opType: 'HardSigmoid', input: [...inputs], output: [gate], attribute },
    { name, opType: 'Mul', input: [...inputs, gate], output: [...outputs] },
  ];
}

/** A fused clamp becomes a Clip, whose limits are attributes or inputs. */
function nodeProtos(node: Node, opset: number): { nodes: object[]; limits: object[] } {
  if (opset < 14 && node.operator === 'HardSwish' && node.clamp === undefined)
    return { nodes: writtenOut(node), limits: [] };
  const attribute = Object.entries(node.attributes).map(([name, value]) => attributeProto(name, value));
  // Before operator set 11, ONNX itself has no Gemm without a bias; our graphs have.
  const bareGemm = opset < 11 && node.operator === 'Gemm' && node.inputs.length === 2;
  const input = bareGemm ? [...node.inputs, '#zero'] : [...node.inputs];
  const proto = { name: node.name, opType: node.operator, input, attribute };
  if (node.clamp === undefined) return { nodes: [{ ...proto, output: [...node.outputs] }], limits: [] };
  const [output] = node.outputs;
  const raw = { ...proto, output: [`${output}#raw`] };
  const limits = Object.entries({ min: node.clamp.low, max: node.clamp.high });
  if (opset < 11) {
    const clip = { opType: 'Clip', input: raw.output, output: [output] };
    return {
      nodes: [raw, { ...clip, attribute: limits.map(([name, f]) => ({ name, type: 1, f })) }],
      limits: [],
    };
  }
  const names = limits.map(([name]) => `${output}#${name}`);
  return {
    nodes: [raw, { opType: 'Clip', input: [...raw.output, ...names], output: [output] }],
    limits: limits.map(([, value], i) =>
      tensorProto({ type: 'float32', shape: [], data: Float32Array.of(value) }, names[i]),
    ),
  };
}

const valueInfo = (name: string, { type, shape }: TensorType) => ({
  name,
  type: { tensorType: { elemType: types[type], shape: { dim: shape.map((dimValue) => ({ dimValue })) } } },
});

/** The outputs of a graph for the inputs given, by name. Inputs left out are an error of onnxruntime. */
export async function runWithOnnxruntime(
  graph: Graph,
  inputs: Record<string, Float32Array>,
): Promise<Record<string, { shape: readonly number[]; data: Float32Array }>> {
  const protos = graph.nodes.map((node) => nodeProtos(node, graph.opset));
  const model = onnx.ModelProto.create({
    irVersion: 8,
    opsetImport: [{ domain: '', version: graph.opset }],
    graph: {
      name: graph.name,
      node: protos.flatMap(({ nodes }) => nodes),
      initializer: [
        ...Array.from(graph.constants, ([name, tensor]) => tensorProto(tensor, name)),
        ...protos.flatMap(({ limits }) => limits),
        tensorProto({ type: 'float32', shape: [1], data: new Float32Array(1) }, '#zero'),
      ],
      input: graph.inputs.map((input) => valueInfo(input.name, input)),
      output: graph.outputs.map((name) => {
        const { operator } = graph.nodes.find(({ outputs }) => outputs.includes(name)) ?? {};
        return {
          name,
          type: { tensorType: { elemType: types[operator === 'ArgMax' ? 'int64' : 'float32'] } },
        };
      }),
    },
  });
  const session = await ort.InferenceSession.create(onnx.ModelProto.encode(model).finish(), {
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 4,
  });
  const feeds = Object.fromEntries(
    graph.inputs.map(({ name, shape }) => [name, new ort.Tensor('float32', inputs[name], [...shape])]),
  );
  const results = await session.run(feeds);
  await session.release();
  return Object.fromEntries(
    graph.outputs.map((name) => [
      name,
      { shape: results[name].dims, data: Float32Array.from(results[name].data as Float32Array, Number) },
    ]),
  );
}
