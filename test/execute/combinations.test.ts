/**
 * Every combination of rounding, overflow of codes, style of scaling and accumulator, as a product of two vectors, against
 * arithmetic over fractions, on the oracle and on the kernels.
 */
import { describe, expect, test } from 'vitest';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import { fixed } from '#src/formats/format.js';
import { OVERFLOWS, type Overflow, ROUNDINGS, type Rounding } from '#src/formats/rounding.js';
import type { Accumulator, Requantize, Scaling } from '#src/program/instructions.js';
import { programOf, proved } from '../programs.js';
import { accumulated, overflowed, scaled, Trapped } from './rational.js';

const LENGTH = 12;
const weights = Int8Array.from({ length: LENGTH }, (_, index) => [127, -128, 3, -7, 64, -1][index % 6]);
const bias = -37;
const outputZeroPoint = 2;

/** Rows that stay small, tie after a shift of 1 or 2, fill the register, and reach both ends of the codes. */
const rows = [
  [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  [0, 0, 13, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  [0, 0, 11, 0, 0, 2, 0, 0, 0, 0, 0, 0],
  [0, 0, 0, 9, 0, 2, 0, 0, 0, 0, 0, 0],
  [1, 1, 20, 3, -1, 5, 0, 1, -2, 3, 0, 0],
  [127, -128, 127, -128, 127, -128, 127, -128, 127, -128, 127, -128],
  [-128, 127, -128, 127, -128, 127, -128, 127, -128, 127, -128, 127],
  [127, 127, 0, 0, 0, 0, -128, -128, 0, 0, 0, 0],
];

const roundings: readonly Rounding[] = [...ROUNDINGS, 'stochastic(12345)'];

const styles: Readonly<Record<Scaling['style'], (rounding: Rounding) => Scaling>> = {
  shift: (rounding) => ({ style: 'shift', shift: 2, rounding }),
  multiplier: (rounding) => ({ style: 'multiplier', multiplier: 3 << 20, shift: 23, rounding }),
  doubling: () => ({ style: 'doubling', multiplier: 3 << 29, shift: 2 }),
  scale: (rounding) => ({ style: 'scale', scale: 0.25, rounding }),
  division: (rounding) => ({ style: 'division', divisor: 6, rounding }),
};

const partialSum = { every: 2, bits: 12, rounding: 'halfEven', overflow: 'saturate' } as const;
const narrow: Accumulator = { ...proved, bits: 14, provedBits: 0 };
const kinds: Readonly<Record<string, (overflow: Overflow) => Accumulator>> = {
  'proved, 32 bits': (overflow) => ({ ...proved, overflow }),
  'proved, 64 bits': (overflow) => ({ ...proved, bits: 64, overflow }),
  narrow: (overflow) => ({ ...narrow, overflow }),
  'narrow, bias first': (overflow) => ({ ...narrow, overflow, bias: 'first' }),
  'in steps of 4 through a tree': (overflow) => ({ ...narrow, overflow, productsPerStep: 4, treeBits: 13 }),
  'with partial sums': (overflow) => ({ ...narrow, overflow, bits: 16, partialSum }),
};

function programFor(accumulator: Accumulator, requantize: Requantize, rowCount: number) {
  return programOf(
    {
      x: { shape: [rowCount, LENGTH], format: fixed(8, 4) },
      w: { shape: [1, LENGTH], format: fixed(8, 3), data: weights },
      b: { shape: [1], format: fixed(32, 7), data: Int32Array.of(bias) },
      y: { shape: [rowCount, 1], format: fixed(8, 5, { zeroPoint: outputZeroPoint }) },
    },
    [
      {
        op: 'gemm',
        clamp: null,
        arithmetic: { accumulator, requantize },
        inputs: ['x', 'w', 'b'],
        output: 'y',
      },
    ],
  );
}

function expected(
  row: readonly number[],
  accumulator: Accumulator,
  requantize: Requantize,
): bigint | undefined {
  const products = row.map((code, index) => BigInt(code * weights[index]));
  try {
    const sum = accumulated(products, BigInt(bias), accumulator);
    return overflowed(scaled(sum, requantize) + BigInt(outputZeroPoint), 8, requantize.overflow);
  } catch (error) {
    if (error instanceof Trapped) return undefined;
    throw error;
  }
}

const executors = { oracle: createOracle, wasm: createWasmExecutor };

describe.each(Object.entries(kinds))('accumulator %s', (_, accumulatorOf) => {
  describe.each(Object.entries(styles))('%s', (style, scalingOf) => {
    test.each(Object.entries(executors))('%s', (_name, create) => {
      for (const rounding of style === 'doubling' ? ROUNDINGS.slice(0, 1) : roundings) {
        for (const accumulatorOverflow of OVERFLOWS) {
          for (const overflow of OVERFLOWS) {
            const accumulator = accumulatorOf(accumulatorOverflow);
            const requantize: Requantize = { ...scalingOf(rounding), overflow };
            const executor = create(programFor(accumulator, requantize, 1));
            for (const row of rows) {
              const code = expected(row, accumulator, requantize);
              const where = `${rounding}, ${accumulatorOverflow}, ${overflow}, [${row}]`;
              const run = () => executor.run([Int8Array.from(row)])[0][0];
              if (code === undefined) expect(run, where).toThrow(/overflow|fit/);
              else expect(run(), where).toBe(Number(code));
            }
          }
        }
      }
    });
  });
});
