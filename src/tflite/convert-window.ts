/** Convolutions and pooling: operators with a window over the two spatial axes of [N, H, W, C]. */
import { ModelError } from '../errors.js';
import { int, ints, text } from '../graph/attributes.js';
import type { Attribute } from '../graph/graph.js';
import { type Converter, operand, requireRank, writeActivated } from './converter.js';
import { layouts, readOptions } from './schema.js';

function paddingMode(padding: number, where: string): Attribute {
  if (padding === 0) return text('SAME_UPPER');
  if (padding === 1) return text('VALID');
  throw new ModelError({ where, what: 'has an unknown padding', expected: '0 or 1', got: `${padding}` });
}

function windowAttributes(
  o: Readonly<Record<'padding' | 'strideWidth' | 'strideHeight', number>>,
  where: string,
): Record<string, Attribute> {
  return { auto_pad: paddingMode(o.padding, where), strides: ints([o.strideHeight, o.strideWidth]) };
}

/** Weights [O, h, w, C / groups] become [O, C / groups, h, w]. */
export const conv2d: Converter = (operator, writer, where) => {
  const o = readOptions(layouts.conv2d, operator.options, where);
  const [x, weights] = [operand(operator, 0, where), operand(operator, 1, where)];
  requireRank(writer, x, 4, where);
  if (writer.stored(weights) === undefined) return writer.refuse(operator, 'the weights are computed');
  const channels = writer.tensor(x).shape[3];
  const depth = writer.tensor(weights).shape[3];
  const bias = operator.inputs[2] ?? -1;
  const inputs = [writer.read(x, 'channelsFirst'), writer.readConstant(weights, [0, 3, 1, 2])];
  if (bias >= 0) inputs.push(writer.readConstant(bias, [0]));
  const attributes = {
    ...windowAttributes(o, where),
    dilations: ints([o.dilationHeight, o.dilationWidth]),
    group: int(depth > 0 && channels % depth === 0 ? channels / depth : 1),
  };
  writeActivated(operator, writer, 'channelsFirst', o.activation, true, (output, clamp) =>
    writer.add('Conv', inputs, [output], attributes, clamp),
  );
};

/** Weights [1, h, w, C * multiplier] become [C * multiplier, 1, h, w]; every channel is a group. */
export const depthwiseConv2d: Converter = (operator, writer, where) => {
  const o = readOptions(layouts.depthwiseConv2d, operator.options, where);
  const [x, weights] = [operand(operator, 0, where), operand(operator, 1, where)];
  requireRank(writer, x, 4, where);
  if (writer.stored(weights) === undefined) return writer.refuse(operator, 'the weights are computed');
  const bias = operator.inputs[2] ?? -1;
  const inputs = [writer.read(x, 'channelsFirst'), writer.readConstant(weights, [3, 0, 1, 2])];
  if (bias >= 0) inputs.push(writer.readConstant(bias, [0]));
  const attributes = {
    ...windowAttributes(o, where),
    dilations: ints([o.dilationHeight, o.dilationWidth]),
    group: int(writer.tensor(x).shape[3]),
  };
  writeActivated(operator, writer, 'channelsFirst', o.activation, true, (output, clamp) =>
    writer.add('Conv', inputs, [output], attributes, clamp),
  );
};

/** Weights [O, h, w, C] become [C, O, h, w]; the padding follows from the output's declared size. */
export const transposeConv: Converter = (operator, writer, where) => {
  const o = readOptions(layouts.transposeConv, operator.options, where);
  const size = writer.integers(operator.inputs[0], where);
  const [weights, x] = [operand(operator, 1, where), operand(operator, 2, where)];
  requireRank(writer, x, 4, where);
  requireRank(writer, weights, 4, where);
  if (writer.stored(weights) === undefined) return writer.refuse(operator, 'the weights are computed');
  paddingMode(o.padding, where);
  if (size.length !== 4)
    throw new ModelError({
      where,
      what: 'has an impossible output shape',
      expected: '4 sizes',
      got: `${size.length}`,
    });
  const strides = [o.strideHeight, o.strideWidth];
  const before: number[] = [];
  const after: number[] = [];
  const extra: number[] = [];
  for (const axis of [0, 1]) {
    const kernel = writer.tensor(weights).shape[axis + 1];
    const reach = (writer.tensor(x).shape[axis + 1] - 1) * strides[axis] + kernel;
    const output = size[axis + 1];
    // A Conv over the output with this padding would give the input: TFLite's ComputePaddingHeightWidth.
    const windows =
      o.padding === 0 ? Math.ceil(output / strides[axis]) : Math.ceil((output - kernel + 1) / strides[axis]);
    const total = Math.max(0, (windows - 1) * strides[axis] + kernel - output);
    before.push(Math.floor(total / 2));
    after.push(Math.max(0, reach - Math.floor(total / 2) - output));
    extra.push(Math.max(0, output - (reach - Math.floor(total / 2))));
  }
  const bias = operator.inputs[3] ?? -1;
  const inputs = [writer.read(x, 'channelsFirst'), writer.readConstant(weights, [3, 0, 1, 2])];
  if (bias >= 0) inputs.push(writer.readConstant(bias, [0]));
  const attributes = {
    strides: ints(strides),
    pads: ints([...before, ...after]),
    output_padding: ints(extra),
  };
  writeActivated(operator, writer, 'channelsFirst', o.activation, false, (output) =>
    writer.add('ConvTranspose', inputs, [output], attributes),
  );
};

/** x [..., K] as a matrix times weights [N, K]. */
export const fullyConnected: Converter = (operator, writer, where) => {
  const o = readOptions(layouts.fullyConnected, operator.options, where);
  const [x, weights] = [operand(operator, 0, where), operand(operator, 1, where)];
  requireRank(writer, weights, 2, where);
  if (o.weightsFormat !== 0) return writer.refuse(operator, 'the weights are shuffled');
  if (writer.stored(weights) === undefined) return writer.refuse(operator, 'the weights are computed');
  const [rows, depth] = writer.tensor(weights).shape;
  const { shape } = writer.tensor(x);
  const bias = operator.inputs[2] ?? -1;
  let matrix = writer.read(x);
  if (shape.length !== 2 || shape[1] !== depth) {
    const flat = writer.fresh(`${writer.tensor(x).name}/matrix`, x);
    writer.add('Reshape', [matrix, writer.list([-1, depth])], [flat]);
    matrix = flat;
  }
  const inputs = [matrix, writer.readConstant(weights, [0, 1])];
  if (bias >= 0) inputs.push(writer.readConstant(bias, [0]));
  const keeps = o.keepDimensions !== 0 && shape.length !== 2;
  writeActivated(operator, writer, 'plain', o.activation, true, (output, clamp) => {
    const product = keeps ? writer.fresh(`${output}/matrix`, operator.outputs[0]) : output;
    writer.add('Gemm', inputs, [product], { transB: int(1) }, clamp);
    if (keeps) writer.add('Reshape', [product, writer.list([...shape.slice(0, -1), rows])], [output]);
  });
};

function pool(name: 'AveragePool' | 'MaxPool'): Converter {
  return (operator, writer, where) => {
    const o = readOptions(layouts.pool2d, operator.options, where);
    const x = operand(operator, 0, where);
    requireRank(writer, x, 4, where);
    const input = writer.read(x, 'channelsFirst');
    const attributes = {
      ...windowAttributes(o, where),
      kernel_shape: ints([o.filterHeight, o.filterWidth]),
    };
    writeActivated(operator, writer, 'channelsFirst', o.activation, false, (output) =>
      writer.add(name, [input], [output], attributes),
    );
  };
}

export const averagePool2d = pool('AveragePool');
export const maxPool2d = pool('MaxPool');
