import { expect, test } from 'vitest';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { type InstructionDraft, programOf } from '../../programs.js';

const run = (draft: InstructionDraft, ...x: number[]) => {
  const shape = [1, x.length];
  const program = programOf({ x: { shape }, y: { shape } }, [draft]);
  return createOracle(program).run([Float32Array.from(x)])[0] as Float32Array;
};

test('an even neighbourhood reaches one channel further up than down, and is cut at the ends', () => {
  // alpha / size = 1, so the divisor is the root of the sum of squares of channels c and c + 1.
  const draft = {
    op: 'localResponseNormalization',
    size: 2,
    alpha: 2,
    beta: 0.5,
    bias: 0,
    inputs: ['x'],
    output: 'y',
  } as const;
  // 3 / 5, 4 / sqrt(16 + 9), -3 / sqrt(9 + 16), 4 / 4
  expect([...run(draft, 3, 4, -3, 4)]).toEqual([0.6, 0.8, -0.6, 1].map(Math.fround));
  // Three channels, and bias: 0 / sqrt(1 + 2/3 * 9), 3 / sqrt(1 + 2/3 * 9), 0 / ...
  const three = run({ ...draft, size: 3, bias: 1 }, 0, 3, 0);
  expect([...three]).toEqual([0, Math.fround(3 / Math.sqrt(7)), 0]);
});

test('softmax takes the maximum out first, so that large values do not overflow', () => {
  const draft = { op: 'softmax', axis: 1, inputs: ['x'], output: 'y' } as const;
  expect([...run(draft, 1e30, 1e30, -1e30, -Infinity)]).toEqual([0.5, 0.5, 0, 0]);
  // e^0, e^-1 and e^-1 in float32 steps.
  const e = Math.fround(Math.exp(-1));
  const sum = Math.fround(Math.fround(1 + e) + e);
  expect([...run(draft, -5, -6, -6)]).toEqual([1 / sum, e / sum, e / sum].map(Math.fround));
});
