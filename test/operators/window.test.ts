/**
 * Windows of pooling and convolution: the instruction that a node becomes, computed naively, must give what
 * onnxruntime gives for the node. Convolutions have weights of 1, which makes them sums.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ModelError } from '#src/errors.js';
import { float32 } from '#src/graph/tensor.js';
import type { Window } from '#src/program/instructions.js';
import { buildGraph, noise, op } from '../graph/build.js';
import { runWithOnnxruntime } from '../graph/onnxruntime.js';
import { recordLowering, rejection } from './record.js';

type Kind = 'MaxPool' | 'AveragePool' | 'Conv';

/** What a window gives on one image [height, width]; the size of the output is the floor formula's. */
function slide(kind: Kind, image: Float32Array, size: readonly number[], window: Window, countPads: boolean) {
  const { kernel, strides, pads, dilations } = window;
  const output = [0, 1].map((axis) => {
    const extent = (kernel[axis] - 1) * dilations[axis] + 1;
    return Math.floor((size[axis] + pads[axis] + pads[axis + 2] - extent) / strides[axis]) + 1;
  });
  const values: number[] = [];
  for (let y = 0; y < output[0]; y++)
    for (let x = 0; x < output[1]; x++) {
      const taps: number[] = [];
      for (let i = 0; i < kernel[0]; i++)
        for (let j = 0; j < kernel[1]; j++) {
          const row = y * strides[0] - pads[0] + i * dilations[0];
          const column = x * strides[1] - pads[1] + j * dilations[1];
          if (row >= 0 && row < size[0] && column >= 0 && column < size[1])
            taps.push(image[row * size[1] + column]);
        }
      const sum = taps.reduce((a, b) => a + b, 0);
      const count = countPads ? kernel[0] * kernel[1] : taps.length;
      values.push(kind === 'MaxPool' ? Math.max(...taps) : kind === 'Conv' ? sum : sum / count);
    }
  return { output, values };
}

const perAxis = (low: number, high: number) =>
  fc.tuple(fc.integer({ min: low, max: high }), fc.integer({ min: low, max: high }));
const cases = fc.record({
  kind: fc.constantFrom<Kind>('MaxPool', 'AveragePool', 'Conv'),
  rank: fc.constantFrom(1, 2),
  size: perAxis(1, 9),
  kernel: perAxis(1, 4),
  strides: perAxis(1, 4),
  dilations: perAxis(1, 3),
  before: perAxis(0, 3),
  after: perAxis(0, 3),
  autoPad: fc.constantFrom('NOTSET', 'NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'),
  ceil: fc.boolean(),
  countPads: fc.boolean(),
});

test('a window gives what onnxruntime gives', async () => {
  const seen = { compared: 0, rejected: 0, illegal: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(cases, async ({ kind, rank, autoPad, ceil, countPads, ...lists }) => {
      const [size, kernel, strides, dilations, before, after] = [
        lists.size,
        lists.kernel,
        lists.strides,
        lists.dilations,
        lists.before,
        lists.after,
      ].map((list) => list.slice(0, rank));
      const same = autoPad.startsWith('SAME');
      const graph = buildGraph({
        opset: 19,
        inputs: { x: [1, 1, ...size] },
        constants:
          kind === 'Conv'
            ? { w: float32([1, 1, ...kernel], new Float32Array(kernel.reduce((a, b) => a * b)).fill(1)) }
            : {},
        nodes: [
          op(kind, kind === 'Conv' ? ['x', 'w'] : ['x'], 'y', {
            kernel_shape: kernel,
            // onnxruntime has no automatic padding for dilated windows, and makes it negative for long strides.
            strides: same ? strides.map((stride, i) => Math.min(stride, kernel[i])) : strides,
            dilations: same ? dilations.map(() => 1) : dilations,
            auto_pad: autoPad,
            ...(autoPad === 'NOTSET' ? { pads: [...before, ...after] } : {}),
            ...(kind === 'Conv' ? {} : { ceil_mode: ceil ? 1 : 0 }),
            ...(kind === 'AveragePool' ? { count_include_pad: countPads ? 1 : 0 } : {}),
          }),
        ],
        outputs: ['y'],
      });
      const image = noise(size.reduce((a, b) => a * b));
      let reason: string | undefined;
      try {
        reason = rejection(graph);
      } catch (error) {
        if (!(error instanceof ModelError)) throw error;
        // onnxruntime rounds (size - extent) / stride towards 0 and reads beyond the input: no judge of this.
        const room = size.map((n, axis) => (autoPad === 'NOTSET' ? n + before[axis] + after[axis] : n));
        const extents = kernel.map((k, axis) => (k - 1) * dilations[axis] + 1);
        expect(
          room.some((n, axis) => n < extents[axis]),
          error.message,
        ).toBe(true);
        seen.illegal++;
        return;
      }
      if (reason !== undefined) {
        seen.rejected++;
        return;
      }
      const [[, first, second, third]] = recordLowering(graph);
      const window = (kind === 'Conv' ? third : first) as Window;
      const got = slide(kind, image, [1, ...size].slice(-2), window, second === true);
      const reference = await runWithOnnxruntime(graph, { x: image }).catch((error: Error) => error);
      if (reference instanceof Error) {
        // It refuses pads as large as the kernel even where no window lies in them.
        expect(reference.message).toMatch(/Pad should be smaller/);
        seen.refused++;
        return;
      }
      const { y } = reference;
      expect(got.output.slice(-rank)).toEqual(y.shape.slice(2));
      for (const [i, value] of got.values.entries()) expect(value).toBeCloseTo(y.data[i], 5);
      seen.compared++;
    }),
    { numRuns: 600 },
  );
  console.log(`windows: ${JSON.stringify(seen)}`);
});
