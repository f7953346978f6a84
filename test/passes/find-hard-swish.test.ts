import { expect, test } from 'vitest';
import { float32 } from '#src/graph/tensor.js';
import { findHardSwish } from '#src/passes/find-hard-swish.js';
import { buildGraph, float, noise, op } from '../graph/build.js';
import { applyRules, summary } from './check.js';

const constants = {
  three: float32([], [3]),
  six: float32([1], [6]),
  sixth: float32([], [1 / 6]),
  zero: float32([], [0]),
  seven: float32([], [7]),
};
const gate = [op('Add', ['x', 'three'], 'a'), op('Clip', ['a', 'zero', 'six6'], 'c')];
const inputs = { x: noise(60, 3).map((value) => value * 5) };

const forms = {
  '(x * gate) / 6': [...gate, op('Mul', ['x', 'c'], 'p'), op('Div', ['p', 'six'], 'y')],
  '(gate * x) * 1/6': [...gate, op('Mul', ['c', 'x'], 'p'), op('Mul', ['sixth', 'p'], 'y')],
  'x * (gate / 6)': [...gate, op('Div', ['c', 'six'], 'p'), op('Mul', ['x', 'p'], 'y')],
  '(x / 6) * gate': [...gate, op('Div', ['x', 'six'], 'p'), op('Mul', ['p', 'c'], 'y')],
  '(1/6 * gate) * x': [...gate, op('Mul', ['sixth', 'c'], 'p'), op('Mul', ['p', 'x'], 'y')],
  'x * HardSigmoid(x)': [
    op('HardSigmoid', ['x'], 'h', { alpha: float(1 / 6), beta: float(0.5) }),
    op('Mul', ['h', 'x'], 'y'),
  ],
};

test.each(Object.entries(forms))('%s is HardSwish', async (_, nodes) => {
  const graph = await applyRules(
    buildGraph({
      opset: 14,
      inputs: { x: [3, 20] },
      constants: { ...constants, six6: float32([], [6]) },
      nodes,
      outputs: ['y'],
    }),
    [findHardSwish],
    { inputs },
  );
  expect(summary(graph)).toEqual(['y = HardSwish(x)']);
});

const others = {
  'another offset': [
    op('Add', ['x', 'sixth'], 'a'),
    op('Clip', ['a', 'zero', 'six6'], 'c'),
    op('Mul', ['x', 'c'], 'p'),
    op('Div', ['p', 'six'], 'y'),
  ],
  'another divisor': [...gate, op('Mul', ['x', 'c'], 'p'), op('Div', ['p', 'seven'], 'y')],
  'another factor': [...gate, op('Mul', ['a', 'c'], 'p'), op('Div', ['p', 'six'], 'y')],
  'another slope': [op('HardSigmoid', ['x'], 'h'), op('Mul', ['h', 'x'], 'y')],
};

test.each(Object.entries(others))('%s is not', async (_, nodes) => {
  const graph = await applyRules(
    buildGraph({
      opset: 14,
      inputs: { x: [3, 20] },
      constants: { ...constants, six6: float32([], [6]) },
      nodes,
      outputs: ['y'],
    }),
    [findHardSwish],
    { inputs },
  );
  expect(graph.nodes.map(({ operator }) => operator)).not.toContain('HardSwish');
});
