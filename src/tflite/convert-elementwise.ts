/** Operators that compute every element by itself. */
import { float, int } from '../graph/attributes.js';
import { type Converter, operand, requireRank, writeActivated, writeClamp } from './converter.js';
import { layouts, type OptionsLayout, readOptions } from './schema.js';

/** ADD, SUB, MUL, DIV: two operands with broadcasting and a fused activation. */
export function binary(name: string, layout: OptionsLayout | undefined): Converter {
  return (operator, writer, where) => {
    const o: Readonly<Record<string, number>> =
      layout === undefined ? {} : readOptions(layout, operator.options, where);
    const { activation = 0, powerOfTwoInt16 = 0 } = o;
    const operands = [operand(operator, 0, where), operand(operator, 1, where)];
    // Operands of fewer axes are aligned at the end, where ONNX's order has other axes.
    const computed = operands.filter((tensor) => writer.stored(tensor) === undefined);
    const full = computed.every((tensor) => writer.tensor(tensor).shape.length === 4);
    const order = full ? writer.layoutOf(operands) : 'plain';
    const inputs = operands.map((tensor) => writer.read(tensor, order));
    const fusible = ['Add', 'Sub', 'Mul'].includes(name);
    // Not an attribute of ONNX: the kernel for codes of 16 bits depends on it.
    const attributes = { pot_scale_int16: int(powerOfTwoInt16) };
    writeActivated(operator, writer, order, activation, fusible, (output, clamp) =>
      writer.add(name, inputs, [output], attributes, clamp),
    );
  };
}

/** An operator of one variable without options. */
export function unary(name: string): Converter {
  return (operator, writer, where) => {
    const x = operand(operator, 0, where);
    const layout = writer.layoutOf([x]);
    writer.add(name, [writer.read(x, layout)], [writer.write(operator.outputs[0], layout)]);
  };
}

/** 1 / sqrt(x): of codes one table, so one node. */
export const reciprocalRoot: Converter = (operator, writer, where) => {
  const x = operand(operator, 0, where);
  const layout = writer.layoutOf([x]);
  const input = writer.read(x, layout);
  const output = writer.write(operator.outputs[0], layout);
  if (writer.tensor(operator.outputs[0]).quantization !== null) {
    writer.add('Pow', [input, writer.scalar(-0.5)], [output]);
    return;
  }
  const root = writer.fresh(`${output}/root`);
  writer.add('Sqrt', [input], [root]);
  writer.add('Reciprocal', [root], [output]);
};

/** (a - b)^2. */
export const squaredDifference: Converter = (operator, writer, where) => {
  const inputs = [0, 1].map((index) => writer.read(operand(operator, index, where)));
  const output = writer.write(operator.outputs[0]);
  const difference = writer.fresh(`${output}/difference`);
  writer.add('Sub', inputs, [difference]);
  writer.add('Mul', [difference, difference], [output]);
};

/** RELU and its kin. */
export function limited(low: number, high: number): Converter {
  return (operator, writer, where) => {
    const x = operand(operator, 0, where);
    const layout = writer.layoutOf([x]);
    writeClamp(writer, writer.read(x, layout), writer.write(operator.outputs[0], layout), { low, high });
  };
}

export const leakyRelu: Converter = (operator, writer, where) => {
  const { alpha } = readOptions(layouts.leakyRelu, operator.options, where);
  const x = operand(operator, 0, where);
  const layout = writer.layoutOf([x]);
  const output = writer.write(operator.outputs[0], layout);
  writer.add('LeakyRelu', [writer.read(x, layout)], [output], { alpha: float(alpha) });
};

/** Slopes [1, 1, C] of [N, H, W, C] become [C, 1, 1]. */
export const pRelu: Converter = (operator, writer, where) => {
  const [x, slopes] = [operand(operator, 0, where), operand(operator, 1, where)];
  if (writer.stored(slopes) === undefined) return writer.refuse(operator, 'the slopes are computed');
  const rank = writer.tensor(slopes).shape.length;
  const first = writer.tensor(x).shape.length === 4 && rank === 3;
  const layout = first ? 'channelsFirst' : 'plain';
  const permutation = first ? [2, 0, 1] : Array.from({ length: rank }, (_, axis) => axis);
  const inputs = [writer.read(x, layout), writer.readConstant(slopes, permutation)];
  writer.add('PRelu', inputs, [writer.write(operator.outputs[0], layout)]);
};

/** exp(beta * x) / sum over the last axis. */
export const softmax: Converter = (operator, writer, where) => {
  const { beta } = readOptions(layouts.softmax, operator.options, where);
  const input = writer.read(operand(operator, 0, where));
  // `beta` is not an attribute of ONNX.
  const attributes = { axis: int(-1), ...(beta === 1 ? {} : { beta: float(beta) }) };
  writer.add('Softmax', [input], [writer.write(operator.outputs[0])], attributes);
};

/** TFLite's window reaches `radius` channels to both sides and its alpha is not divided by the window's size. */
export const localResponseNormalization: Converter = (operator, writer, where) => {
  const o = readOptions(layouts.localResponseNormalization, operator.options, where);
  const x = operand(operator, 0, where);
  requireRank(writer, x, 4, where);
  const size = 2 * o.radius + 1;
  writer.add('LRN', [writer.read(x, 'channelsFirst')], [writer.write(operator.outputs[0], 'channelsFirst')], {
    size: int(size),
    alpha: float(o.alpha * size),
    beta: float(o.beta),
    bias: float(o.bias),
  });
};
