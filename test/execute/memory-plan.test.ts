import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ALIGNMENT, planMemory } from '#src/execute/memory-plan.js';

const lifetimes = fc.array(
  fc
    .record({ bytes: fc.integer({ min: 0, max: 5000 }), first: fc.nat(20), length: fc.nat(6) })
    .map(({ bytes, first, length }) => ({ bytes, first, last: first + length })),
  { maxLength: 30 },
);

test('values that are alive together never share a byte', () => {
  fc.assert(
    fc.property(lifetimes, (values) => {
      const { offsets, bytes } = planMemory(values);
      values.forEach((a, i) => {
        expect(offsets[i] % ALIGNMENT).toBe(0);
        expect(offsets[i] + a.bytes).toBeLessThanOrEqual(bytes);
        for (let j = 0; j < i; j++) {
          const b = values[j];
          const together = a.first <= b.last && b.first <= a.last;
          const apart = offsets[i] + a.bytes <= offsets[j] || offsets[j] + b.bytes <= offsets[i];
          expect(!together || apart).toBe(true);
        }
      });
    }),
  );
});

test('a chain of equal values needs two places', () => {
  const chain = Array.from({ length: 10 }, (_, i) => ({ bytes: 640, first: i, last: i + 1 }));
  expect(planMemory(chain).bytes).toBe(1280);
});
