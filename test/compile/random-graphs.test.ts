/** Random chains of operators over awkward shapes, in float and in integers. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { float32, int64, type Tensor } from '#src/graph/tensor.js';
import { buildGraph, float, type GraphParts, noise, op } from '../graph/build.js';
import { profiles, quantizeGraph } from './quantize.js';

/** One operator of the chain: its nodes and constants, and the shape that it makes of its input's. */
interface Link {
  readonly shape: readonly number[];
  readonly constants?: Readonly<Record<string, Tensor>>;
  readonly node: ReturnType<typeof op>;
}

/** Draws an integer between two ends, both included. */
type Draw = (low: number, high: number) => number;

const weights = (shape: readonly number[], draw: Draw) =>
  float32(
    shape,
    noise(
      shape.reduce((a, b) => a * b, 1),
      draw(1, 1000),
    ),
  );
const integers = (values: readonly number[]) => int64([values.length], values);

/** Kernel, stride, dilation and padding along each spatial axis, such that every window touches the input. */
function drawWindow(sizes: readonly number[], dilated: boolean, draw: Draw) {
  const axes = sizes.map((size) => {
    const kernel = draw(1, Math.min(3, size));
    const dilation = dilated && kernel > 1 ? draw(1, Math.floor((size - 1) / (kernel - 1))) : 1;
    const most = dilation > 1 ? 0 : kernel - 1;
    const [stride, before, after] = [draw(1, 3), draw(0, most), draw(0, most)];
    const output = Math.floor((size + before + after - (kernel - 1) * dilation - 1) / stride) + 1;
    return { kernel, dilation, stride, before, after, output };
  });
  return {
    kernel: axes.map(({ kernel }) => kernel),
    attributes: {
      strides: axes.map(({ stride }) => stride),
      dilations: axes.map(({ dilation }) => dilation),
      pads: [...axes.map(({ before }) => before), ...axes.map(({ after }) => after)],
    },
    output: axes.map(({ output }) => output),
  };
}

type MakeLink = (x: string, y: string, shape: readonly number[], draw: Draw) => Link;

const links: Record<string, MakeLink> = {
  Conv(x, y, [n, c, ...sizes], draw) {
    const divisors = Array.from({ length: c }, (_, i) => i + 1).filter((group) => c % group === 0);
    const group = divisors[draw(0, divisors.length - 1)];
    const outputs = group * draw(1, 3);
    const { kernel, attributes, output } = drawWindow(sizes, true, draw);
    const constants: Record<string, Tensor> = {
      [`${y}.w`]: weights([outputs, c / group, ...kernel], draw),
      ...(draw(0, 1) === 1 ? { [`${y}.b`]: weights([outputs], draw) } : {}),
    };
    const node = op('Conv', [x, ...Object.keys(constants)], y, { ...attributes, group });
    return { shape: [n, outputs, ...output], constants, node };
  },
  MaxPool(x, y, [n, c, ...sizes], draw) {
    const { kernel, attributes, output } = drawWindow(sizes, true, draw);
    return { shape: [n, c, ...output], node: op('MaxPool', [x], y, { ...attributes, kernel_shape: kernel }) };
  },
  AveragePool(x, y, [n, c, ...sizes], draw) {
    const { kernel, attributes, output } = drawWindow(sizes, false, draw);
    const { strides, pads } = attributes;
    const counts = { count_include_pad: draw(0, 1), kernel_shape: kernel };
    return { shape: [n, c, ...output], node: op('AveragePool', [x], y, { strides, pads, ...counts }) };
  },
  binary(x, y, shape, draw) {
    const rank = draw(0, shape.length);
    const operand = shape.slice(shape.length - rank).map((size) => (draw(0, 1) === 1 ? size : 1));
    const operator = ['Add', 'Sub', 'Mul'][draw(0, 2)];
    const constants = { [`${y}.c`]: weights(operand, draw) };
    const inputs = draw(0, 1) === 1 ? [x, `${y}.c`] : [`${y}.c`, x];
    return { shape, constants, node: op(operator, inputs, y) };
  },
  residual: (x, y, shape, draw) => ({
    shape,
    node: op(['Add', 'Sub', 'Mul'][draw(0, 2)], draw(0, 1) === 1 ? [x, 'x'] : ['x', x], y),
  }),
  activation: (x, y, shape, draw) => ({
    shape,
    node: op(['Relu', 'Sigmoid', 'Tanh', 'HardSigmoid'][draw(0, 3)], [x], y),
  }),
  LeakyRelu: (x, y, shape) => ({ shape, node: op('LeakyRelu', [x], y, { alpha: 0.3 }) }),
  PRelu: (x, y, shape, draw) => ({
    shape,
    constants: { [`${y}.s`]: weights([shape[1], ...shape.slice(2).map(() => 1)], draw) },
    node: op('PRelu', [x, `${y}.s`], y),
  }),
  island: (x, y, shape, draw) => ({
    shape,
    node:
      draw(0, 1) === 1 ? op('Softmax', [x], y, { axis: 1 }) : op('LRN', [x], y, { size: 3, alpha: float(1) }),
  }),
  Concat(x, y, shape, draw) {
    const axis = draw(0, shape.length - 1);
    const size = draw(1, 3);
    const constants = { [`${y}.c`]: weights(shape.with(axis, size), draw) };
    const inputs = draw(0, 1) === 1 ? [x, `${y}.c`] : [`${y}.c`, x];
    return {
      shape: shape.with(axis, shape[axis] + size),
      constants,
      node: op('Concat', inputs, y, { axis }),
    };
  },
  Transpose(x, y, shape, draw) {
    const rest = shape.map((_, axis) => axis);
    const perm = shape.map(() => rest.splice(draw(0, rest.length - 1), 1)[0]);
    return { shape: perm.map((axis) => shape[axis]), node: op('Transpose', [x], y, { perm }) };
  },
  Slice(x, y, shape, draw) {
    const starts = shape.map((size) => draw(0, size - 1));
    const steps = shape.map(() => draw(1, 2));
    const ends = shape.map((size, axis) => draw(starts[axis] + 1, size));
    const constants = {
      [`${y}.b`]: integers(starts),
      [`${y}.e`]: integers(ends),
      [`${y}.a`]: integers(shape.map((_, axis) => axis)),
      [`${y}.s`]: integers(steps),
    };
    return {
      shape: shape.map((_, axis) => Math.ceil((ends[axis] - starts[axis]) / steps[axis])),
      constants,
      node: op('Slice', [x, ...Object.keys(constants)], y),
    };
  },
  Pad(x, y, shape, draw) {
    const before = shape.map(() => draw(0, 2));
    const after = shape.map(() => draw(0, 2));
    const constants = {
      [`${y}.p`]: integers([...before, ...after]),
      [`${y}.v`]: float32([], [draw(-2, 2) / 2]),
    };
    return {
      shape: shape.map((size, axis) => before[axis] + size + after[axis]),
      constants,
      node: op('Pad', [x, ...Object.keys(constants)], y),
    };
  },
  Reshape(x, y, shape) {
    const swapped = [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!];
    return {
      shape: swapped,
      constants: { [`${y}.s`]: integers(swapped) },
      node: op('Reshape', [x, `${y}.s`], y),
    };
  },
};

/** A chain over one input; 'residual' reads that again and so stands only where the shape is still the input's. */
const chain: fc.Arbitrary<GraphParts> = fc.gen().map((gen) => {
  const draw: Draw = (low, high) => gen(fc.integer, { min: low, max: high });
  const input = [draw(1, 2), draw(1, 9), draw(1, 7), ...(draw(0, 2) > 0 ? [draw(1, 7)] : [])];
  const constants: Record<string, Tensor> = {};
  const nodes: ReturnType<typeof op>[] = [];
  let shape: readonly number[] = input;
  let x = 'x';
  const length = draw(1, 5);
  for (let i = 0; i < length; i++) {
    const names = Object.keys(links).filter((name) => name !== 'residual' || shape.join() === input.join());
    const link = links[names[draw(0, names.length - 1)]](x, `y${i}`, shape, draw);
    Object.assign(constants, link.constants);
    nodes.push(link.node);
    ({ shape } = link);
    x = `y${i}`;
  }
  return {
    inputs: { x: input },
    constants,
    nodes,
    outputs: draw(0, 3) === 0 && x !== 'y0' ? [x, 'y0'] : [x],
  };
});

/** Least signal to noise ratio in dB: what is sliced out of a tensor may be far smaller than the rest of it. */
const floors = { 'generic-int8': 0, 'generic-int16': 40 };

test.each(profiles)('%s', async (profile) => {
  await fc.assert(
    fc.asyncProperty(chain, async (parts) => {
      const { decibels } = await quantizeGraph(buildGraph(parts), profile);
      for (const value of decibels) expect(value).toBeGreaterThanOrEqual(floors[profile]);
    }),
  );
});
