import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ModelError } from '#src/errors.js';
import { consumersOf, nodesBehind, producersOf, sortTopologically } from '#src/graph/order.js';
import { op } from './build.js';

const names = (nodes: readonly { name: string }[]) => nodes.map(({ name }) => name);

describe('producers and consumers', () => {
  const split = op('Split', ['x'], ['a', 'b']);
  const square = op('Mul', ['a', 'a'], 'c');
  const clip = op('Clip', ['a', '', 'b'], 'd');

  test('each value has its node', () => {
    expect([...producersOf([split, square])]).toEqual([
      ['a', split],
      ['b', split],
      ['c', square],
    ]);
  });

  test('a node that reads a value twice is one consumer; inputs left out are no values', () => {
    expect([...consumersOf([split, square, clip])]).toEqual([
      ['x', [split]],
      ['a', [square, clip]],
      ['b', [clip]],
    ]);
  });
});

test('nodesBehind keeps exactly what the values need', () => {
  const nodes = [
    op('Relu', ['x'], 'a'),
    op('Relu', ['a'], 'dead'),
    op('Relu', ['a'], 'y'),
    op('Relu', ['y'], 'z'),
  ];
  expect(names(nodesBehind(nodes, ['y']))).toEqual(['a', 'y']);
  expect(nodesBehind(nodes, ['x'])).toEqual([]);
});

describe('sortTopologically', () => {
  test('keeps an order that is legal', () => {
    const nodes = [op('Relu', ['x'], 'b'), op('Relu', ['x'], 'a'), op('Add', ['a', 'b'], 'c')];
    expect(sortTopologically(nodes)).toEqual(nodes);
  });

  test('orders any permutation of any acyclic graph', () => {
    // Node i reads some of the nodes before it.
    const dag = fc.array(fc.array(fc.nat({ max: 30 }), { maxLength: 4 }), { minLength: 1, maxLength: 30 });
    const shuffled = dag.chain((edges) => {
      const nodes = edges.map((list, i) =>
        op('Sum', i === 0 ? ['x'] : list.map((source) => `v${source % i}`), `v${i}`),
      );
      return fc.shuffledSubarray(nodes, { minLength: nodes.length });
    });
    fc.assert(
      fc.property(shuffled, (nodes) => {
        const sorted = sortTopologically(nodes);
        expect(new Set(sorted)).toEqual(new Set(nodes));
        const position = new Map(sorted.map((node, index) => [node.outputs[0], index]));
        sorted.forEach((node, index) => {
          for (const input of node.inputs) expect(position.get(input) ?? -1).toBeLessThan(index);
        });
      }),
    );
  });

  test('a long chain given backwards does not exhaust the stack', () => {
    const chain = Array.from({ length: 50_000 }, (_, i) => op('Relu', [`v${i}`], `v${i + 1}`));
    expect(sortTopologically(chain.toReversed())).toEqual(chain);
  });

  test('a cycle is an error that names its nodes', () => {
    const cyclic = [op('Relu', ['x'], 'a'), op('Add', ['a', 'c'], 'b'), op('Relu', ['b'], 'c')];
    expect(() => sortTopologically(cyclic)).toThrow(ModelError);
    expect(() => sortTopologically(cyclic)).toThrow(
      'node "b" (Add): reads from itself, expected a graph without cycles, got b <- c <- b',
    );
    expect(() => sortTopologically([op('Relu', ['a'], 'a')])).toThrow('a <- a');
  });
});
