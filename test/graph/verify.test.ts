import { describe, expect, test } from 'vitest';
import { ModelError } from '#src/errors.js';
import type { Graph } from '#src/graph/graph.js';
import { float32 } from '#src/graph/tensor.js';
import { verifyGraph } from '#src/graph/verify.js';
import { buildGraph, op } from './build.js';

const legal = buildGraph({
  inputs: { x: [2] },
  constants: { c: float32([2], [1, 2]) },
  nodes: [op('Clip', ['x', '', 'c'], 'a'), op('Add', ['a', 'c'], 'y')],
  outputs: ['y', 'c', 'x'],
});
const [clip, add] = legal.nodes;

test('a legal graph passes', () => {
  expect(() => verifyGraph(legal)).not.toThrow();
});

describe('says what is wrong', () => {
  const cases: [string, Graph, string][] = [
    [
      'duplicate node name',
      { ...legal, nodes: [clip, { ...add, name: 'a' }] },
      'node name "a" is used twice',
    ],
    ['nameless node', { ...legal, nodes: [clip, { ...add, name: '' }] }, 'a node has no name'],
    ['two producers', { ...legal, nodes: [clip, { ...add, outputs: ['a'] }] }, 'value "a" is defined twice'],
    [
      'constant and input',
      { ...legal, constants: new Map([['x', float32([], [1])]]) },
      'value "x" is defined twice',
    ],
    [
      'read before defined',
      { ...legal, nodes: [add, clip] },
      'node "y" reads "a", which nothing before it defines',
    ],
    ['undefined output', { ...legal, outputs: ['z'] }, 'output "z" is not defined'],
    ['no outputs', { ...legal, outputs: [] }, 'the graph has no outputs'],
    ['no node output', { ...legal, nodes: [{ ...clip, outputs: [''] }] }, 'node "a" has no output'],
    [
      'clamp',
      { ...legal, nodes: [clip, { ...add, clamp: { low: 1, high: 0 } }] },
      'node "y" has an empty clamp',
    ],
    [
      'attribute',
      { ...legal, nodes: [clip, op('Add', ['a', 'c'], 'y', { axis: { kind: 'int', value: 0.5 } })] },
      'node "y" has attribute "axis" that is not an integer',
    ],
    [
      'constant data',
      { ...legal, constants: new Map([['c', { type: 'float32', shape: [3], data: new Float32Array(2) }]]) },
      'constant "c" is float32 [3] but holds 2 elements',
    ],
    [
      'input shape',
      { ...legal, inputs: [{ name: 'x', type: 'float32', shape: [-1] }] },
      'input "x" has a bad shape, expected sizes >= 0, got float32 [-1]',
    ],
    [
      'stale type',
      { ...legal, types: new Map([['c', { type: 'float32', shape: [9] }]]) },
      'constant "c" has another type than recorded',
    ],
  ];
  test.each(cases)('%s', (_, graph, message) => {
    expect(() => verifyGraph(graph)).toThrow(ModelError);
    expect(() => verifyGraph(graph)).toThrow(message);
  });

  test('names the pass and shows the node', () => {
    expect(() => verifyGraph({ ...legal, nodes: [add, clip] }, 'fold-things')).toThrow(
      /^graph "test" after pass fold-things: .*, got y = Add\(a, c\) # y$/,
    );
  });
});
