/** Small quantised models, written with onnx-proto alone, on both executors and on onnxruntime-node as the referee. */
import { onnx } from 'onnx-proto';
import * as ort from 'onnxruntime-node';
import { expect } from 'vitest';
import { compileProgram } from '#src/compile/compile.js';
import { differenceText, lockstep } from '#src/execute/lockstep.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { bindInputs, runPorts } from '#src/execute/ports.js';
import { createWasmExecutor } from '#src/execute/wasm/executor.js';
import { prepareModel } from '#src/lift/prepare.js';
import { decodeModel } from '#src/onnx/read.js';
import type { Program } from '#src/program/program.js';

const types = {
  float32: { code: 1, array: Float32Array },
  uint8: { code: 2, array: Uint8Array },
  int8: { code: 3, array: Int8Array },
  uint16: { code: 4, array: Uint16Array },
  int16: { code: 5, array: Int16Array },
  int32: { code: 6, array: Int32Array },
};

export type Type = keyof typeof types;

export interface Values {
  readonly type: Type;
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

export const values = (type: Type, shape: readonly number[], data: ArrayLike<number>): Values => ({
  type,
  shape,
  data,
});
export const scalar = (type: Type, value: number): Values => values(type, [], [value]);

/** Operator, inputs, output, and attributes; `domain::Operator` outside ai.onnx. */
export type NodeText = readonly [
  string,
  readonly string[],
  string | readonly string[],
  Record<string, number | string | number[]>?,
];

export interface ModelParts {
  readonly nodes: readonly NodeText[];
  readonly constants?: Readonly<Record<string, Values>>;
  readonly inputs: Readonly<Record<string, Values>>;
  readonly outputs: Readonly<Record<string, Type>>;
  /** Constants of int64. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
}

function attribute(name: string, value: number | string | number[]) {
  if (Array.isArray(value)) return { name, type: 7, ints: value };
  if (typeof value === 'string') return { name, type: 3, s: new TextEncoder().encode(value) };
  return Number.isInteger(value) ? { name, type: 2, i: value } : { name, type: 1, f: value };
}

const arrayOf = ({ type, data }: Values) => types[type].array.from(data);

function tensor(name: string, entry: Values) {
  const array = arrayOf(entry);
  const rawData = new Uint8Array(array.buffer);
  return { name, dims: [...entry.shape], dataType: types[entry.type].code, rawData };
}

const port = (name: string, type: Type, shape?: readonly number[]) => ({
  name,
  type: {
    tensorType: {
      elemType: types[type].code,
      ...(shape && { shape: { dim: shape.map((dimValue) => ({ dimValue })) } }),
    },
  },
});

export function encodeModel({ nodes, constants = {}, shapes = {}, inputs, outputs }: ModelParts): Uint8Array {
  const model = {
    irVersion: 10,
    opsetImport: [
      { domain: '', version: 21 },
      { domain: 'com.microsoft', version: 1 },
      { domain: 'qonnx.custom_op.general', version: 1 },
    ],
    graph: {
      name: 'test',
      node: nodes.map(([name, input, output, attributes = {}], index) => ({
        name: `node${index}`,
        opType: name.split('::').at(-1),
        domain: name.includes('::') ? name.split('::')[0] : '',
        input: [...input],
        output: typeof output === 'string' ? [output] : [...output],
        attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
      })),
      initializer: [
        ...Object.entries(constants).map(([name, entry]) => tensor(name, entry)),
        ...Object.entries(shapes).map(([name, shape]) => ({
          name,
          dims: [shape.length],
          dataType: 7,
          int64Data: [...shape],
        })),
      ],
      input: Object.entries(inputs).map(([name, entry]) => port(name, entry.type, entry.shape)),
      output: Object.entries(outputs).map(([name, type]) => port(name, type)),
    },
  };
  return onnx.ModelProto.encode(onnx.ModelProto.create(model)).finish();
}

/** The outputs by name. Without x64quantprecision and its optimisations, u8 x s8 saturates in 16 bits on many CPUs. */
export async function referee(parts: ModelParts): Promise<Record<string, ArrayLike<number>>> {
  const session = await ort.InferenceSession.create(encodeModel(parts), {
    graphOptimizationLevel: 'all',
    intraOpNumThreads: 1,
    logSeverityLevel: 4,
    extra: { session: { x64quantprecision: '1' } },
  });
  const feeds = Object.entries(parts.inputs).map(([name, entry]) => {
    return [name, new ort.Tensor(entry.type, arrayOf(entry), [...entry.shape])] as const;
  });
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  return Object.fromEntries(
    Object.keys(parts.outputs).map((name) => [name, results[name].data as Float32Array]),
  );
}

/** The model as a program of codes. */
export function compileModel(parts: ModelParts): Program {
  const { graph, formats } = prepareModel(decodeModel(encodeModel(parts), 'model').graph);
  return compileProgram(graph, formats);
}

/** Codes of integer outputs and values of others, by name, after both executors have agreed. */
export function runModel(parts: ModelParts): Record<string, ArrayLike<number>> {
  const program = compileModel(parts);
  const given = Object.entries(parts.inputs).map(([name, entry]) => [name, arrayOf(entry)] as const);
  const inputs = bindInputs(program, Object.fromEntries(given));
  const wasm = createWasmExecutor(program);
  const difference = lockstep(createOracle(program), wasm, inputs);
  expect(difference && differenceText(difference)).toBeUndefined();
  const results = runPorts(wasm, inputs).outputs.map((output) => {
    const isReal = parts.outputs[output.name] === 'float32';
    return [output.name, isReal ? output.values : (output.codes ?? output.values)] as const;
  });
  return Object.fromEntries(results) as Record<string, ArrayLike<number>>;
}

/** Requires that every output equals the referee's, element for element. */
export async function expectAgreement(parts: ModelParts): Promise<void> {
  const [expected, got] = [await referee(parts), runModel(parts)];
  for (const name of Object.keys(parts.outputs))
    expect(Array.from(got[name]), name).toEqual(Array.from(expected[name]));
}

/** Numbers that look random, the same for a seed. */
export function createDraw(seed: number) {
  let state = seed >>> 0;
  const unit = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (Math.imul(state ^ (state >>> 15), 2246822519) >>> 0) / 2 ** 32;
  };
  const integer = (low: number, high: number) => low + Math.floor(unit() * (high - low + 1));
  const ranges: Record<string, readonly [number, number]> = {
    uint8: [0, 255],
    int8: [-128, 127],
    uint16: [0, 65535],
    int16: [-32768, 32767],
    int32: [-(2 ** 31), 2 ** 31 - 1],
  };
  return {
    integer,
    /** A float32 scale; every second draw has few bits, so that quotients tie. */
    scale: (factor = 1) =>
      Math.fround(unit() < 0.5 ? (integer(1, 40) / 64) * factor : (0.001 + unit() * 0.05) * factor),
    codes: (type: Type, shape: readonly number[]) =>
      values(
        type,
        shape,
        Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => integer(...ranges[type])),
      ),
    zero: (type: Type) => scalar(type, integer(...ranges[type])),
  };
}
