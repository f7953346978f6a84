/** Operators that move elements, and those between real values and codes. */
import { ModelError } from '../errors.js';
import { int, ints } from '../graph/attributes.js';
import { axisFrom0, axisIn, type Converter, operand, writeActivated } from './converter.js';
import type { GraphWriter } from './graph-writer.js';
import { layouts, readOptions } from './schema.js';

/** QUANTIZE, DEQUANTIZE and CAST: the value is the same, its representation is not. */
export const sameValue: Converter = (operator, writer, where) => {
  const x = operand(operator, 0, where);
  const layout = writer.layoutOf([x]);
  writer.add('Identity', [writer.read(x, layout)], [writer.write(operator.outputs[0], layout)]);
};

export const concatenation: Converter = (operator, writer, where) => {
  const o = readOptions(layouts.concatenation, operator.options, where);
  const operands = operator.inputs.map((_, index) => operand(operator, index, where));
  const axis = axisFrom0(o.axis, writer.tensor(operand(operator, 0, where)).shape.length, where);
  const layout = writer.layoutOf(operands);
  const inputs = operands.map((tensor) => writer.read(tensor, layout));
  writeActivated(operator, writer, layout, o.activation, false, (output) =>
    writer.add('Concat', inputs, [output], { axis: int(axisIn(layout, axis)) }),
  );
};

/** PAD and PADV2: amounts [axis][before, after], the value a constant of the input's kind. */
export const pad: Converter = (operator, writer, where) => {
  const x = operand(operator, 0, where);
  const rank = writer.tensor(x).shape.length;
  const amounts = writer.integers(operator.inputs[1], where);
  if (amounts.length !== 2 * rank)
    throw new ModelError({
      where,
      what: 'the pads do not fit',
      expected: `${2 * rank}`,
      got: `${amounts.length}`,
    });
  const layout = writer.layoutOf([x]);
  const order = layout === 'plain' ? amounts.map((_, axis) => axis).slice(0, rank) : [0, 3, 1, 2];
  const pads = [0, 1].flatMap((side) => order.map((axis) => amounts[2 * axis + side]));
  const value = operator.inputs[2] ?? -1;
  if (value >= 0 && writer.stored(value) === undefined)
    return writer.refuse(operator, 'the padding value is computed');
  const inputs = [writer.read(x, layout), writer.list(pads)];
  if (value >= 0) inputs.push(writer.read(value));
  writer.add('Pad', inputs, [writer.write(operator.outputs[0], layout)]);
};

function writeReshape(writer: GraphWriter, from: number, to: number, shape: readonly number[]): void {
  const inputs = [writer.read(from), writer.list(shape)];
  writer.add('Reshape', inputs, [writer.write(to)], { allowzero: int(1) });
}

/** The shape is the second operand or, where that is left out, an option. */
export const reshape: Converter = (operator, writer, where) => {
  const x = operand(operator, 0, where);
  const shape = operator.inputs[1] ?? -1;
  readOptions(layouts.reshape, operator.options, where);
  const wanted = shape >= 0 ? writer.integers(shape, where) : (operator.options.table?.ints(0) ?? []);
  writeReshape(writer, x, operator.outputs[0], wanted);
};

export const squeeze: Converter = (operator, writer, where) => {
  const x = operand(operator, 0, where);
  readOptions(layouts.squeeze, operator.options, where);
  const axes = operator.options.table?.ints(0) ?? [];
  const inputs = [writer.read(x), ...(axes.length > 0 ? [writer.list(axes)] : [])];
  writer.add('Squeeze', inputs, [writer.write(operator.outputs[0])]);
};

export const expandDimensions: Converter = (operator, writer, where) => {
  const x = operand(operator, 0, where);
  const axes = writer.list(writer.integers(operator.inputs[1], where));
  writer.add('Unsqueeze', [writer.read(x), axes], [writer.write(operator.outputs[0])]);
};

export const transpose: Converter = (operator, writer, where) => {
  const x = operand(operator, 0, where);
  const perm = ints(writer.integers(operator.inputs[1], where));
  writer.add('Transpose', [writer.read(x)], [writer.write(operator.outputs[0])], { perm });
};

/** Elements of one axis by constant indices of any shape. */
export const gather: Converter = (operator, writer, where) => {
  const o = readOptions(layouts.gather, operator.options, where);
  if (o.batchDimensions !== 0) return writer.refuse(operator, 'batch dimensions are not supported');
  const x = operand(operator, 0, where);
  const indices = operand(operator, 1, where);
  const stored = writer.stored(indices);
  if (stored === undefined) return writer.refuse(operator, 'the indices are computed');
  const list = writer.list(writer.integers(indices, where), stored.shape);
  writer.add('Gather', [writer.read(x), list], [writer.write(operator.outputs[0])], { axis: int(o.axis) });
};

export const pack: Converter = (operator, writer, where) => {
  const o = readOptions(layouts.pack, operator.options, where);
  const axis = writer.list([o.axis]);
  const output = writer.write(operator.outputs[0]);
  const parts = operator.inputs.map((_, index) => {
    const x = operand(operator, index, where);
    const lifted = writer.fresh(`${output}/part`, x);
    writer.add('Unsqueeze', [writer.read(x), axis], [lifted]);
    return lifted;
  });
  writer.add('Concat', parts, [output], { axis: int(o.axis) });
};
