import { describe, expect, test } from 'vitest';
import { bypass, type Rule, rewriteGraph } from '#src/graph/rewrite.js';
import { float32 } from '#src/graph/tensor.js';
import { verifyGraph } from '#src/graph/verify.js';
import { buildGraph, op } from './build.js';

const removeIdentity: Rule = (node, context) =>
  node.operator === 'Identity' ? bypass(node, node.inputs[0], context, 'removed') : undefined;
const lines = (graph: ReturnType<typeof buildGraph>) =>
  graph.nodes.map((node) => `${node.outputs} = ${node.operator}(${node.inputs})`);

describe('bypass', () => {
  test('a chain of nodes that change nothing vanishes, whoever reads it', () => {
    const { graph, changes } = rewriteGraph(
      buildGraph({
        inputs: { x: [2] },
        nodes: [
          op('Relu', ['x'], 'a'),
          op('Identity', ['a'], 'b'),
          op('Identity', ['b'], 'c'),
          op('Add', ['c', 'b'], 'y'),
        ],
        outputs: ['y'],
      }),
      'clean',
      removeIdentity,
    );
    verifyGraph(graph);
    expect(lines(graph)).toEqual(['a = Relu(x)', 'y = Add(a,a)']);
    expect(changes).toEqual([
      { pass: 'clean', node: 'b', what: 'removed' },
      { pass: 'clean', node: 'c', what: 'removed' },
    ]);
  });

  test('an output keeps its name', () => {
    const { graph } = rewriteGraph(
      buildGraph({
        inputs: { x: [2] },
        nodes: [op('Relu', ['x'], 'a'), op('Relu', ['a'], 'z'), op('Identity', ['a'], 'y')],
        outputs: ['y', 'z'],
      }),
      'clean',
      removeIdentity,
    );
    verifyGraph(graph);
    expect(lines(graph)).toEqual(['y = Relu(x)', 'z = Relu(y)']);
  });

  test('a node between an input, a constant or an output and an output stays', () => {
    const before = buildGraph({
      inputs: { x: [2] },
      constants: { c: float32([2], [1, 2]) },
      nodes: [
        op('Identity', ['x'], 'a'),
        op('Identity', ['c'], 'b'),
        op('Relu', ['x'], 'd'),
        op('Identity', ['d'], 'e'),
      ],
      outputs: ['a', 'b', 'd', 'e'],
    });
    const { graph, changes } = rewriteGraph(before, 'clean', removeIdentity);
    expect(graph).toBe(before);
    expect(changes).toEqual([]);
  });
});

test('what only a replaced node read is swept, constants too; what others read stays', () => {
  const before = buildGraph({
    inputs: { x: [2] },
    constants: { c: float32([2], [1, 2]), d: float32([2], [1, 2]), shared: float32([2], [3, 4]) },
    nodes: [
      op('Add', ['x', 'c'], 'a'),
      op('Add', ['a', 'shared'], 'b'),
      op('Split', ['b'], ['s', 'unread']),
      op('Mul', ['s', 'd'], 'y'),
      op('Add', ['x', 'shared'], 'z'),
    ],
    outputs: ['y', 'z'],
  });
  const { graph } = rewriteGraph(before, 'p', (node) =>
    node.operator === 'Mul' ? { what: 'w', nodes: [op('Neg', ['x'], 'y')] } : undefined,
  );
  verifyGraph(graph);
  expect(lines(graph)).toEqual(['y = Neg(x)', 'z = Add(x,shared)']);
  expect([...graph.constants.keys()]).toEqual(['shared']);
});

test('a rule sees the graph as patched so far, and runs until it finds nothing', () => {
  // Two Neg in a row cancel; a chain of five leaves one.
  const chain = Array.from({ length: 5 }, (_, i) => op('Neg', [`v${i}`], `v${i + 1}`));
  const cancel: Rule = (node, context) => {
    const before = node.operator === 'Neg' ? context.soleProducer(node.inputs[0]) : undefined;
    return before?.operator === 'Neg' ? bypass(node, before.inputs[0], context, 'cancelled') : undefined;
  };
  const { graph, changes } = rewriteGraph(
    buildGraph({ inputs: { v0: [1] }, nodes: chain, outputs: ['v5'] }),
    'p',
    cancel,
  );
  verifyGraph(graph);
  expect(lines(graph)).toEqual(['v5 = Neg(v0)']);
  expect(changes).toHaveLength(2);
});

test('the context knows who reads what, and gives each new name once', () => {
  const before = buildGraph({
    inputs: { x: [2] },
    constants: { c: float32([2], [1, 2]) },
    nodes: [op('Add', ['x', 'c'], 'a'), op('Relu', ['a'], 'b'), op('Add', ['a', 'b'], 'y')],
    outputs: ['b', 'y'],
  });
  rewriteGraph(before, 'p', (node, context) => {
    if (node.name !== 'y') return undefined;
    expect(context.consumers('a').map(({ name }) => name)).toEqual(['b', 'y']);
    expect(context.soleProducer('a')).toBeUndefined();
    expect(context.soleProducer('b')).toBeUndefined();
    expect(context.producer('b')?.operator).toBe('Relu');
    expect(context.producer('x')).toBeUndefined();
    expect(context.type('c')?.shape).toEqual([2]);
    expect(['new', 'new', 'a', 'x', 'c'].map(context.freshName)).toEqual([
      'new',
      'new/2',
      'a/2',
      'x/2',
      'c/2',
    ]);
    return undefined;
  });
  expect.assertions(7);
});
