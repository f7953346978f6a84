/**
 * gemmlowp's product of real data: matrices with offsets, and a result that is offset, multiplied by an integer and shifted.
 * All are stored by columns unless they are transposed.
 */
import { existsSync, readdirSync } from 'node:fs';
import { fixed } from '#src/formats/format.js';
import { plainAccumulator } from '#src/program/accumulator.js';
import type { Arithmetic } from '#src/program/instructions.js';
import { readC } from './c-source.js';
import { runCodes } from './codes-case.js';
import type { Kind, Outcome } from './kind.js';
import { createSmallProgram, elementsOf, reachedBits } from './small-program.js';

export const gemmlowpProducts: Kind = {
  kind: 'gemmlowp',
  find: (folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.cc') && existsSync(`${folder}/${file}`))
      .sort(),
  run: (folder, name) => ({ operators: 'gemmlowp::Gemm', outcome: runProduct(`${folder}/${name}`) }),
};

function runProduct(path: string): Outcome {
  const { defines, arrays } = readC([path]);
  const number = (key: string): number => {
    const found = defines.get(key);
    if (found === undefined) throw new Error(`${path}: has no ${key}`);
    return found[0];
  };
  const [m, n, k] = ['m', 'n', 'k'].map(number);
  const matrix = (name: string, length: number) => {
    const found = arrays.get(name);
    if (found?.values.length !== length) throw new Error(`${path}: ${name} has not ${length} elements`);
    return found.values;
  };
  // The rows of the first and the columns of the second, each depth after depth.
  const a = arrange(matrix('a_data', m * k), k, m, number('is_a_transposed') === 1);
  const b = arrange(matrix('b_data', n * k), k, n, number('is_b_transposed') === 0);
  const expected = arrange(matrix('expected_c_data', m * n), m, n, number('is_c_transposed') === 0);
  const program = createSmallProgram('gemmlowp');
  const bytes = (zeroPoint: number) => fixed(8, 0, { signed: false, zeroPoint });
  const x = program.input(bytes(-number('b_offset')), [n, k]);
  const weights = program.constant(bytes(-number('a_offset')), [m, k], a);
  const offsets = new Array<number>(m).fill(number('c_offset'));
  const bias = program.constant(fixed(32, 0), [m], offsets);
  const centred = a.map((code) => code + number('a_offset'));
  const arithmetic: Arithmetic = {
    accumulator: plainAccumulator(32, reachedBits(bytes(-number('b_offset')), m, centred, offsets)),
    requantize: {
      style: 'multiplier',
      multiplier: number('c_mult_int'),
      shift: number('c_shift'),
      rounding: 'halfTowardPositive',
      overflow: 'saturate',
    },
  };
  const y = program.emit('gemm', { clamp: null, arithmetic }, [x, weights, bias], bytes(0), [n, m]);
  return runCodes(program.finish(y), [elementsOf(bytes(0), b)], expected);
}

/** Elements [columns][rows], from that order (`ready`) or from [rows][columns]. */
function arrange(
  values: readonly number[],
  rows: number,
  columns: number,
  ready: boolean,
): readonly number[] {
  if (ready) return values;
  return values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)]);
}
