/**
 * A program of codes as an ONNX model of integer operators: no float32 number is in it, inputs and outputs are codes, and it ends
 * before a float tail. Every runtime that computes ONNX's integer operators as they are defined gives the codes of the program.
 */
import { plainOrder } from '../../compile/axis-order.js';
import { codeRange, type Format } from '../../formats/format.js';
import type { Model } from '../../onnx/model.js';
import type { Instruction, InstructionTable } from '../../program/instructions.js';
import type { Program, ProgramTensor } from '../../program/program.js';
import { cutIntegerPart } from './cut.js';
import { createContext } from './integer/context.js';
import { integerOperators } from './integer/instructions.js';
import type { IntegerType } from './integer/integers.js';
import { storageType } from './integer/scaling.js';
import { metadataOf } from './metadata.js';

const OPSET = 13;
const IR_VERSION = 8;

/** The smallest type of a port that holds the codes of a format. */
function portType({ bits, signed }: Format): IntegerType {
  const size = [8, 16, 32].find((width) => bits <= width);
  return size === undefined ? 'int64' : (`${signed ? '' : 'u'}int${size}` as IntegerType);
}

/** Ports of 16 bits are stored wider inside of the graph, under a name of their own, as are constants that are ports. */
function renamePorts(tensors: readonly ProgramTensor[], ports: ReadonlySet<number>): ProgramTensor[] {
  return tensors.map((tensor, index) => {
    const { name, format, data } = tensor;
    if (!ports.has(index) || (portType(format!) === storageType(format!) && data === undefined))
      return tensor;
    return { ...tensor, name: `${name}@${storageType(format!)}` };
  });
}

/** Throws a ProgramError that says which instruction integer operators cannot express, and why. */
export function integerModel(program: Program): Model {
  const part = cutIntegerPart(program);
  const ports = [...part.inputs, ...part.outputs];
  const tensors = renamePorts(program.tensors, new Set(ports.map(({ tensor }) => tensor)));
  const kept = [...tensors, ...ports].map(({ name }) => name);
  const context = createContext({ ...program, tensors }, kept, new Set(part.outputs.map(({ name }) => name)));
  const { builder, integers, layouts } = context;
  for (const { name, tensor } of part.inputs) {
    const { shape } = tensors[tensor];
    const format = context.format(tensor);
    builder.begin(name);
    builder.input({ name, type: portType(format), shape });
    const { low, high } = codeRange(format);
    const codes = integers.value(name, portType(format), low, high);
    layouts.define(tensor, integers.cast(codes, storageType(format)), plainOrder(shape.length));
  }
  for (const instruction of part.instructions) {
    context.begin(instruction);
    const translate = integerOperators[instruction.op] as InstructionTable<[typeof context], void>['add'];
    translate(instruction as Instruction<'add'>, context);
  }
  for (const { name, tensor } of part.outputs) {
    const { shape } = tensors[tensor];
    const type = portType(context.format(tensor));
    builder.begin(name);
    const direct = part.inputs.find((input) => input.tensor === tensor);
    const codes = direct ?? integers.cast(layouts.read(tensor, plainOrder(shape.length)), type);
    builder.output(direct ? codes.name : builder.rename(codes.name, name), name, { type, shape });
  }
  return {
    graph: builder.finish(program.name || 'graph', OPSET),
    irVersion: IR_VERSION,
    opsetImports: { '': OPSET },
    rest: metadataOf(program, part.instructions),
  };
}
