/**
 * DynamicQuantizeLinear as the function that ONNX defines it to be, in float32, with onnxruntime's scale 1 for a range of 0; codes stand for
 * themselves.
 */
import { int } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import { float32 } from '../graph/tensor.js';
import type { Draft } from './draft.js';
import { asIntegers } from './integers.js';
import { nodeOf } from './nodes.js';
import { plainIntegers } from './quantity.js';

const byte = plainIntegers({ bits: 8, signed: false });
/** Holds every quotient of a value by its scale before the zero point is added. */
const word = plainIntegers({ bits: 16, signed: true });

export function liftDynamicQuantizeLinear(node: Node, draft: Draft): void {
  const [x] = node.inputs;
  const [y, scaleName = '', zeroName = ''] = node.outputs;
  const scalar = (name: string, value: number) =>
    draft.addConstant(`${node.name}/${name}`, float32([], [value]));
  const emit = (operator: string, inputs: string[], output: string, attributes = {}) => {
    draft.emit(nodeOf(operator, inputs, output, attributes), []);
    return output;
  };
  const step = (operator: string, inputs: string[], name: string, attributes = {}) =>
    emit(operator, inputs, draft.freshName(`${node.name}/${name}`), attributes);
  const [zero, largest] = [scalar('zero', 0), scalar('largest', 255)];
  const all = { keepdims: int(0) };
  const low = step('Min', [step('ReduceMin', [x], 'least', all), zero], 'low');
  const high = step('Max', [step('ReduceMax', [x], 'most', all), zero], 'high');
  const scale = scaleName || draft.freshName(`${node.name}/scale`);
  const share = step('Div', [step('Sub', [high, low], 'range'), largest], 'share');
  const isEmpty = step('Equal', [share, zero], 'isEmpty');
  emit('Where', [isEmpty, scalar('one', 1), share], scale);
  const offset = step('Div', [step('Sub', [zero, low], 'below'), scale], 'offset');
  const zeroPoint = zeroName || draft.freshName(`${node.name}/zeroPoint`);
  draft.emit(nodeOf('Identity', [offset], zeroPoint), [byte]);
  const quotient = step('Div', [x, scale], 'quotient');
  const rounded = draft.freshName(`${node.name}/rounded`);
  draft.emit(nodeOf('Identity', [quotient], rounded), [word]);
  draft.emit({ ...nodeOf('Add', [rounded, zeroPoint], y), name: node.name }, [byte], asIntegers('saturate'));
}
