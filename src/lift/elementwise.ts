/** Operators of com.microsoft on codes as those of ai.onnx on real numbers. */
import type { Node } from '../graph/graph.js';
import { float32 } from '../graph/tensor.js';
import { byScale, type Draft, readQuantity } from './draft.js';
import { readCodes } from './integers.js';
import { formatOf, type Quantity } from './quantity.js';

/** Lifts a node whose operands are each followed by scale and zero point, and these by those of the output. */
function quantized(operator: string, operands: number) {
  return (node: Node, draft: Draft): void => {
    const inputs = Array.from({ length: operands }, (_, i) => readOperand(draft, node, 3 * i));
    const output = readQuantity(draft, node, 3 * operands, draft.type(node.outputs[0]));
    draft.emit({ ...node, operator, domain: '', inputs }, [output], byScale);
  };
}

/** An operand whose scale and zero point follow it. */
function readOperand(draft: Draft, node: Node, index: number): string {
  const value = node.inputs[index];
  const quantity = readQuantity(draft, node, index + 1, draft.type(value));
  if (draft.constant(value) !== undefined) return addOperand(draft, value, quantity);
  return readCodes(draft, node, value, quantity);
}

function addOperand(draft: Draft, name: string, quantity: Quantity): string {
  const { shape, data } = draft.constant(name)!;
  const { scale, zeroPoint } = quantity;
  const values = Float32Array.from(data as Int8Array, (code) => (code - zeroPoint) * scale);
  return draft.addConstant(`${name}/real`, float32(shape, values), formatOf(quantity));
}

export const liftQLinearAdd = quantized('Add', 2);
export const liftQLinearMul = quantized('Mul', 2);
export const liftQLinearAveragePool = quantized('AveragePool', 1);
export const liftQLinearGlobalAveragePool = quantized('GlobalAveragePool', 1);
export const liftQLinearSigmoid = quantized('Sigmoid', 1);
export const liftQLinearLeakyRelu = quantized('LeakyRelu', 1);

export function liftQLinearConcat(node: Node, draft: Draft): void {
  const output = readQuantity(draft, node, 0, draft.type(node.outputs[0]));
  const count = (node.inputs.length - 2) / 3;
  const inputs = Array.from({ length: count }, (_, i) => readOperand(draft, node, 3 * i + 2));
  draft.emit({ ...node, operator: 'Concat', domain: '', inputs }, [output], byScale);
}
