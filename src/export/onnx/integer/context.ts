/** What the translation of instructions into integer operators knows. */
import { permuteData } from '../../../compile/axis-order.js';
import { at, codeRange, type Format } from '../../../formats/format.js';
import { ints } from '../../../graph/attributes.js';
import type { Tensor } from '../../../graph/tensor.js';
import type { Clamp, Instruction, PerChannel, Requantize } from '../../../program/instructions.js';
import type { Program, ProgramTensor } from '../../../program/program.js';
import { createGraphBuilder, type GraphBuilder } from '../graph-builder.js';
import { createLayouts, type Layouts, shapeIn } from '../layouts.js';
import { createIntegers, type Integer, type Integers, type IntegerType, type Numbers } from './integers.js';
import { type Spread, scaleInteger, storageType, toCodes } from './scaling.js';

export interface Context {
  readonly builder: GraphBuilder;
  readonly integers: Integers;
  readonly layouts: Layouts<Integer>;
  tensor(index: number): ProgramTensor;
  format(index: number): Format;
  /** How the codes of a tensor are stored between operators. */
  storage(index: number): IntegerType;
  /** The codes of a tensor in an order of its axes. */
  codes(index: number, order: readonly number[]): Integer;
  /** Codes above their zero point; tensors with fewer axes than the order broadcast. */
  centred(index: number, order: readonly number[]): Integer;
  /** Numbers for each channel of a tensor, the last of its axes, in an order of its axes. */
  spread(index: number, order: readonly number[]): Spread;
  /** Scales exact integers and defines the codes of the output. */
  requantize(
    instruction: Instruction,
    sum: Integer,
    by: Requantize,
    order: readonly number[],
    clamp?: Clamp | null,
  ): void;
  /** Makes what this instruction is called in errors, and in the names of nodes, that of all that follows. */
  begin(instruction: Instruction): void;
}

/** Numbers along one axis of a tensor, to broadcast against the tensor in an order of its axes. */
function numbersAlong(
  field: PerChannel | readonly bigint[],
  axis: number,
  order: readonly number[],
): Numbers {
  if (typeof field === 'number') return { values: [BigInt(field)], shape: [] };
  const values = (field as readonly (number | bigint)[]).map(BigInt);
  return { values, shape: order.map((entry) => (entry === axis ? field.length : 1)) };
}

/** A constant of codes with its axes in another order, as a tensor of ONNX. */
export function codesTensor({ shape, data, format }: ProgramTensor, order: readonly number[]): Tensor {
  const type = storageType(format!);
  const moved = permuteData(data as Int32Array, shape, order, data!.slice() as Int32Array);
  const Storage = { int8: Int8Array, uint8: Uint8Array, int32: Int32Array }[type as string];
  const codes = Storage ? Storage.from(moved) : BigInt64Array.from(Array.from(moved, BigInt));
  return { type, shape: shapeIn(shape, order), data: codes };
}

/** `kept`: names that no node makes up; `outputs`: those that only a value in the plain order of its axes has. */
export function createContext(
  program: Program,
  kept: Iterable<string>,
  outputs: ReadonlySet<string>,
): Context {
  const builder = createGraphBuilder(kept);
  let owner = 'the program';
  const integers = createIntegers(builder, () => owner);
  const bounded = (name: string, { format, data }: ProgramTensor): Integer => {
    const { low, high } = data === undefined ? codeRange(format!) : extremes(data as Int32Array);
    return integers.value(name, storageType(format!), low, high);
  };
  const layouts = createLayouts<Integer>(program, outputs, {
    transpose: (value, permutation) => ({
      ...value,
      name: builder.node('Transpose', [value.name], { perm: ints(permutation) }),
    }),
    reshape: (value, shape) => ({
      ...value,
      name: builder.node('Reshape', [value.name, builder.numbers('int64', [shape.length], shape)]),
    }),
    constant: (tensor, order) => bounded(builder.constant(codesTensor(tensor, order)), tensor),
    rename: (value, name) => ({ ...value, name: builder.rename(value.name, name) }),
    settle: ({ name }) => builder.settle(name),
  });
  const format = (index: number) => program.tensors[index].format!;
  const context: Context = {
    builder,
    integers,
    layouts,
    tensor: (index) => program.tensors[index],
    format,
    storage: (index) => storageType(format(index)),
    codes: (index, order) => layouts.read(index, order),
    centred(index, order) {
      const zero = at(format(index).zeroPoint, 0);
      return integers.add(layouts.readBroadcast(index, order), { values: [BigInt(-zero)], shape: [] });
    },
    spread: (index, order) => (field) => numbersAlong(field, program.tensors[index].shape.length - 1, order),
    requantize({ output }, sum, by, order, clamp = null) {
      const spread = context.spread(output, order);
      const scaled = scaleInteger(integers, sum, by, spread, owner);
      const codes = toCodes(integers, scaled, format(output), by.overflow, clamp, spread, owner);
      layouts.define(output, codes, order);
    },
    begin({ name, op }) {
      owner = `"${name}" (${op})`;
      builder.begin(name);
    },
  };
  return context;
}

function extremes(data: ArrayLike<number | bigint>): { low: number; high: number } {
  let low = Infinity;
  let high = -Infinity;
  for (let index = 0; index < data.length; index++) {
    low = Math.min(low, Number(data[index]));
    high = Math.max(high, Number(data[index]));
  }
  return data.length === 0 ? { low: 0, high: 0 } : { low, high };
}
