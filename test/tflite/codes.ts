/** Small quantised models, and what TFLite's fixed-point multiplication gives. */
import { expect } from 'vitest';
import { compileProgram } from '#src/compile/compile.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { bindInputs, runPorts } from '#src/execute/ports.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import { runPasses, throwUnsupported } from '#src/passes/index.js';
import { listUnsupported } from '#src/passes/list-unsupported.js';
import { decodeTflite } from '#src/tflite/read.js';
import { type BuiltModel, type BuiltTensor, encodeTflite } from './build.js';

/** Codes of the first output, or its numbers where it has none, for codes of the inputs; the same from both executors. */
export function run(model: BuiltModel, ...inputs: (Int8Array | Uint8Array | Int16Array)[]): number[] {
  const { graph, formats } = decodeTflite(encodeTflite(model), 'm.tflite');
  const prepared = runPasses(graph, []).graph;
  throwUnsupported(prepared, listUnsupported(prepared));
  const program = compileProgram(prepared, formats);
  const elements = bindInputs(program, inputs);
  const { outputs, codes } = runPorts(createOracle(program), elements);
  expect(runPorts(createWasmExecutor(program), elements).outputs).toEqual(outputs);
  return Array.from((codes[0] ?? outputs[0].values) as Int8Array, Number);
}

/** MultiplyByQuantizedMultiplier of TFLite, with 32-bit and with 64-bit sums, in exact integers. */
export function scaled(a: number, real: number, wide = false): number {
  let [mantissa, shift] = [real, 0];
  for (; mantissa >= 1; mantissa /= 2) shift++;
  for (; mantissa < 0.5; mantissa *= 2) shift--;
  const value = BigInt(Math.round(mantissa * 2 ** 31));
  if (wide) {
    const reduced = (value + 32768n) >> 16n;
    const total = BigInt(15 - shift);
    return Number((BigInt(a) * reduced + (1n << (total - 1n))) >> total);
  }
  const product = BigInt(a) * 2n ** BigInt(Math.max(shift, 0)) * value;
  const high = Number((product + (product >= 0n ? 1n << 30n : 1n - (1n << 30n))) / (1n << 31n));
  const quotient = Math.abs(high) / 2 ** Math.max(-shift, 0);
  return Math.sign(high) * Math.floor(quotient + 0.5);
}

export const clamp = (code: number, low: number, high: number) => Math.min(Math.max(code, low), high);
export const int8 = (
  name: string,
  shape: number[],
  scale: number,
  zero = 0,
  data?: number[],
): BuiltTensor => ({
  name,
  shape,
  type: 9,
  scales: [Math.fround(scale)],
  zeroPoints: [zero],
  data,
});
export const int16 = (name: string, shape: number[], scale: number): BuiltTensor => ({
  ...int8(name, shape, scale),
  type: 7,
});
export const bytesOf = (values: BigInt64Array | Int32Array) => Array.from(new Uint8Array(values.buffer));
export const numbers = (name: string, values: number[]): BuiltTensor => {
  const data = bytesOf(Int32Array.from(values));
  return { name, shape: [values.length], type: 2, data };
};
