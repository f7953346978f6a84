/** BitShift of constants: the bits of unsigned integers moved left or right, those that leave the type are lost. */
import { stringAttribute } from '../graph/attributes.js';
import { nodeError, outputType, required } from './check.js';
import { operands, pairShape } from './elementwise.js';
import type { Operator } from './operator.js';
import { fromIntegers, integersOf, integerWidth } from './storage.js';

export const bitShift: Operator = {
  name: 'BitShift',
  since: 11,
  infer(node, inputs, _constant, opset) {
    const { type } = required(node, inputs, 0);
    const direction = stringAttribute(node, 'direction', '');
    if (direction !== 'LEFT' && direction !== 'RIGHT')
      throw nodeError(node, 'unknown direction', 'LEFT or RIGHT', JSON.stringify(direction));
    if (type === 'bool' || integerWidth(type)?.signed !== false)
      throw nodeError(node, 'the input has the wrong type', 'unsigned integers', type);
    return [outputType(node, type, pairShape(node, inputs, opset))];
  },
  fold(node, inputs, [{ type, shape }], opset) {
    const [values, distances] = operands(node, inputs, shape, opset).map((x) => integersOf(node, x));
    const left = stringAttribute(node, 'direction', '') === 'LEFT';
    // A distance of 64 or more moves every bit out of the widest type.
    const distance = (i: number) => (distances(i) < 64n ? distances(i) : 64n);
    return [
      fromIntegers(node, type, shape, (i) => (left ? values(i) << distance(i) : values(i) >> distance(i))),
    ];
  },
};
