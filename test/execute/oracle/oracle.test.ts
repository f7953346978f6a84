import { expect, test } from 'vitest';
import { DynafixError, ExecutionError, ProgramError } from '#src/errors.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { fixed } from '#src/formats/format.js';
import { byShift, programOf } from '../../programs.js';

/** x f32 -> codes -> doubled codes -> f32 */
const program = programOf(
  {
    x: { shape: [2] },
    codes: { shape: [2], format: fixed(4, 1) },
    doubled: { shape: [2], format: fixed(8, 1) },
    y: { shape: [2] },
  },
  [
    {
      op: 'quantize',
      float32Quotient: false,
      rounding: 'halfEven',
      overflow: 'saturate',
      inputs: ['x'],
      output: 'codes',
    },
    { op: 'requantize', requantize: byShift(-1), inputs: ['codes'], output: 'doubled' },
    { op: 'dequantize', inputs: ['doubled'], output: 'y' },
  ],
);

test('runs instructions in order and shows every tensor', () => {
  const seen: unknown[] = [];
  const outputs = createOracle(program).run([Float32Array.of(1.5, -9)], (instruction, { read }) => {
    seen.push([instruction, read(program.instructions[instruction].output)]);
  });
  expect(outputs).toEqual([Float32Array.of(3, -8)]);
  expect(seen).toEqual([
    [0, Int8Array.of(3, -8)],
    [1, Int8Array.of(6, -16)],
    [2, Float32Array.of(3, -8)],
  ]);
});

test('what an observer writes is what later instructions read', () => {
  const oracle = createOracle(program);
  const run = (codes: number[]) =>
    oracle.run([Float32Array.of(0, 0)], (instruction, { write }) => {
      if (instruction === 0) write(1, Int8Array.from(codes));
    });
  expect(run([7, -1])).toEqual([Float32Array.of(7, -1)]);
  expect(() => run([8, 0])).toThrow(ExecutionError);
});

test('outputs are copies, and one run does not disturb the next', () => {
  const oracle = createOracle(program);
  const [first] = oracle.run([Float32Array.of(1, 1)]);
  oracle.run([Float32Array.of(2, 2)]);
  expect(first).toEqual(Float32Array.of(2, 2));
});

test('inputs that do not fit are refused by name', () => {
  const oracle = createOracle(program);
  expect(() => oracle.run([])).toThrow(ExecutionError);
  expect(() => oracle.run([Float32Array.of(1)])).toThrow(/input "x": has a wrong length, expected 2, got 1/);
  expect(() => oracle.run([Int8Array.of(1, 2)])).toThrow(/input "x": has the wrong type/);
  const codes = createOracle(
    programOf({ x: { shape: [1], format: fixed(4, 0) }, y: { shape: [1], format: fixed(4, 0) } }, [
      { op: 'reshape', inputs: ['x'], output: 'y' },
    ]),
  );
  expect(() => codes.run([Int8Array.of(8)])).toThrow(/input "x": is out of range, expected -8 to 7, got 8/);
  expect(codes.run([Int16Array.of(-8)])).toEqual([Int8Array.of(-8)]);
});

test('an unknown instruction or tensor is refused', () => {
  const [first] = program.instructions;
  const change = (fields: object) => ({
    ...program,
    instructions: [{ ...first, ...fields } as typeof first],
  });
  expect(() => createOracle(change({ op: 'fly' }))).toThrow(ProgramError);
  expect(() => createOracle(change({ op: 'toString' }))).toThrow(ProgramError);
  expect(() => createOracle(change({ inputs: [9] }))).toThrow(ProgramError);
  expect(() => createOracle(change({ inputs: [] }))).toThrow(ProgramError);
});

test('tensors that cannot be are refused by name', () => {
  const change = (fields: object) => ({
    ...program,
    tensors: program.tensors.map((tensor, i) => (i === 1 ? { ...tensor, ...fields } : tensor)),
  });
  const wrong: [object, RegExp][] = [
    [{ shape: [-1] }, /tensor "codes": has a wrong shape/],
    [{ shape: [2 ** 40] }, /tensor "codes": has a wrong shape/],
    [{ shape: [1.5] }, /tensor "codes": has a wrong shape/],
    [{ format: fixed(70, 0) }, /tensor "codes": illegal width/],
    [{ data: Int8Array.of(1) }, /tensor "codes": has a wrong length, expected 2, got 1/],
    [{ data: Int8Array.of(1, 8) }, /tensor "codes": is out of range, expected -8 to 7, got 8/],
    [{ data: Float32Array.of(1, 2) }, /tensor "codes": has the wrong type/],
  ];
  for (const [fields, message] of wrong) {
    expect(() => createOracle(change(fields))).toThrow(DynafixError);
    expect(() => createOracle(change(fields))).toThrow(message);
  }
});
