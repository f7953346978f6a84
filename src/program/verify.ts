/**
 * What makes a program legal. Executors, the file reader and the parser call it, so that nothing behind them needs to
 * check a shape, an index or a format again.
 */
import { DynafixError, ProgramError } from '../errors.js';
import { allocateCodes, checkFormat, codeRange, type Format, formatText } from '../formats/format.js';
import { elementCount } from '../shape.js';
import type { Check } from './check.js';
import type { Instruction } from './instructions.js';
import { printInstruction } from './print.js';
import type { Program, ProgramTensor } from './program.js';
import { rules } from './verify-instructions.js';

const LARGEST_TENSOR = 2 ** 30;
const LARGEST_RANK = 8;
const LONGEST_TEXT = 300;

/**
 * Throws a ProgramError naming `where` and the tensor, port or instruction (with its text) unless the program is legal:
 * every instruction keeps its rules, every tensor is exactly one of input, constant and result, and tensors are numbered
 * in the order in which they come to be.
 */
export function verifyProgram(program: Program, where = `program "${program.name}"`): void {
  const { tensors, instructions } = program;
  const refuse = (what: string, expected: string, got: string | number): never => {
    throw new ProgramError({ where, what, expected, got: String(got) });
  };
  expectNames('tensor', tensors, refuse);
  expectNames('instruction', instructions, refuse);
  for (const tensor of tensors) verifyTensor(tensor, `${where} tensor "${tensor.name}"`);
  verifyPorts(program, refuse);
  const known = tensors.map(({ data }) => data !== undefined);
  for (const { tensor } of program.inputs) known[tensor] = true;
  let last = -1;
  instructions.forEach((instruction, index) => {
    const fail = (what: string, expected: string, got: string | number): never => {
      const text = printInstruction(instruction, program);
      const short = text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}...` : text;
      throw new ProgramError({
        where: `${where} instruction ${index} (${short})`,
        what,
        expected,
        got: String(got),
      });
    };
    const { inputs, output } = instruction;
    if (tensors[output] === undefined) fail('writes a tensor that does not exist', 'a tensor', output);
    if (known[output])
      fail('writes a tensor that has elements already', 'a new tensor', tensors[output].name);
    if (output <= last) fail('writes a tensor out of order', `a tensor after ${last}`, output);
    for (const input of inputs) {
      if (tensors[input] === undefined) fail('reads a tensor that does not exist', 'a tensor', input);
      if (!known[input]) fail('reads a tensor before it is computed', 'an earlier one', tensors[input].name);
      if (input >= output) fail('reads a tensor numbered after its output', `one before ${output}`, input);
    }
    known[output] = true;
    last = output;
    const check = {
      inputs: inputs.map((input) => tensors[input]),
      output: tensors[output],
      op: instruction.op,
      fail,
    };
    (rules[instruction.op] as (instruction: Instruction, check: Check) => void)(instruction, check);
  });
  const missing = known.indexOf(false);
  if (missing >= 0)
    refuse(`tensor "${tensors[missing].name}" has no source`, 'an input, constant or result', 'none');
}

type Refuse = (what: string, expected: string, got: string | number) => never;

function expectNames(kind: string, things: readonly { readonly name: string }[], refuse: Refuse): void {
  const seen = new Set<string>();
  for (const { name } of things) {
    if (name === '') refuse(`a name of a ${kind} is empty`, 'a name', '""');
    if (seen.has(name)) refuse(`two ${kind}s have one name`, 'unique names', JSON.stringify(name));
    seen.add(name);
  }
}

function verifyPorts({ tensors, inputs, outputs }: Program, refuse: Refuse): void {
  expectNames('input', inputs, refuse);
  expectNames('output', outputs, refuse);
  let last = -1;
  for (const { name, tensor } of inputs) {
    if (tensors[tensor] === undefined) refuse(`input "${name}" has no tensor`, 'a tensor', tensor);
    if (tensors[tensor].data !== undefined) refuse(`input "${name}" is a constant`, 'another tensor', tensor);
    if (tensor <= last) refuse(`input "${name}" is out of order`, `a tensor after ${last}`, tensor);
    last = tensor;
  }
  for (const { name, tensor, codes } of outputs) {
    if (tensors[tensor] === undefined) refuse(`output "${name}" has no tensor`, 'a tensor', tensor);
    const { format } = tensors[tensor];
    if (format !== null && format.bits > 32) {
      refuse(`output "${name}" is too wide`, '2 to 32 bits', formatText(format));
    }
    if (codes !== -1 && !tensors[codes]?.format)
      refuse(`output "${name}" has no such codes`, 'codes or -1', codes);
    if (format !== null && codes !== tensor) {
      refuse(`output "${name}" holds codes and names others`, `its own tensor ${tensor}`, codes);
    }
  }
}

function verifyTensor({ shape, format, data }: ProgramTensor, where: string): void {
  const fail = (what: string, expected: string, got: string | number): never => {
    throw new ProgramError({ where, what, expected, got: String(got) });
  };
  const legal = shape.length <= LARGEST_RANK && shape.every((size) => Number.isInteger(size) && size >= 1);
  if (!legal) fail('has an illegal shape', `at most ${LARGEST_RANK} sizes of at least 1`, `[${shape}]`);
  const count = elementCount(shape);
  if (count > LARGEST_TENSOR) fail('is too large', `at most ${LARGEST_TENSOR} elements`, count);
  if (format !== null) verifyFormat(format, shape, data !== undefined, where);
  if (data === undefined) return;
  const expected = format === null ? Float32Array : allocateCodes(format, 0).constructor;
  if (data.constructor !== expected)
    fail('has elements of a wrong type', expected.name, data.constructor.name);
  if (data.length !== count) fail('has a wrong number of elements', `${count}`, data.length);
  if (format !== null) verifyCodes(data as ArrayLike<number | bigint>, format, fail);
}

/** Activations have 2 to 16 bits or, signed and without zero points, up to 32; constants up to 64 where they are biases. */
function verifyFormat(format: Format, shape: readonly number[], isConstant: boolean, where: string): void {
  const fail = (what: string, expected: string): never => {
    throw new ProgramError({ where, what, expected, got: formatText(format) });
  };
  try {
    checkFormat(format, where);
  } catch (error) {
    if (!(error instanceof DynafixError)) throw error;
    throw new ProgramError({ where, what: 'has an illegal format', got: error.message, cause: error });
  }
  const { bits, signed, axis, fractionBits, mantissa, zeroPoint } = format;
  if (bits < 2 || (bits > 16 && !signed) || (bits > 32 && !isConstant)) {
    fail('has an illegal width', '2 to 16 bits, signed up to 32, or up to 64 for a bias');
  }
  if (
    bits > 16 &&
    (typeof zeroPoint === 'number' ? zeroPoint !== 0 : zeroPoint.some((entry) => entry !== 0))
  ) {
    fail('has a zero point', 'none where codes have more than 16 bits');
  }
  if (axis !== null && !(Number.isInteger(axis) && axis >= 0 && axis < shape.length)) {
    fail('has an illegal axis', `null or 0 to ${shape.length - 1}`);
  }
  const { low, high } = codeRange({ bits, signed, narrow: false });
  const bounds = [
    ['fraction bits', fractionBits, -512, 512],
    ['a mantissa', mantissa, 1, 2 ** 31 - 1],
    ['a zero point', zeroPoint, Math.max(low, -(2 ** 31)), Math.min(high, 2 ** 31 - 1)],
  ] as const;
  for (const [name, field, least, most] of bounds) {
    const entries = typeof field === 'number' ? [field] : field;
    if (typeof field !== 'number' && field.length !== shape[axis!]) {
      fail('has a wrong number of channels in its format', `${shape[axis!]} along axis ${axis}`);
    }
    if (entries.some((entry) => entry < least || entry > most)) {
      fail(`has ${name} out of range`, `${least} to ${most}`);
    }
  }
}

function verifyCodes(
  data: ArrayLike<number | bigint>,
  format: Format,
  fail: (what: string, expected: string, got: string | number) => never,
): void {
  const { low, high } = codeRange(format);
  // Every number that these arrays hold is a code.
  if (data instanceof Int8Array && low <= -128 && high >= 127) return;
  if (data instanceof Int16Array && low <= -32768 && high >= 32767) return;
  for (let index = 0; index < data.length; index++) {
    const code = data[index];
    const beyond = typeof code === 'bigint' && BigInt.asIntN(format.bits, code) !== code;
    if (code < low || code > high || beyond) {
      fail(`element ${index} is out of range`, `${low} to ${high}`, String(code));
    }
  }
}
