/** Concat along one axis. */
import { intAttribute } from '../graph/attributes.js';
import { nodeError, normalizeAxis, outputType, required, requireOneType, shapeText } from './check.js';
import type { Operator } from './operator.js';
import { allocate } from './storage.js';
import { copyElements, rowMajor, view } from './strided.js';

export const concat: Operator = {
  name: 'Concat',
  since: 4,
  infer(node, inputs) {
    const present = inputs.map((_, i) => required(node, inputs, i));
    const { type, shape } = required(node, inputs, 0);
    requireOneType(node, inputs);
    const axis = normalizeAxis(node, intAttribute(node, 'axis', 0), shape.length);
    const result = [...shape];
    for (const other of present.slice(1)) {
      if (
        other.shape.length !== shape.length ||
        other.shape.some((size, i) => i !== axis && size !== shape[i])
      )
        throw nodeError(
          node,
          `the inputs differ in more than axis ${axis}`,
          shapeText(shape),
          shapeText(other.shape),
        );
      result[axis] += other.shape[axis];
    }
    return [outputType(node, type, result)];
  },
  fold(node, inputs, [{ type, shape }]) {
    const axis = normalizeAxis(node, intAttribute(node, 'axis', 0), shape.length);
    const data = allocate(node, type, shape);
    const strides = rowMajor(shape);
    let position = 0;
    for (let i = 0; i < inputs.length; i++) {
      const input = required(node, inputs, i);
      copyElements(input.shape, view(input), { data, offset: position * strides[axis], strides });
      position += input.shape[axis];
    }
    return [{ type, shape, data }];
  },
  lower(node, lowering) {
    const rank = lowering.type(node.inputs[0]).shape.length;
    lowering.concat(node, normalizeAxis(node, intAttribute(node, 'axis', 0), rank));
  },
};
