/**
 * The canonical text form of programs, which parse.ts reads back. One line per tensor, in order: an input, a constant, or
 * the instruction that computes it. docs/program.md is the grammar.
 */
import type { Field } from './field.js';
import { floatInstructions } from './float-islands.js';
import type { Instruction } from './instructions.js';
import { dataText, defaultName, nameText, typeText } from './names.js';
import { operations } from './operations.js';
import type { OutputPort, Program } from './program.js';

/** Text of a whole program, or of a part of one that is not legal. Ends with a line break. */
export function printProgram(program: Program): string {
  const { tensors, instructions, inputs, outputs, metadata } = program;
  const producers = new Map(instructions.map((instruction) => [instruction.output, instruction]));
  const ports = new Map(inputs.map((port) => [port.tensor, port]));
  const lines = [`program ${nameText(program.name)}`];
  const islands = new Set(floatInstructions(program));
  for (const [key, value] of Object.entries(metadata)) {
    lines.push(`metadata ${nameText(key)} = ${JSON.stringify(value)}`);
  }
  tensors.forEach((tensor, index) => {
    const producer = producers.get(index);
    const port = ports.get(index);
    if (producer !== undefined) {
      const comment = islands.has(producer) ? '   # float island' : '';
      lines.push(`${printInstruction(producer, program)}${comment}`);
    } else if (tensor.data !== undefined) {
      lines.push(`${nameText(tensor.name)} = constant ${typeText(tensor)} = ${dataText(tensor.data)}`);
    } else {
      const alias = port !== undefined && port.name !== tensor.name ? ` port=${nameText(port.name)}` : '';
      lines.push(`${nameText(tensor.name)} = input ${typeText(tensor)}${alias}`);
    }
  });
  for (const port of outputs) lines.push(printOutput(port, program));
  return `${lines.join('\n')}\n`;
}

/** The line of one instruction. Tensors that do not exist are printed as `?INDEX`. */
export function printInstruction(instruction: Instruction, program: Pick<Program, 'tensors'>): string {
  const { op, name, node, operator, inputs } = instruction;
  const output = program.tensors[instruction.output];
  const words = [tensorName(program, instruction.output), '=', op];
  for (const input of inputs) words.push(tensorName(program, input));
  words.push(...(operations[op] as Field<Instruction>).print(instruction, op), '->');
  words.push(output === undefined ? '?' : typeText(output));
  if (node !== '' || operator !== '') words.push('for', nameText(operator), nameText(node));
  if (output === undefined || name !== defaultName(node, op, output)) words.push('as', nameText(name));
  return words.join(' ');
}

function printOutput({ name, tensor, codes }: OutputPort, program: Program): string {
  const source = program.tensors[tensor];
  const words = ['output', tensorName(program, tensor)];
  if (codes !== (source?.format ? tensor : -1)) words.push(`codes=${tensorName(program, codes)}`);
  if (name !== source?.name) words.push(`port=${nameText(name)}`);
  return words.join(' ');
}

function tensorName({ tensors }: Pick<Program, 'tensors'>, index: number): string {
  return tensors[index] === undefined ? `?${index}` : nameText(tensors[index].name);
}
