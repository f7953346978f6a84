/** ConvInteger and MatMulInteger: codes less their zero points, multiplied and summed up in int32. */
import type { Node } from '../graph/graph.js';
import { float32, type Tensor } from '../graph/tensor.js';
import { createScaleIndex, zeroPoints } from '../operators/quantization.js';
import type { Draft } from './draft.js';
import { asIntegers, asSums, readCodes, readOperand } from './integers.js';
import { nodeOf } from './nodes.js';
import { formatOf, plainIntegers, widthOf } from './quantity.js';

/** What a code of 8 bits less a zero point of its type needs. */
const centredWidth = { bits: 9, signed: true };

const sums = plainIntegers({ bits: 32, signed: true });

export function liftConvInteger(node: Node, draft: Draft): void {
  liftIntegerProduct(node, draft, 'Conv', 0);
}

export function liftMatMulInteger(node: Node, draft: Draft): void {
  liftIntegerProduct(node, draft, 'MatMul', draft.type(node.inputs[1]).shape.length - 1);
}

/** `axis`: that of the output channels in the second factor, along which it may have several zero points. */
function liftIntegerProduct(node: Node, draft: Draft, operator: string, axis: number): void {
  const inputs = [readFactor(draft, node, 0, null), readFactor(draft, node, 1, axis)];
  draft.emit({ ...node, operator, inputs }, [sums], asSums);
}

/** A factor whose zero point is two inputs further on. */
function readFactor(draft: Draft, node: Node, index: number, axis: number | null): string {
  const [value, zeroName = ''] = [node.inputs[index], node.inputs[index + 2]];
  const codes = draft.constant(value);
  const zero = draft.constant(zeroName);
  const isConstant = zeroName === '' || zero !== undefined;
  if (codes !== undefined && isConstant) return addCentred(draft, value, codes, zero, axis);
  if (codes === undefined && isConstant && (zero?.data.length ?? 1) === 1) {
    const zeroPoint = Number(zero?.data[0] ?? 0);
    const width = widthOf(draft.type(value));
    return readCodes(draft, node, value, { ...plainIntegers(width), zeroPoint });
  }
  const centred = draft.freshName(`${node.name}/centred${index}`);
  const operands = [value, zeroName].map((name) => readOperand(draft, node, name));
  draft.emit(nodeOf('Sub', operands, centred), [plainIntegers(centredWidth)], asIntegers('wrap'));
  return centred;
}

/** A constant factor less its zero points, in 8 bits where they hold it. */
function addCentred(
  draft: Draft,
  name: string,
  { shape, data }: Tensor,
  zeroPoint: Tensor | undefined,
  axis: number | null,
): string {
  const zeros = zeroPoints(zeroPoint, 1);
  const indexOf = createScaleIndex(shape, { axis: zeros.length === 1 ? null : axis, block: 0 });
  const values = Float32Array.from(data as Int8Array, (code, element) => code - zeros[indexOf(element)]);
  const isShort = values.every((value) => value >= -128 && value <= 127);
  const format = formatOf(plainIntegers(isShort ? { bits: 8, signed: true } : centredWidth));
  return draft.addConstant(`${name}/centred`, float32(shape, values), format);
}
