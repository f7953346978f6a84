/** Names that the compiler makes beside names that a model has. */
import { expect, test } from 'vitest';
import { observedValues } from '#src/calibrate/observed-values.js';
import { compileProgram } from '#src/compile/compile.js';
import { float32 } from '#src/graph/tensor.js';
import { prepareGraph } from '#src/passes/index.js';
import { buildGraph, op } from '../graph/build.js';

const ones = (...shape: number[]) =>
  float32(shape, new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(1));

/** A network along one axis of which most nodes are several instructions, with its values renamed. */
function networkOf(name: (value: string) => string) {
  const [x, y, pooled, normal, shares, flat, result] = 'x y pooled normal shares flat result'
    .split(' ')
    .map(name);
  return prepareGraph(
    buildGraph({
      inputs: { [x]: [1, 3, 8] },
      constants: { w: ones(4, 3, 3), scale: ones(4), axes: ones(16, 16) },
      nodes: [
        op('Conv', [x, 'w'], y, { pads: [1, 1] }),
        op('AveragePool', [y], pooled, { kernel_shape: [2], strides: [2] }),
        op('LayerNormalization', [pooled, 'scale'], normal),
        op('LogSoftmax', [normal], shares),
        op('Flatten', [shares], flat),
        op('MatMul', [flat, 'axes'], result),
      ],
      outputs: [result],
      opset: 17,
    }),
  ).graph;
}

const plain = compileProgram(
  networkOf((value) => value),
  null,
);
const values = ['y', 'pooled', 'normal', 'shares', 'result'];
const made = plain.tensors.map(({ name }) => name).filter((name) => name.includes('@'));
const numbered = values.map((value) => `${value}:2`);
const steps = plain.instructions.map(({ name }) => name).filter((name) => !values.includes(name));

test('the network makes names of every kind', () => {
  expect(made.length).toBeGreaterThan(5);
  expect(steps.some((name) => name.includes('/'))).toBe(true);
});

test.each([...made, ...numbered, ...steps])(
  'a value called "%s" keeps its name, and others theirs',
  (taken) => {
    for (const renamed of values) {
      const graph = networkOf((value) => (value === renamed ? taken : value));
      const program = compileProgram(graph, null);
      const names = program.tensors.map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
      const observed = observedValues(program).map(({ name }) => name);
      expect(new Set(observed).size).toBe(observed.length);
      for (const node of graph.nodes) {
        const own = program.instructions.filter((instruction) => instruction.node === node.name);
        const written = own.map(({ output }) => names[output]);
        const others = written.filter((name) => name !== node.outputs[0] && graph.types.has(name));
        expect(others).toEqual([]);
        if (own.length > 0) {
          expect(written).toContain(node.outputs[0]);
          expect(own[0].name).toBe(node.name);
        }
      }
    }
  },
);
