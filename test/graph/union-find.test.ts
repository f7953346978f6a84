import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createUnionFind } from '#src/graph/union-find.js';

test('sets are listed in order of appearance', () => {
  const union = createUnionFind(['a', 'b', 'c', 'd']);
  union.unite('c', 'a');
  expect(union.find('a')).toBe('c');
  expect(union.find('never seen')).toBe('never seen');
  expect(union.sets()).toEqual([['a', 'c'], ['b'], ['d'], ['never seen']]);
});

test('agrees with relabelling every member at every union', () => {
  const name = fc.nat({ max: 12 }).map(String);
  fc.assert(
    fc.property(fc.array(fc.tuple(name, name)), (pairs) => {
      const union = createUnionFind();
      const labels = new Map<string, string>();
      for (const [a, b] of pairs) {
        union.unite(a, b);
        const [left, right] = [labels.get(a) ?? a, labels.get(b) ?? b];
        labels.set(a, left).set(b, right);
        for (const [member, label] of labels) if (label === right) labels.set(member, left);
      }
      for (const [a, left] of labels)
        for (const [b, right] of labels) expect(union.find(a) === union.find(b)).toBe(left === right);
    }),
  );
});
