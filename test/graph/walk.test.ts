/** Walks, against definitions that are plain and slow. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { breadthFirst, depthFirst, follow } from '#src/graph/walk.js';

/** A graph of up to 12 nodes as lists of neighbours. */
const graph = fc
  .integer({ min: 1, max: 12 })
  .chain((count) =>
    fc.array(fc.array(fc.nat({ max: count - 1 }), { maxLength: 4 }), { minLength: count, maxLength: count }),
  );

/** Edges on the shortest way from node 0 to each node (Bellman and Ford); infinite where there is none. */
function distances(edges: readonly (readonly number[])[]): number[] {
  const distance = edges.map((_, node) => (node === 0 ? 0 : Infinity));
  for (const _ of edges) {
    for (const [from, list] of edges.entries())
      for (const to of list) distance[to] = Math.min(distance[to], distance[from] + 1);
  }
  return distance;
}

/** Whether `to` can be reached from `from` by at least one edge (Warshall). */
function reaches(edges: readonly (readonly number[])[]): boolean[][] {
  const matrix = edges.map((list) => edges.map((_, to) => list.includes(to)));
  for (const [via] of edges.entries())
    for (const [from] of edges.entries())
      for (const [to] of edges.entries()) matrix[from][to] ||= matrix[from][via] && matrix[via][to];
  return matrix;
}

test('breadth first: all that can be reached, nearest first', () => {
  fc.assert(
    fc.property(graph, (edges) => {
      const order = [...breadthFirst([0], (node) => edges[node])];
      const distance = distances(edges);
      const reachable = edges.map((_, node) => node).filter((node) => distance[node] < Infinity);
      expect(order.toSorted((a, b) => a - b)).toEqual(reachable);
      const found = order.map((node) => distance[node]);
      expect(found).toEqual(found.toSorted((a, b) => a - b));
    }),
  );
});

test('depth first: all that can be reached, each after its neighbours, and every cycle is noticed', () => {
  fc.assert(
    fc.property(graph, (edges) => {
      const back = new Set<string>();
      const order = [
        ...depthFirst(
          [0],
          (node) => edges[node],
          (cycle) => {
            // Each leads to the next, the last to the first.
            for (const [index, node] of cycle.entries())
              expect(edges[node]).toContain(cycle[(index + 1) % cycle.length]);
            back.add(`${cycle.at(-1)} ${cycle[0]}`);
          },
        ),
      ];
      expect(new Set(order)).toEqual(breadthFirst([0], (node) => edges[node]));
      const place = new Map(order.map((node, index) => [node, index]));
      for (const node of order)
        for (const next of edges[node])
          if (!back.has(`${node} ${next}`)) expect(place.get(next)).toBeLessThan(place.get(node)!);
      const reach = reaches(edges);
      expect(back.size > 0).toBe(order.some((node) => reach[node][node]));
    }),
  );
});

test('a long chain does not exhaust the stack', () => {
  const next = (node: number) => (node < 200_000 ? [node + 1] : []);
  expect(depthFirst([0], next).size).toBe(200_001);
  expect(breadthFirst([0], next).size).toBe(200_001);
});

test('follows a chain to its end', () => {
  expect([...follow(3, (node) => (node > 0 ? node - 1 : undefined))]).toEqual([3, 2, 1, 0]);
});
