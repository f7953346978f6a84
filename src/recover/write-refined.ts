/** Writes a graph after the passes as a float ONNX model, which the passes turn into the same graph again. */
import { float } from '../graph/attributes.js';
import type { Attribute, Graph, Node } from '../graph/graph.js';
import { float32, type Tensor } from '../graph/tensor.js';
import { encodeModel } from '../onnx/write.js';

/** The version of the file format that suits operator sets up to 17; later ones are read with it, too. */
const IR_VERSION = 8;
/** The first operator set with Clip's limits as inputs, and the first with HardSwish. */
const CLIP_INPUTS = 11;
const HARD_SWISH = 14;

/** The bytes of an ONNX model. Throws a ModelError where the constants take more than the 2 GiB that the format allows. */
export function encodeRefined(graph: Graph): Uint8Array {
  const constants = new Map(graph.constants);
  const nodes = graph.nodes.flatMap((node) => expressNode(node, graph.opset, constants));
  const types = new Map([...graph.types].filter(([name]) => !constants.has(name)));
  const domains = new Set(graph.nodes.map(({ domain }) => domain).filter((domain) => domain !== ''));
  return encodeModel({
    graph: { ...graph, nodes, constants, types },
    irVersion: IR_VERSION,
    opsetImports: { '': graph.opset, ...Object.fromEntries([...domains].map((domain) => [domain, 1])) },
    rest: { producerName: 'dynafix' },
  });
}

/** The node as operators of its operator set; the last one has its name and outputs. */
function expressNode(node: Node, opset: number, constants: Map<string, Tensor>): Node[] {
  if (node.operator === 'HardSwish' && node.domain === '' && opset < HARD_SWISH)
    return expressHardSwish(node);
  if (node.clamp === undefined) return [node];
  const { clamp, ...product } = node;
  const inner = `${node.name}/unclamped`;
  const first: Node = { ...product, name: inner, outputs: [inner] };
  const last = { name: node.name, domain: '', outputs: node.outputs };
  if (clamp.low === 0 && clamp.high === Infinity)
    return [first, { ...last, operator: 'Relu', inputs: [inner], attributes: {} }];
  const limits = { min: clamp.low, max: clamp.high };
  if (opset < CLIP_INPUTS) {
    const attributes: Record<string, Attribute> = {};
    for (const [name, value] of Object.entries(limits)) {
      if (Number.isFinite(value)) attributes[name] = float(value);
    }
    return [first, { ...last, operator: 'Clip', inputs: [inner], attributes }];
  }
  const inputs = Object.entries(limits).map(([name, value]) => {
    if (!Number.isFinite(value)) return '';
    constants.set(`${node.name}/${name}`, float32([], [value]));
    return `${node.name}/${name}`;
  });
  return [first, { ...last, operator: 'Clip', inputs: [inner, ...inputs], attributes: {} }];
}

function expressHardSwish(node: Node): Node[] {
  const gate = `${node.name}/gate`;
  const [x] = node.inputs;
  const attributes: Record<string, Attribute> = {
    alpha: float(Math.fround(1 / 6)),
    beta: float(0.5),
  };
  return [
    { name: gate, operator: 'HardSigmoid', domain: '', inputs: [x], outputs: [gate], attributes },
    { ...node, operator: 'Mul', inputs: [x, gate], attributes: {} },
  ];
}
