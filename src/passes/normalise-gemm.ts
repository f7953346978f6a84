/**
 * Brings Gemm, and MatMul of two matrices, with constant weights to one form: x * W^T + bias, W [N, K] constant,
 * bias [N] constant or absent, in every operator set. alpha, beta and transposition go into the constants. Other
 * operands stay as they are.
 */
import { floatAttribute, int, intAttribute, ints } from '../graph/attributes.js';
import type { Attribute, Node } from '../graph/graph.js';
import type { Patch, RewriteContext, Rule } from '../graph/rewrite.js';
import { float32, type Tensor } from '../graph/tensor.js';
import { elementCount } from '../shape.js';
import { isNormalGemm } from './linear.js';
import { derivedName, newConstants } from './new-constants.js';

export const normaliseGemm: Rule = (node, context) => {
  if (node.domain !== '' || node.clamp !== undefined) return undefined;
  if (node.operator !== 'MatMul' && node.operator !== 'Gemm') return undefined;
  if (isNormalGemm(node, context)) return undefined;
  const weights = context.constant(node.inputs[1]);
  const rows = context.type(node.outputs[0])?.shape;
  if (weights?.type !== 'float32' || weights.shape.length !== 2 || rows?.length !== 2) return undefined;
  if (context.type(node.inputs[0])?.shape.length !== 2 || context.constant(node.inputs[0])) return undefined;
  return normalise(node, weights, rows as [number, number], context);
};

function normalise(node: Node, weights: Tensor, [m, n]: [number, number], context: RewriteContext): Patch {
  const { constants, define } = newConstants(context);
  const nodes: Node[] = [];
  const emit = (
    operator: string,
    inputs: string[],
    attributes: Record<string, Attribute>,
    suffix: string,
  ) => {
    const name = suffix === '' ? node.name : context.freshName(`${node.name}/${suffix}`);
    const output = suffix === '' ? node.outputs[0] : name;
    nodes.push({ name, operator, domain: '', inputs, outputs: [output], attributes });
    return output;
  };

  let [x, weightsName, added = ''] = node.inputs;
  if (intAttribute(node, 'transA', 0) !== 0) x = emit('Transpose', [x], { perm: ints([1, 0]) }, 'transposed');
  const alpha = floatAttribute(node, 'alpha', 1);
  if (intAttribute(node, 'transB', 0) === 0) {
    weightsName = define(derivedName(weightsName), scaled(transposed(weights), alpha));
  } else if (alpha !== 1) {
    weightsName = define(derivedName(weightsName), scaled(weights, alpha));
  }

  const beta = floatAttribute(node, 'beta', 1);
  if (beta === 0) added = '';
  const addend = context.constant(added);
  const bias = addend && biasOf(addend, m, n);
  const transB: Record<string, Attribute> = { transB: int(1) };
  if (added === '') {
    emit('Gemm', [x, weightsName], transB, '');
  } else if (bias !== undefined) {
    const asIs = beta === 1 && addend!.shape.length === 1 && addend!.shape[0] === n;
    emit('Gemm', [x, weightsName, asIs ? added : define(derivedName(added), scaled(bias, beta))], transB, '');
  } else {
    const product = emit('Gemm', [x, weightsName], transB, 'product');
    if (beta !== 1)
      added = emit('Mul', [added, define(`${node.name}/beta`, float32([], [beta]))], {}, 'addend');
    emit('Add', [product, added], {}, '');
  }
  return { what: `brought ${node.operator} to the form x * W^T + bias`, nodes, constants };
}

/** What is added as a vector [N]; undefined where it is not float32 or differs between the M rows. */
function biasOf(tensor: Tensor, m: number, n: number): Tensor | undefined {
  if (tensor.type !== 'float32' || tensor.shape.length > 2) return undefined;
  const [rows, columns] = [1, 1, ...tensor.shape].slice(-2);
  if ((rows !== 1 && m !== 1) || (columns !== 1 && columns !== n) || elementCount(tensor.shape) > n)
    return undefined;
  const data = tensor.data as Float32Array;
  return float32([n], columns === 1 ? new Float32Array(n).fill(data[0]) : data);
}

function transposed({ shape: [rows, columns], data }: Tensor): Tensor {
  const result = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      result[column * rows + row] = data[row * columns + column] as number;
  return float32([columns, rows], result);
}

function scaled(tensor: Tensor, factor: number): Tensor {
  return factor === 1
    ? tensor
    : float32(
        tensor.shape,
        (tensor.data as Float32Array).map((value) => value * factor),
      );
}
