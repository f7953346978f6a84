/** Resize in every combination of modes and many sizes against onnxruntime. */
import { expect, test } from 'vitest';
import { compileProgram } from '#src/compile/compile.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { float32, int64 } from '#src/graph/tensor.js';
import { COORDINATE_MODES, NEAREST_MODES } from '#src/operators/resampling.js';
import { prepareGraph } from '#src/passes/index.js';
import { buildGraph, op } from '../graph/build.js';
import { runWithOnnxruntime } from '../graph/onnxruntime.js';

const sizes = [1, 2, 3, 5, 7, 8];
const isKnown = (mode: string) => !mode.startsWith('tf_');

/** Resizes the values 1, 4, 9, ... by one node, here and in onnxruntime. */
async function both(
  size: number,
  resized: number,
  attributes: Record<string, string | number>,
  roi: readonly number[] = [],
) {
  // onnxruntime's cubic mode wants two spatial axes.
  const constants = {
    roi: float32([roi.length], roi),
    none: float32([0], []),
    sizes: int64([4], [1, 1, 1, resized]),
  };
  const nodes = [op('Resize', ['x', 'roi', 'none', 'sizes'], 'y', attributes)];
  const graph = buildGraph({ opset: 19, inputs: { x: [1, 1, 1, size] }, constants, nodes, outputs: ['y'] });
  const x = Float32Array.from({ length: size }, (_, i) => (i + 1) ** 2);
  const program = compileProgram(prepareGraph(graph).graph, null);
  const expected = await runWithOnnxruntime(graph, { x });
  return { actual: Array.from(createOracle(program).run([x])[0], Number), expected: expected.y.data };
}

const modes = COORDINATE_MODES.filter(isKnown);

test.each(modes.flatMap((mode) => NEAREST_MODES.map((nearest) => [mode, nearest])))(
  'nearest with %s and %s',
  async (coordinate_transformation_mode, nearest_mode) => {
    for (const size of sizes)
      for (const resized of sizes) {
        // Centres that coincide: onnxruntime's coordinate lies just below the whole number, and floor takes the one before.
        const isCentred = size % 2 === 1 && resized % 2 === 1 && resized < size;
        if (isCentred && nearest_mode === 'floor' && coordinate_transformation_mode.includes('half'))
          continue;
        const attributes = { mode: 'nearest', coordinate_transformation_mode, nearest_mode };
        const { actual, expected } = await both(size, resized, attributes);
        expect(actual, `${size} to ${resized}`).toEqual(Array.from(expected));
      }
  },
);

test.each(modes.flatMap((mode) => ['linear', 'cubic'].map((kind) => [kind, mode])))(
  '%s with %s',
  async (mode, coordinate_transformation_mode) => {
    for (const size of sizes)
      for (const resized of sizes) {
        const { actual, expected } = await both(size, resized, { mode, coordinate_transformation_mode });
        actual.forEach((value, i) => {
          expect(Math.abs(value - expected[i]), `${size} to ${resized}`).toBeLessThan(1e-4);
        });
      }
  },
);

test.each(['nearest', 'linear'])('%s of a crop, also beyond the input', async (mode) => {
  for (const size of sizes)
    for (const resized of sizes)
      for (const [from, to] of [
        [0, 1],
        [0.25, 0.75],
        [0.75, 0.125],
        [-0.5, 0.5],
        [0.5, 1.75],
        [-1, 2],
      ]) {
        // onnxruntime copies the input where no size changes, whatever the crop.
        if (size === resized) continue;
        const coordinate_transformation_mode = 'tf_crop_and_resize';
        const attributes = { mode, coordinate_transformation_mode, extrapolation_value: 2.5 };
        const { actual, expected } = await both(size, resized, attributes, [0, 0, 0, from, 1, 1, 1, to]);
        actual.forEach((value, i) => {
          expect(Math.abs(value - expected[i]), `${from} to ${to} of ${size} to ${resized}`).toBeLessThan(
            1e-4,
          );
        });
      }
});

/** A nearest Resize of the input [1, 1, 4, 4] that reaches beyond it along both axes, by `scales`. */
function cropped(scales: readonly number[]) {
  return buildGraph({
    opset: 19,
    inputs: { x: [1, 1, 4, 4] },
    constants: { roi: float32([8], [0, 0, -0.5, -0.25, 1, 1, 1, 1.5]), scales: float32([4], scales) },
    nodes: [
      op('Resize', ['x', 'roi', 'scales'], 'y', {
        mode: 'nearest',
        coordinate_transformation_mode: 'tf_crop_and_resize',
        extrapolation_value: 2.5,
      }),
    ],
    outputs: ['y'],
  });
}

test('a crop beyond the input along two axes', async () => {
  const graph = cropped([1, 1, 1.5, 2]);
  const x = Float32Array.from({ length: 16 }, (_, i) => (i + 1) ** 2);
  const [actual] = createOracle(compileProgram(prepareGraph(graph).graph, null)).run([x]);
  expect(Array.from(actual, Number)).toEqual(Array.from((await runWithOnnxruntime(graph, { x })).y.data));
});

test('a crop takes memory for its axes, not for their product, and lists no axis of more than 2^20 elements', () => {
  const { constants } = prepareGraph(cropped([1, 1, 4000, 5000])).graph;
  const elements = Array.from(constants.values(), ({ data }) => data.length);
  expect(Math.max(...elements)).toBeLessThanOrEqual(20000);
  expect(() => prepareGraph(cropped([1, 1, 1, 1e8]))).toThrow(
    'node "y" (Resize): an axis of 400000000 elements',
  );
});

test('linear to 150000 elements', () => {
  const graph = buildGraph({
    inputs: { x: [1, 1, 3] },
    constants: { none: float32([0], []), scales: float32([3], [1, 1, 50000]) },
    nodes: [
      op('Resize', ['x', 'none', 'scales'], 'y', {
        mode: 'linear',
        coordinate_transformation_mode: 'align_corners',
      }),
    ],
    outputs: ['y'],
  });
  const executor = createOracle(compileProgram(prepareGraph(graph).graph, null));
  const [y] = executor.run([Float32Array.of(0, 1, 2)]);
  expect(y.length).toBe(150000);
  // Corners lie on corners: a straight line from 0 to 2.
  for (const i of [0, 1, 40000, 149999]) expect(y[i]).toBeCloseTo((2 * i) / 149999, 5);
});
