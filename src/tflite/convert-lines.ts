/** Operators over lines of elements: reductions, normalisations and products of matrices. */

import { int, ints } from '../graph/attributes.js';
import { sameValue } from './convert-movement.js';
import { axisFrom0, type Converter, operand, writeActivated } from './converter.js';
import type { GraphWriter } from './graph-writer.js';
import { layouts, readOptions } from './schema.js';

/** MEAN, SUM, REDUCE_MAX and REDUCE_MIN; over space in the order of ONNX's windows. */
export function reduction(name: string): Converter {
  return (operator, writer, where) => {
    const o = readOptions(layouts.reducer, operator.options, where);
    const x = operand(operator, 0, where);
    const { shape } = writer.tensor(x);
    const rank = shape.length;
    const given = writer.integers(operator.inputs[1], where).map((axis) => axisFrom0(axis, rank, where));
    const axes = [...new Set(given)].sort((a, b) => a - b);
    // TFLite gives back its input, where ONNX's operators reduce all axes.
    if (axes.length === 0) return sameValue(operator, writer, where);
    const spatial = rank === 4 && axes.join() === '1,2';
    const [output] = operator.outputs;
    const layout = spatial && o.keepDimensions !== 0 ? 'channelsFirst' : 'plain';
    writer.add(name, [writer.read(x, spatial ? 'channelsFirst' : 'plain')], [writer.write(output, layout)], {
      axes: ints(spatial ? [2, 3] : axes),
      keepdims: int(o.keepDimensions === 0 ? 0 : 1),
      // Not an attribute of ONNX: the kernels for codes depend on it.
      elements: int(axes.reduce((count, axis) => count * shape[axis], 1)),
    });
  };
}

/** The index of the largest element along a constant axis, of equal ones the first. */
export const argMax: Converter = (operator, writer, where) => {
  const x = operand(operator, 0, where);
  const [given] = writer.integers(operator.inputs[1], where);
  const axis = axisFrom0(given ?? 0, writer.tensor(x).shape.length, where);
  const attributes = { axis: int(axis), keepdims: int(0) };
  writer.add('ArgMax', [writer.read(x)], [writer.write(operator.outputs[0])], attributes);
};

export const logSoftmax: Converter = (operator, writer, where) => {
  const x = operand(operator, 0, where);
  writer.add('LogSoftmax', [writer.read(x)], [writer.write(operator.outputs[0])], { axis: int(-1) });
};

/** x over its Euclidean norm along the last axis. */
export const l2Normalization: Converter = (operator, writer, where) => {
  const { activation } = readOptions(layouts.l2Normalization, operator.options, where);
  const input = writer.read(operand(operator, 0, where));
  writeActivated(operator, writer, 'plain', activation, false, (output) =>
    writer.add('LpNormalization', [input], [output], { axis: int(-1), p: int(2) }),
  );
};

/** BATCH_MATMUL, each operand as it is or with its last two axes exchanged. */
export const batchMatmul: Converter = (operator, writer, where) => {
  const o = readOptions(layouts.batchMatmul, operator.options, where);
  const inputs = [o.transposeLeft, o.transposeRight].map((exchange, index) => {
    const tensor = operand(operator, index, where);
    return exchange === 0 ? writer.read(tensor) : exchanged(writer, tensor);
  });
  writer.add('MatMul', inputs, [writer.write(operator.outputs[0])]);
};

function exchanged(writer: GraphWriter, tensor: number): string {
  const axes = writer.tensor(tensor).shape.map((_, axis) => axis);
  const permutation = [...axes.slice(0, -2), ...axes.slice(-2).reverse()];
  if (writer.stored(tensor) !== undefined) return writer.readConstant(tensor, permutation);
  const value = writer.fresh(`${writer.tensor(tensor).name}/exchanged`, tensor);
  writer.add('Transpose', [writer.read(tensor)], [value], { perm: ints(permutation) });
  return value;
}
