/**
 * Constants of a quantised model: what DequantizeLinear makes of constant codes, and Quant of real numbers, becomes a float32 constant, whose codes are kept
 * beside it as long as only data movement touches it.
 */
import { intsAttribute } from '../graph/attributes.js';
import type { Graph, Node } from '../graph/graph.js';
import { sweepConstants } from '../graph/rewrite.js';
import type { Tensor } from '../graph/tensor.js';
import { operatorOf } from '../operators/index.js';
import { isQonnx } from '../operators/qonnx.js';
import { zeroPoints } from '../operators/quantization.js';
import { dequantizeTensor, isDequantizable, layoutOf } from '../operators/quantize-linear.js';
import { quantizeConstant } from './qonnx.js';
import { type Width, widthOf } from './quantity.js';

/** The codes behind a float32 constant: real = (code - zeroPoint) * scale, one each or one per index on `axis`. */
export interface QuantizedConstant extends Width {
  readonly codes: Tensor;
  readonly scale: readonly number[];
  readonly zeroPoint: readonly number[];
  readonly axis: number | null;
}

/** Operators that leave each element what it is, of whose output the codes are known. */
const movements = new Set(['Transpose', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Identity']);

/** The graph with constants in the place of DequantizeLinear and QONNX's operators of constants, and the codes behind them by name. */
export function dequantizeConstants(graph: Graph): {
  graph: Graph;
  quantized: Map<string, QuantizedConstant>;
} {
  const constants = new Map(graph.constants);
  const types = new Map(graph.types);
  const quantized = new Map<string, QuantizedConstant>();
  const nodes: Node[] = [];
  const add = (name: string, tensor: Tensor, found: QuantizedConstant | undefined) => {
    constants.set(name, tensor);
    types.set(name, { type: tensor.type, shape: tensor.shape });
    if (found !== undefined) quantized.set(name, found);
  };
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => constants.get(name));
    const isConstant = node.inputs.every((name, index) => name === '' || inputs[index] !== undefined);
    const isTyped = node.outputs.every((name) => types.has(name));
    if (isConstant && isTyped && isQonnx(node)) {
      const [x] = inputs;
      const { real, quantized: codes } = quantizeConstant(node, x!, types.get(node.inputs[0])!, (index) => {
        return inputs[index];
      });
      add(node.outputs[0], real, codes);
    } else if (!isConstant || node.domain !== '' || !isTyped) nodes.push(node);
    else if (node.operator === 'DequantizeLinear' && isDequantizable(inputs[0]!, inputs[1]!))
      add(
        node.outputs[0],
        dequantizeTensor(node, inputs[0]!, inputs[1]!, inputs[2]),
        quantizationOf(node, inputs),
      );
    else if (quantized.has(node.inputs[0]) && movements.has(node.operator)) {
      const type = types.get(node.outputs[0])!;
      const move = (tensor: Tensor) =>
        operatorOf(node)!.fold!(
          node,
          [tensor, ...inputs.slice(1)],
          [{ ...type, type: tensor.type }],
          graph.opset,
        )[0];
      add(node.outputs[0], move(inputs[0]!), moved(node, quantized.get(node.inputs[0])!, move));
    } else nodes.push(node);
  }
  return { graph: sweepConstants({ ...graph, nodes, constants, types }), quantized };
}

/** Undefined where scales lie in blocks, which no format holds. */
function quantizationOf(
  node: Node,
  [codes, scale, zeroPoint]: readonly (Tensor | undefined)[],
): QuantizedConstant | undefined {
  const { axis, block } = layoutOf(node, codes!.shape, scale!.shape);
  if (block !== 0) return undefined;
  const values = Array.from(scale!.data as Float32Array);
  return {
    ...widthOf(codes!),
    codes: codes!,
    scale: values,
    zeroPoint: zeroPoints(zeroPoint, values.length),
    axis,
  };
}

function moved(
  node: Node,
  constant: QuantizedConstant,
  move: (tensor: Tensor) => Tensor,
): QuantizedConstant | undefined {
  const codes = move(constant.codes);
  const { axis } = constant;
  if (axis === null) return { ...constant, codes };
  if (node.operator === 'Identity') return constant;
  if (node.operator !== 'Transpose') return undefined;
  const reversed = constant.codes.shape.map((_, index) => index).reverse();
  return { ...constant, codes, axis: (intsAttribute(node, 'perm') ?? reversed).indexOf(axis) };
}
