import { expect, test } from 'vitest';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import { prepareProgram } from '#src/execute/wasm/prepare.js';
import { createMemory } from '#src/execute/wasm/webassembly.js';
import { fixed } from '#src/formats/format.js';
import type { Instruction } from '#src/program/instructions.js';
import type { Program, ProgramTensor } from '#src/program/program.js';

const named = (op: string) => ({ name: op, node: op, operator: '' });

/** x [1,2,3] f32 -> quantize -> reshape [6] -> clamp 0..127 -> dequantize. */
function chain(): Program {
  const format = fixed(8, 2);
  const tensors: ProgramTensor[] = [
    { name: 'x', shape: [1, 2, 3], format: null },
    { name: 'codes', shape: [1, 2, 3], format },
    { name: 'flat', shape: [6], format },
    { name: 'clamped', shape: [6], format },
    { name: 'y', shape: [6], format: null },
  ];
  const instructions: Instruction[] = [
    {
      op: 'quantize',
      ...named('quantize'),
      float32Quotient: false,
      rounding: 'halfEven',
      overflow: 'saturate',
      inputs: [0],
      output: 1,
    },
    { op: 'reshape', ...named('reshape'), inputs: [1], output: 2 },
    { op: 'clamp', ...named('clamp'), clamp: { low: 0, high: 127 }, inputs: [2], output: 3 },
    { op: 'dequantize', ...named('dequantize'), inputs: [3], output: 4 },
  ];
  const inputs = [{ name: 'x', tensor: 0 }];
  const outputs = [
    { name: 'y', tensor: 4, codes: 3 },
    { name: 'clamped', tensor: 3, codes: 3 },
  ];
  return { name: 'chain', tensors, instructions, inputs, outputs, metadata: {} };
}

const values = Float32Array.of(-40, -0.25, 0.125, 0.375, 1.1, 100);

test('a program gives one array per output port, of the type of its tensor', () => {
  const outputs = createWasmExecutor(chain()).run([values]);
  expect(outputs).toEqual([Float32Array.of(0, 0, 0, 0.5, 1, 31.75), Int8Array.of(0, 0, 0, 2, 4, 127)]);
});

test('an observer reads tensors after each instruction and may replace them', () => {
  const seen: [number, unknown][] = [];
  const [y] = createWasmExecutor(chain()).run([values], (instruction, tensors) => {
    seen.push([instruction, tensors.read(instruction + 1)]);
    if (instruction === 2) tensors.write(3, Int8Array.of(1, 2, 3, 4, 5, 6));
  });
  const codes = Int8Array.of(-128, -1, 0, 2, 4, 127);
  expect(seen.slice(0, 3)).toEqual([
    [0, codes],
    [1, codes],
    [2, Int8Array.of(0, 0, 0, 2, 4, 127)],
  ]);
  expect(y).toEqual(Float32Array.of(0.25, 0.5, 0.75, 1, 1.25, 1.5));
});

test('with retain every tensor can still be read after the last instruction', () => {
  const executor = createWasmExecutor(chain(), { retain: true });
  executor.run([values], (instruction, tensors) => {
    if (instruction < 3) return;
    expect(tensors.read(0)).toEqual(values);
    expect(tensors.read(1)).toEqual(Int8Array.of(-128, -1, 0, 2, 4, 127));
    expect(tensors.read(2)).toEqual(tensors.read(1));
  });
});

test('a reshape costs no memory and no call where its input ends there', () => {
  const { steps, arenaBytes } = prepareProgram(chain(), createMemory());
  expect(steps.map(({ kernel }) => kernel)).toEqual([
    'quantizeShift_f32_i16',
    'clamp_i16_i16',
    'dequantize_i16_f32',
  ]);
  expect(arenaBytes).toBeLessThan(prepareProgram(chain(), createMemory(), { retain: true }).arenaBytes);
});

test('a value that is not a number has no code', () => {
  const bad = values.with(4, Number.NaN);
  expect(() => createWasmExecutor(chain()).run([bad])).toThrow(
    'instruction "quantize", element 4: not a number has no code, got NaN',
  );
});

test('inputs that do not fit are refused by name', () => {
  const executor = createWasmExecutor(chain());
  expect(() => executor.run([])).toThrow('program "chain": wrong number of inputs, expected 1, got 0');
  expect(() => executor.run([values.subarray(1)])).toThrow(
    'input "x": wrong number of elements, expected 6, got 5',
  );
  expect(() => executor.run([new Int8Array(6)])).toThrow(
    'input "x": wrong type, expected float32, got Int8Array',
  );
});

test('unsigned codes of 16 bits go in and out as they are', () => {
  const format = fixed(16, 0, { signed: false });
  const tensors: ProgramTensor[] = [
    { name: 'x', shape: [4], format },
    { name: 'y', shape: [6], format },
  ];
  const fields = { before: [1], after: [1], interior: [], value: 40_000 };
  const program: Program = {
    name: 'wide',
    tensors,
    instructions: [{ op: 'pad', ...named('pad'), ...fields, inputs: [0], output: 1 }],
    inputs: [{ name: 'x', tensor: 0 }],
    outputs: [{ name: 'y', tensor: 1, codes: 1 }],
    metadata: {},
  };
  const [codes] = createWasmExecutor(program).run([Uint16Array.of(0, 1, 32_768, 65_535)]);
  expect(codes).toEqual(Uint16Array.of(40_000, 0, 1, 32_768, 65_535, 40_000));
});

test('codes of more than 32 bits are refused', () => {
  const program = chain();
  const format = fixed(33, 0);
  const tensors = program.tensors.map((tensor) => (tensor.format === null ? tensor : { ...tensor, format }));
  expect(() => createWasmExecutor({ ...program, tensors })).toThrow(/tensor "codes".*at most 32 bits/);
});
