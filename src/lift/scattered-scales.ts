/**
 * QuantizeLinear and DequantizeLinear of computed values with scales that no activation has: one per index on an axis or per block, and
 * computed ones. The division and multiplication are float32; the integers behind and before them are codes.
 */
import type { Node } from '../graph/graph.js';
import { float32, int64, type Tensor } from '../graph/tensor.js';
import { nodeError } from '../operators/check.js';
import { createScaleIndex, type ScaleLayout } from '../operators/quantization.js';
import { layoutOf } from '../operators/quantize-linear.js';
import { elementCount } from '../shape.js';
import { byScale, type Draft } from './draft.js';
import { addIntegers, asIntegers, readIntegers, readOperand } from './integers.js';
import { nodeOf } from './nodes.js';
import { plainIntegers, widthOf } from './quantity.js';

/** True where scale and zero point (inputs 1 and 2) are constants and one for all. */
export function hasOneScale({ inputs: [, scale, zeroPoint = ''] }: Node, draft: Draft): boolean {
  const isOne = draft.constant(scale)?.data.length === 1;
  return isOne && (zeroPoint === '' || draft.constant(zeroPoint) !== undefined);
}

/** y = saturate(round(x / scale) + zero point), rounded to int32 first. */
export function quantizeScattered(node: Node, draft: Draft): void {
  const [x, scale, zeroPoint = ''] = node.inputs;
  const [y] = node.outputs;
  const codes = plainIntegers(widthOf(draft.type(y)));
  const name = (what: string) => draft.freshName(`${y}/${what}`);
  const quotient = name('quotient');
  draft.emit(nodeOf('Div', [x, spread(node, draft, scale, y)], quotient), []);
  if (zeroPoint === '') {
    draft.emit({ ...node, operator: 'Identity', attributes: {}, inputs: [quotient] }, [codes]);
    return;
  }
  const rounded = name('rounded');
  draft.emit(nodeOf('Identity', [quotient], rounded), [plainIntegers({ bits: 32, signed: true })]);
  const zeros = spread(node, draft, zeroPoint, y);
  const inputs = [rounded, zeros];
  draft.emit({ ...node, operator: 'Add', attributes: {}, inputs }, [codes], asIntegers('saturate'));
}

/** y = (x - zero point) * scale. */
export function dequantizeScattered(node: Node, draft: Draft): void {
  const [value, scale, zeroPoint = ''] = node.inputs;
  const [y] = node.outputs;
  let x = readIntegers(draft, node, value);
  if (zeroPoint !== '') {
    const zeros = spread(node, draft, zeroPoint, value);
    const offset = draft.freshName(`${y}/offset`);
    draft.emit(nodeOf('Sub', [x, zeros], offset), []);
    x = offset;
  }
  const inputs = [x, spread(node, draft, scale, value)];
  draft.emit({ ...node, operator: 'Mul', attributes: {}, inputs }, []);
}

/** Scales or zero points in a shape that broadcasts to that of the codes `of`; zero points as integers. */
function spread(node: Node, draft: Draft, name: string, of: string): string {
  const { shape } = draft.type(of);
  const type = draft.type(name);
  const layout = layoutOf(node, shape, draft.type(node.inputs[1]).shape);
  const constant = draft.constant(name);
  if (constant !== undefined) {
    const laid = lay(constant, shape, layout);
    return laid.type === 'float32'
      ? draft.addConstant(`${name}/spread`, laid)
      : addIntegers(draft, name, laid);
  }
  const read = type.type === 'float32' ? name : readOperand(draft, node, name);
  if (layout.axis === null) return read;
  if (layout.block > 0) throw nodeError(node, 'scales by block are computed', 'constants');
  const laid = draft.freshName(`${name}/spread`);
  const target = shape.map((size, axis) => (axis === layout.axis ? size : 1));
  const reshape = draft.addConstant(`${laid}/shape`, int64([target.length], target));
  draft.emit(nodeOf('Reshape', [read, reshape], laid), [draft.quantity(read)], byScale);
  return laid;
}

/** Elements of a constant with one entry per scale along the axes on which they differ. */
function lay({ type, data }: Tensor, shape: readonly number[], layout: ScaleLayout): Tensor {
  const { axis, block } = layout;
  const own = axis === null ? [] : block > 0 ? shape : shape.map((size, i) => (i === axis ? size : 1));
  const indexOf = createScaleIndex(own, layout);
  const source = data as Float32Array;
  const make = (array: typeof Float32Array) =>
    array.from(
      { length: elementCount(own) },
      (_, element) => source[data.length === 1 ? 0 : indexOf(element)],
    );
  const laid = make(source.constructor as typeof Float32Array);
  return type === 'float32' ? float32(own, laid) : { type, shape: own, data: laid };
}
