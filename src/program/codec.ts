/** Between programs and the messages of proto/program.proto. Decoded programs are not verified here. */
import { ProgramError } from '../errors.js';
import { allocateCodes, type Codes, type Format } from '../formats/format.js';
import { type Field, refuse } from './field.js';
import type { Instruction, Opcode } from './instructions.js';
import { operations } from './operations.js';
import type { Program, ProgramTensor } from './program.js';
import { program as proto } from './program.proto.js';
import { perChannel } from './spellings.js';

/** The version of the schema that is written; others are refused. */
export const VERSION = 1;

type ElementsConstructor = {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): Codes | Float32Array;
};

export function encodeMessage(program: Program): Uint8Array {
  return proto.Program.encode({
    ...program,
    version: VERSION,
    tensors: program.tensors.map(encodeTensor),
    instructions: program.instructions.map(encodeInstruction),
    inputs: [...program.inputs],
    outputs: [...program.outputs],
  }).finish();
}

/** Throws a ProgramError without a file's name, or whatever protobufjs throws, for bytes that are not a program. */
export function decodeMessage(bytes: Uint8Array): Program {
  const message = proto.Program.decode(bytes);
  if (message.version !== VERSION) {
    const where = 'version';
    throw new ProgramError({ where, what: 'is unknown', expected: `${VERSION}`, got: `${message.version}` });
  }
  return {
    name: message.name,
    tensors: message.tensors.map((tensor) => decodeTensor(tensor as proto.Tensor)),
    instructions: message.instructions.map((instruction) =>
      decodeInstruction(instruction as proto.Instruction),
    ),
    inputs: message.inputs.map((port) => {
      const { name, tensor } = port as proto.Port;
      return { name, tensor };
    }),
    outputs: message.outputs.map((port) => {
      const { name, tensor, codes } = port as proto.OutputPort;
      return { name, tensor, codes };
    }),
    metadata: { ...message.metadata },
  };
}

function encodeInstruction(instruction: Instruction): proto.Instruction.$Properties {
  const { op, name, node, operator, inputs, output } = instruction;
  const fields = (operations[op] as Field<Instruction>).encode(instruction);
  return { name, node, operator, inputs: [...inputs], output, [op]: fields };
}

function decodeInstruction(message: proto.Instruction): Instruction {
  const { name, node, operator, inputs, output } = message;
  const op = message.operation as Opcode | undefined;
  if (op === undefined)
    return refuse(`instruction "${name}"`, 'an operation that this version knows', 'another');
  const fields = operations[op].decode(message[op], op);
  return { op, name, node, operator, inputs: [...inputs], output, ...fields } as Instruction;
}

function encodeTensor({ name, shape, format, data }: ProgramTensor): proto.Tensor.$Properties {
  return {
    name,
    shape: [...shape],
    format: format && encodeFormat(format),
    constant: data && { data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) },
  };
}

function decodeTensor(message: proto.Tensor): ProgramTensor {
  const { name } = message;
  const format = message.format ? decodeFormat(message.format as proto.Format) : null;
  const tensor = { name, shape: [...message.shape], format };
  return message.constant
    ? { ...tensor, data: decodeData((message.constant as proto.Constant).data, format, name) }
    : tensor;
}

/** A view of the message where its elements are aligned, else a copy. */
function decodeData(bytes: Uint8Array, format: Format | null, name: string): Codes | Float32Array {
  const Elements = (
    format === null ? Float32Array : allocateCodes(format, 0).constructor
  ) as ElementsConstructor;
  const width = Elements.BYTES_PER_ELEMENT;
  if (bytes.length % width !== 0) refuse(`constant "${name}"`, `a multiple of ${width} bytes`, bytes.length);
  const { buffer, byteOffset } = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  return new Elements(buffer as ArrayBuffer, byteOffset, bytes.length / width);
}

function encodeFormat({
  bits,
  signed,
  narrow,
  fractionBits,
  mantissa,
  zeroPoint,
  axis,
}: Format): proto.Format.$Properties {
  return {
    bits,
    signed,
    narrow,
    fractionBits: perChannel.encode(fractionBits) as proto.Integers.$Properties,
    mantissa: perChannel.encode(mantissa) as proto.Integers.$Properties,
    zeroPoint: perChannel.encode(zeroPoint) as proto.Integers.$Properties,
    axis: axis === null ? null : { index: axis },
  };
}

function decodeFormat(message: proto.Format): Format {
  const { bits, signed, narrow, axis } = message;
  const field = (name: 'fractionBits' | 'mantissa' | 'zeroPoint') =>
    perChannel.decode(message[name]) ?? refuse(name, perChannel.expected, message[name]);
  return {
    bits,
    signed,
    narrow,
    fractionBits: field('fractionBits'),
    mantissa: field('mantissa'),
    zeroPoint: field('zeroPoint'),
    axis: axis ? (axis as proto.Axis).index : null,
  };
}
