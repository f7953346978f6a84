/**
 * Operators of ai.onnx in a quantised model. One whose operands are codes and whose result is quantised right away computes in
 * codes, as onnxruntime and accelerators do; data movement always does; everything else stays in float32.
 */
import type { Rounding } from '../formats/rounding.js';
import { stringAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import { float32 } from '../graph/tensor.js';
import { nodeError } from '../operators/check.js';
import { isQonnx } from '../operators/qonnx.js';
import { readQuantizer } from './conversions.js';
import { type Arithmetic, byScale, byScaleInLong, type Draft, defineReal } from './draft.js';
import { liftIntegerSum } from './integers.js';
import { pairArithmetic } from './pairs.js';
import { productInputs } from './product-inputs.js';
import { codesName, readRealQuantizer } from './qonnx.js';
import { formatOfScales, type Quantity, sameQuantity } from './quantity.js';
import { exactProduct, isExactProduct, liftSums } from './real-products.js';
import { hasOneScale } from './scattered-scales.js';

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

/** Elements stay what they are, or become 0; the first input is the data, all of them are for Concat. */
const movements =
  words(`Concat DepthToSpace Dropout Expand Flatten Gather GlobalMaxPool Identity MaxPool Pad Relu
  Reshape Slice SpaceToDepth Split Squeeze Tile Transpose Unsqueeze`);

/** Computed on codes where the result is quantised. */
const products = words('Conv Gemm MatMul');
const pairs = words('Add Sub Mul');
const sums = words('Add Sub');
/** Movements that compare, which only codes of at most 16 bits do. */
const comparing = words('GlobalMaxPool MaxPool Relu');
/** Converted to the format of the result before they compute, by the rounding of all conversions. */
const converting = words('Clip Concat');
const averaging = words('AveragePool GlobalAveragePool');
const functions = words('AveragePool Clip GlobalAveragePool HardSigmoid HardSwish LeakyRelu Sigmoid Tanh');

/** Lifts a node of ai.onnx that is no operator of quantised models. Throws a ModelError for one that computes on integers. */
export function liftFloatNode(node: Node, draft: Draft): void {
  const quantity = movements.has(node.operator) ? movedQuantity(node, draft) : undefined;
  if (quantity !== undefined) {
    draft.emit(
      withRealPadding(node, draft, quantity),
      node.outputs.map(() => quantity),
      byScale,
    );
    return;
  }
  const [output] = node.outputs;
  if (node.domain === '' && sums.has(node.operator) && draft.type(output).type !== 'float32') {
    liftIntegerSum(node, draft);
    return;
  }
  const integer = node.inputs.find((name) => isInteger(name, draft));
  const isCompared = node.operator === 'ArgMax' && (draft.quantity(node.inputs[0])?.bits ?? 0) <= 16;
  if (integer !== undefined && !isCompared)
    throw nodeError(node, `"${output}" is computed on integers`, 'float32', draft.type(integer).type);
  const quantizer = node.domain === '' ? soleQuantizer(node, draft) : undefined;
  const onCodes = quantizer && codeInputs(node, draft, quantizer);
  if (quantizer === undefined || onCodes === undefined) {
    if (!(draft.isReal && liftSums(node, draft))) draft.emit(node, []);
    return;
  }
  const { node: reader, quantity: result, rounding } = quantizer;
  draft.absorb(reader);
  const { inputs, arithmetic = byScale } = onCodes;
  const [y] = reader.outputs;
  const codes = quantizer.isExact ? codesName(draft, y) : y;
  draft.emit({ ...node, inputs, outputs: [codes] }, [result], { ...arithmetic, rounding });
  if (codes !== y) defineReal(draft, reader, y, codes);
}

/** True for codes that the model itself has as integers. */
function isInteger(value: string, draft: Draft): boolean {
  return value !== '' && draft.quantity(value) !== undefined && draft.type(value).type !== 'float32';
}

/** The meaning of the codes that a node moves; undefined where its data are not codes, or not codes of one meaning. */
function movedQuantity(node: Node, draft: Draft): Quantity | undefined {
  const data = node.operator === 'Concat' ? node.inputs : node.inputs.slice(0, 1);
  const [first, ...others] = data.map((name) => draft.quantity(name));
  if (first === undefined || (first.bits > 16 && comparing.has(node.operator))) return undefined;
  if (!others.every((other) => other && sameQuantity(first, other))) return undefined;
  return node.operator === 'Pad' && !padsWithCode(node, draft, first) ? undefined : first;
}

/** True where what is padded with has a code: 0 has, and so has every code of an integer tensor. */
function padsWithCode(node: Node, draft: Draft, { zeroPoint }: Quantity): boolean {
  if (stringAttribute(node, 'mode', 'constant') !== 'constant') return true;
  const value = draft.constant(node.inputs[2] ?? '');
  if (draft.type(node.outputs[0]).type === 'float32')
    return value === undefined || Number(value.data[0]) === 0;
  return value !== undefined || zeroPoint === 0;
}

/** Integer padding as the real number that its code means. */
function withRealPadding(node: Node, draft: Draft, { scale, zeroPoint }: Quantity): Node {
  const name = node.inputs[2] ?? '';
  const value = draft.constant(name);
  if (node.operator !== 'Pad' || value === undefined || value.type === 'float32') return node;
  const real = draft.addConstant(`${name}/real`, float32([], [(Number(value.data[0]) - zeroPoint) * scale]));
  return { ...node, inputs: node.inputs.with(2, real) };
}

/** The node that quantises the result of another. */
interface Quantizer {
  readonly node: Node;
  readonly quantity: Quantity;
  readonly rounding: Rounding;
  /** True for QONNX, where integers stand for what float32 computes only if that is exact. */
  readonly isExact: boolean;
}

/** The quantiser that alone reads the only output of a node. */
function soleQuantizer(node: Node, draft: Draft): Quantizer | undefined {
  const [output, ...others] = node.outputs;
  const readers = draft.consumers(output);
  if (others.some((name) => name !== '') || readers.length !== 1 || draft.isOutput(output)) return undefined;
  const [reader] = readers;
  if (isQonnx(reader)) {
    const real = reader.inputs[0] === output ? readRealQuantizer(reader, draft) : undefined;
    return real && { ...real, node: reader, isExact: true };
  }
  if (reader.operator !== 'QuantizeLinear' || !hasOneScale(reader, draft)) return undefined;
  const quantity = readQuantizer(draft, reader);
  return { node: reader, quantity, rounding: 'halfEven', isExact: false };
}

/** A node on codes: its inputs, constants with their formats, and how it computes where that is not by one float32 scale. */
interface OnCodes {
  readonly inputs: readonly string[];
  readonly arithmetic?: Arithmetic;
}

/** The node on codes whose output is quantised; undefined where it cannot compute so. */
function codeInputs(node: Node, draft: Draft, quantizer: Quantizer): OnCodes | undefined {
  const { inputs, operator } = node;
  const { quantity: result, rounding, isExact } = quantizer;
  const isCodes = (name: string) => (draft.quantity(name)?.bits ?? 64) <= 16;
  if (converting.has(operator) && rounding !== 'halfEven') return undefined;
  if (operator === 'Concat') return inputs.every(isCodes) ? { inputs } : undefined;
  if (isExact && averaging.has(operator)) return undefined;
  if (functions.has(operator)) return isCodes(inputs[0]) ? { inputs } : undefined;
  if (pairs.has(operator)) return pairInputs(node, draft, quantizer);
  if (!products.has(operator) || !isCodes(inputs[0])) return undefined;
  const bitsOf = (name: string) => (draft.quantized.get(name) ?? draft.quantity(name))?.bits ?? 0;
  const isLong = isExact || inputs.slice(0, 2).some((name) => bitsOf(name) > 8);
  if (isExact && !isExactProduct(node, draft, result)) return undefined;
  const own = operator === 'MatMul' && isCodes(inputs[1]) ? inputs : productInputs(node, draft, isLong);
  return own && { inputs: own, arithmetic: isExact ? exactProduct : isLong ? byScaleInLong : byScale };
}

/** What an operand means: computed codes, or a constant with one scale. */
function operandQuantity(name: string, draft: Draft): Quantity | undefined {
  const found = draft.quantized.get(name);
  if (found === undefined) return draft.quantity(name);
  const { bits, signed, scale, zeroPoint } = found;
  return scale.length === 1 ? { bits, signed, scale: scale[0], zeroPoint: zeroPoint[0] } : undefined;
}

function pairInputs(node: Node, draft: Draft, { quantity, isExact }: Quantizer): OnCodes | undefined {
  const [a, b] = node.inputs.map((name) => operandQuantity(name, draft));
  if (a === undefined || b === undefined) return undefined;
  const arithmetic = pairArithmetic(node.operator, [a, b], quantity, isExact);
  if (arithmetic === undefined) return undefined;
  const inputs = node.inputs.map((name) => {
    const found = draft.quantized.get(name);
    if (found === undefined) return name;
    const format = formatOfScales(found, found.scale, found.zeroPoint);
    return draft.addConstant(`${name}/real`, draft.constant(name)!, format);
  });
  return { inputs, arithmetic };
}
