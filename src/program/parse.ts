/** Reads the text form of programs that print.ts writes; docs/program.md is the grammar. */
import { DynafixError, ProgramError } from '../errors.js';
import { allocateCodes, type Codes, type Format } from '../formats/format.js';
import { parseFormat } from '../formats/parse.js';
import { elementCount } from '../shape.js';
import { refuse, type Words } from './field.js';
import type { Instruction, Opcode } from './instructions.js';
import { dataDigest, defaultName, parseName } from './names.js';
import { operations } from './operations.js';
import type { OutputPort, Port, Program, ProgramTensor } from './program.js';
import { integers, parseNumber } from './spellings.js';
import { verifyProgram } from './verify.js';

export interface ParseOptions {
  /** Elements of the constants that the text gives only as a digest, by tensor name. */
  readonly constants?: ReadonlyMap<string, Codes | Float32Array>;
}

/**
 * The program that a text describes, verified. Throws a ProgramError naming `where` and the line for anything that the
 * grammar does not have, and for a constant whose elements are neither in the text nor in the options.
 */
export function parseProgram(text: string, where = 'program', options: ParseOptions = {}): Program {
  const reader = createReader(options);
  text.split(/\r?\n/).forEach((line, index) => {
    try {
      reader.line(line);
    } catch (error) {
      if (!(error instanceof DynafixError)) throw error;
      throw new ProgramError({ where: `${where} line ${index + 1}`, what: error.message, cause: error });
    }
  });
  const program = reader.finish();
  verifyProgram(program, where);
  return program;
}

/** Words of a line: separated by spaces, with strings kept whole; `#` starts a comment. */
function split(line: string): string[] {
  const words = line.match(/#.*|(?:[^\s"#]|"(?:[^"\\]|\\.)*")+|"/g) ?? [];
  return words.at(-1)?.startsWith('#') ? words.slice(0, -1) : words;
}

function createReader({ constants }: ParseOptions) {
  let name = '';
  const metadata = new Map<string, string>();
  const tensors: ProgramTensor[] = [];
  const indices = new Map<string, number>();
  const instructions: Instruction[] = [];
  const inputs: Port[] = [];
  const outputs: OutputPort[] = [];

  function tensorIndex(word: string): number {
    return indices.get(readName(word)) ?? refuse('tensor', 'a tensor of a line above', word);
  }

  function define(tensor: ProgramTensor): number {
    if (indices.has(tensor.name)) refuse('tensor', 'a name that is not taken', tensor.name);
    indices.set(tensor.name, tensors.length);
    return tensors.push(tensor) - 1;
  }

  function readInstruction(tensorName: string, words: string[]): void {
    const [op, ...rest] = words;
    if (!Object.hasOwn(operations, op ?? '')) refuse('instruction', Object.keys(operations).join(' | '), op);
    const arrow = rest.indexOf('->');
    if (arrow < 0) refuse(op, '-> FORMAT SHAPE', 'nothing');
    const before = rest.slice(0, arrow);
    const after = rest.slice(arrow + 1);
    const operands = before.filter((word) => !isAttribute(word)).map(tensorIndex);
    const attributes = readAttributes(before.filter(isAttribute));
    const fields = operations[op as Opcode].parse(attributes, op);
    refuseRest(attributes);
    const type = readType(after);
    const tail = after.slice(2);
    const [operator, node] = tail[0] === 'for' ? tail.splice(0, 3).slice(1).map(readName) : ['', ''];
    if (node === undefined) refuse('for', 'for OPERATOR NODE', 'less');
    const own = tail[0] === 'as' ? tail.splice(0, 2)[1] : undefined;
    if (tail.length > 0) refuse('line', 'its end', tail[0]);
    const output = define({ name: tensorName, ...type });
    const instructionName = own === undefined ? defaultName(node, op, tensors[output]) : readName(own);
    const common = { op, name: instructionName, node, operator, inputs: operands, output };
    instructions.push({ ...common, ...fields } as Instruction);
  }

  function readConstant(tensorName: string, words: string[]): void {
    const type = readType(words);
    if (words[2] !== '=') refuse('constant', '= and elements', words[2]);
    const elements = words.slice(3);
    const data = elements[0] === 'data' ? suppliedData(tensorName, elements) : readData(type, elements);
    define({ name: tensorName, ...type, data });
  }

  function suppliedData(tensorName: string, [, count, digest]: string[]): Codes | Float32Array {
    const data = constants?.get(tensorName);
    if (data === undefined) return refuse(`constant "${tensorName}"`, 'its elements', 'only their digest');
    if (data.length !== Number(count) || `sha256:${dataDigest(data)}` !== digest) {
      return refuse(`constant "${tensorName}"`, `${count} elements with ${digest}`, 'other elements');
    }
    return data;
  }

  return {
    line(text: string): void {
      const words = split(text);
      const [first, second, third] = words;
      if (first === undefined) return;
      if (second === '=' && third === 'input') {
        const tensor = readName(first);
        const attributes = readAttributes(words.slice(5));
        const port = attributes.get('port');
        attributes.delete('port');
        refuseRest(attributes);
        const index = define({ name: tensor, ...readType(words.slice(3)) });
        inputs.push({ name: port === undefined ? tensor : readName(port), tensor: index });
      } else if (second === '=' && third === 'constant') {
        readConstant(readName(first), words.slice(3));
      } else if (second === '=') {
        readInstruction(readName(first), words.slice(2));
      } else if (first === 'output' && second !== undefined) {
        const tensor = tensorIndex(second);
        const attributes = readAttributes(words.slice(2));
        const codes = attributes.get('codes');
        const port = attributes.get('port');
        attributes.delete('codes');
        attributes.delete('port');
        refuseRest(attributes);
        const own = tensors[tensor].format === null ? -1 : tensor;
        outputs.push({
          name: port === undefined ? tensors[tensor].name : readName(port),
          tensor,
          codes: codes === undefined ? own : tensorIndex(codes),
        });
      } else if (first === 'metadata' && third === '=' && words.length === 4) {
        metadata.set(readName(second), readName(words[3]));
      } else if (first === 'program' && words.length === 2) {
        name = readName(second);
      } else {
        refuse('line', 'program, metadata, output or NAME = ...', text.trim());
      }
    },
    finish(): Program {
      return { name, tensors, instructions, inputs, outputs, metadata: Object.fromEntries(metadata) };
    },
  };
}

interface Type {
  readonly format: Format | null;
  readonly shape: readonly number[];
}

function readType([format, shape]: readonly string[]): Type {
  if (format === undefined || shape === undefined) return refuse('type', 'FORMAT SHAPE', format ?? 'nothing');
  const sizes = integers.parse(shape) ?? refuse('shape', 'a list of INTEGER', shape);
  return { format: format === 'f32' ? null : parseFormat(format), shape: sizes };
}

function readData({ format, shape }: Type, words: readonly string[]): Codes | Float32Array {
  const count = elementCount(shape);
  if (words.length !== count) refuse('constant', `${count} elements`, words.length);
  if (format === null) {
    return Float32Array.from(words, (word) => parseNumber(word) ?? refuse('element', 'NUMBER', word));
  }
  const data = allocateCodes(format, count);
  words.forEach((word, index) => {
    if (!/^-?\d+$/.test(word)) refuse('element', 'INTEGER', word);
    const code = data instanceof BigInt64Array ? BigInt(word) : Number(word);
    data[index] = code;
    if (data[index] !== code) refuse('element', `a code of ${format.bits} bits`, word);
  });
  return data;
}

function readName(word: string): string {
  return parseName(word) ?? refuse('name', 'a name', word);
}

function isAttribute(word: string): boolean {
  return /^\w+=/.test(word);
}

function readAttributes(words: readonly string[]): Words {
  const attributes: Words = new Map();
  for (const word of words) {
    const equals = word.indexOf('=');
    const key = word.slice(0, equals);
    if (!isAttribute(word)) refuse('line', 'KEY=VALUE', word);
    if (attributes.has(key)) refuse(key, 'one value', 'two');
    attributes.set(key, word.slice(equals + 1));
  }
  return attributes;
}

function refuseRest(attributes: Words): void {
  for (const [key, value] of attributes) refuse(key, 'no such attribute here', value);
}
