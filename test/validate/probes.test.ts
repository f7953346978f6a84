/** The width that probes report against accumulators computed element by element. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bitsFor } from '#src/compile/ranges.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import { fixed } from '#src/formats/format.js';
import { addProbes, observedBits } from '#src/validate/probes.js';
import { byShift, programOf, proved } from '../programs.js';

test('the observed width is that of the widest accumulator', () => {
  const code = fc.integer({ min: -128, max: 127 });
  const matrix = (length: number) => fc.array(code, { minLength: length, maxLength: length });
  fc.assert(
    fc.property(matrix(6), matrix(8), (inputs, weights) => {
      // x [3,2] times the transposed weights [4,2].
      const sums = Array.from({ length: 12 }, (_, index) => {
        const [row, column] = [Math.floor(index / 4), index % 4];
        return inputs[2 * row] * weights[2 * column] + inputs[2 * row + 1] * weights[2 * column + 1];
      });
      // Two products of codes of 8 bits reach 2^15, which takes 17 bits: the probe drops one.
      const program = programOf(
        {
          x: { shape: [3, 2], format: fixed(8, 4) },
          w: { shape: [4, 2], format: fixed(8, 3), data: Int8Array.from(weights) },
          y: { shape: [3, 4], format: fixed(8, 0) },
        },
        [
          {
            op: 'gemm',
            clamp: null,
            arithmetic: { accumulator: { ...proved, provedBits: 17 }, requantize: byShift(7) },
            inputs: ['x', 'w'],
            output: 'y',
          },
        ],
      );
      const probed = addProbes(program);
      let observed = 0;
      createWasmExecutor(probed.program).run([Int8Array.from(inputs)], (instruction, { read }) => {
        const probe = probed.probes.find((entry) => entry.instruction === instruction);
        if (probe === undefined) return;
        const { output } = probed.program.instructions[instruction];
        observed = observedBits(read(output) as Int16Array, probe.dropped);
      });
      const width = bitsFor({ low: Math.min(0, ...sums), high: Math.max(0, ...sums) });
      expect(observed).toBe(Math.max(width, 2));
    }),
    { numRuns: 200 },
  );
});
