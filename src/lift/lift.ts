/** From a graph with operators of quantised models to a float graph and the formats that give its codes. */
import type { ModelFormats } from '../compile/model-formats.js';
import type { Graph, Node } from '../graph/graph.js';
import { sweepConstants } from '../graph/rewrite.js';
import type { ElementType } from '../graph/tensor.js';
import { fullName } from '../operators/index.js';
import { isQonnx } from '../operators/qonnx.js';
import { integerWidth } from '../operators/storage.js';
import { inferShapes, reasonOf, type Unsupported } from '../passes/infer-shapes.js';
import type { QuantizedConstant } from './constants.js';
import { liftCast, liftDequantizeLinear, liftQuantizeLinear } from './conversions.js';
import { createDraft, type Draft } from './draft.js';
import { liftDynamicQuantizeLinear } from './dynamic.js';
import {
  liftQLinearAdd,
  liftQLinearAveragePool,
  liftQLinearConcat,
  liftQLinearGlobalAveragePool,
  liftQLinearLeakyRelu,
  liftQLinearMul,
  liftQLinearSigmoid,
} from './elementwise.js';
import { liftFloatNode } from './float-nodes.js';
import { inputQuantities } from './inputs.js';
import { liftConvInteger, liftMatMulInteger } from './integer-products.js';
import { liftQGemm, liftQLinearConv, liftQLinearMatMul } from './products.js';
import { liftRealQuantizer } from './qonnx.js';

/** Adds what a node means to the draft. Throws a ModelError that names the node where that cannot be said. */
type Rule = (node: Node, draft: Draft) => void;

const rules: Readonly<Record<string, Rule>> = {
  Cast: liftCast,
  ConvInteger: liftConvInteger,
  DequantizeLinear: liftDequantizeLinear,
  DynamicQuantizeLinear: liftDynamicQuantizeLinear,
  MatMulInteger: liftMatMulInteger,
  QLinearConv: liftQLinearConv,
  QLinearMatMul: liftQLinearMatMul,
  QuantizeLinear: liftQuantizeLinear,
  'com.microsoft::QGemm': liftQGemm,
  'com.microsoft::QLinearAdd': liftQLinearAdd,
  'com.microsoft::QLinearAveragePool': liftQLinearAveragePool,
  'com.microsoft::QLinearConcat': liftQLinearConcat,
  'com.microsoft::QLinearGlobalAveragePool': liftQLinearGlobalAveragePool,
  'com.microsoft::QLinearLeakyRelu': liftQLinearLeakyRelu,
  'com.microsoft::QLinearMul': liftQLinearMul,
  'com.microsoft::QLinearSigmoid': liftQLinearSigmoid,
};

const quantizedOnly = new Set(Object.keys(rules).filter((name) => name !== 'Cast'));

/** True for a graph with an operator of quantised models, or with codes as an input. */
export function isQuantized({ nodes, inputs }: Graph): boolean {
  const isOperator = (node: Node) => quantizedOnly.has(fullName(node)) || isQonnx(node);
  return nodes.some(isOperator) || inputs.some(({ type }) => isCodes(type));
}

const isCodes = (type: ElementType) => type !== 'bool' && (integerWidth(type)?.bits ?? 64) <= 16;

export interface Lifted {
  /** Of float32 values, with types. */
  readonly graph: Graph;
  readonly formats: ModelFormats;
  /** Nodes that could not be lifted, and stand in the graph as they were. */
  readonly issues: readonly Unsupported[];
}

/** `quantized` holds the codes behind float32 constants of the graph, whose types are known. */
export function liftGraph(graph: Graph, quantized: ReadonlyMap<string, QuantizedConstant>): Lifted {
  const quantities = inputQuantities(graph);
  const draft = createDraft(graph, quantized, quantities);
  const issues = [...inferShapes(graph).issues];
  for (const node of graph.nodes) {
    if (draft.isAbsorbed(node)) continue;
    // At and behind a node that has no types, nothing is known.
    if (![...node.inputs, ...node.outputs].every((name) => name === '' || graph.types.has(name))) {
      draft.emit(node, []);
      continue;
    }
    try {
      (isQonnx(node) ? liftRealQuantizer : (rules[fullName(node)] ?? liftFloatNode))(node, draft);
    } catch (error) {
      issues.push({ node: node.name, operator: fullName(node), reason: reasonOf(error, node) });
      draft.emit(node, []);
    }
  }
  const { nodes, constants, formats } = draft.finish();
  const inputs = graph.inputs.map((input) =>
    quantities.has(input.name) ? { ...input, type: 'float32' as const } : input,
  );
  const lifted = sweepConstants({ ...graph, nodes, inputs, constants });
  return { graph: inferShapes(lifted).graph, formats, issues };
}
