/** Test vectors of every instruction for an RTL or firmware testbench: docs/verification.md describes the files. */
import type { Elements } from '../execute/executor.js';
import { bindInputs } from '../execute/ports.js';
import { type Format, fixed, formatText } from '../formats/format.js';
import { type DatasetSpec, openDataset } from '../inputs/dataset.js';
import { makeFolder, writeFile } from '../platform/files.js';
import type { Instruction } from '../program/instructions.js';
import { printInstruction } from '../program/print.js';
import type { Program } from '../program/program.js';
import { storageOf } from './c/library.js';
import { commentText, elementsText, identifierFor } from './c/text.js';
import { MANIFEST } from './dump-manifest.js';
import { encodeMemory, type Word, wordOf } from './memory.js';
import { createFastest } from './recompute.js';
import { requantizeOf } from './variations.js';
import { verilogParameters } from './verilog-parameters.js';

export interface VectorsSpec {
  readonly folder: string;
  /** Instructions by name. */
  readonly layers: RegExp;
  /** Width of the memories' words; left out: one element per word. */
  readonly wordBits?: number;
}

/** One memory: a .hex file and an array in a C header. */
interface Memory {
  readonly role: string;
  readonly tensor?: string;
  readonly file: string;
  readonly header: string;
  readonly identifier: string;
  readonly shape: readonly number[];
  readonly format: string;
  readonly word: Word;
}

const roles: Readonly<Partial<Record<Instruction['op'], readonly string[]>>> = {
  convolution: ['input', 'weights', 'bias'],
  gemm: ['input', 'weights', 'bias'],
  lookup: ['input', 'table'],
  leakyRelu: ['input', 'slopes'],
};

/** What an instruction reads, by role: `input`, or `input_0`, `input_1`, ... where there are several alike. */
function roleOf({ op, inputs }: Instruction, operand: number): string {
  return roles[op]?.[operand] ?? (inputs.length === 1 ? 'input' : `input_${operand}`);
}

/** Lists of integers of a requantisation, one entry per output channel. */
function scalingLists(program: Program, instruction: Instruction): { role: string; values: number[] }[] {
  const requantize = requantizeOf(instruction);
  if (requantize === undefined || instruction.op === 'averagePool') return [];
  const channels = program.tensors[instruction.output].shape.at(-1) ?? 1;
  return (['shift', 'multiplier', 'divisor'] as const).flatMap((role) => {
    if (!(role in requantize)) return [];
    const field = (requantize as unknown as Record<string, number | readonly number[]>)[role];
    return [
      { role, values: typeof field === 'number' ? new Array<number>(channels).fill(field) : [...field] },
    ];
  });
}

const SHIFT = fixed(16, 0);
const FACTOR = fixed(32, 0);

/** Writes memories and headers of one folder, and lists them. */
function createMemoryWriter(folder: string, prefix: string, wordBits: number | undefined) {
  const taken = new Set<string>();
  const headers = new Map<string, string[]>();
  const memories: Memory[] = [];
  return {
    memories,
    add(
      subfolder: string,
      role: string,
      { name, shape, format }: { name?: string; shape: readonly number[]; format: Format | null },
      data: Elements,
    ): void {
      const word = wordOf(format, wordBits);
      const file = `${subfolder}${role}.hex`;
      const header = subfolder === '' ? 'constants.h' : `${subfolder}vectors.h`;
      const identifier = identifierFor(`${prefix}_${subfolder.replace('/', '_')}${role}`, taken);
      makeFolder(`${folder}/${subfolder}`);
      writeFile(`${folder}/${file}`, encodeMemory(data, word));
      const { type } = storageOf({ format });
      const text = `/* [${shape.join(', ')}] ${commentText(name ?? role)} */\nstatic const ${type} ${identifier}[] = ${elementsText(data)};\n`;
      headers.set(header, [...(headers.get(header) ?? []), text]);
      memories.push({
        role,
        ...(name !== undefined && { tensor: name }),
        file,
        header,
        identifier,
        shape,
        format: format === null ? 'f32' : formatText(format),
        word,
      });
    },
    writeHeaders(): void {
      for (const [header, texts] of headers) {
        const includes = texts.some((text) => /INFINITY|NAN/.test(text)) ? '#include <math.h>\n' : '';
        writeFile(`${folder}/${header}`, `#include <stdint.h>\n${includes}\n${texts.join('\n')}`);
      }
    },
  };
}

export interface VectorsSummary {
  readonly folder: string;
  readonly samples: number;
  readonly instructions: number;
}

/**
 * Runs the program on the samples and writes, for every instruction whose name matches, its operands, its scaling and its
 * output; the manifest last. Throws what the executor and writeFile throw.
 */
export function exportVectors(
  program: Program,
  spec: DatasetSpec,
  { folder, layers, wordBits }: VectorsSpec,
  onProgress: (done: number, total: number) => void = () => {},
): VectorsSummary {
  const dataset = openDataset(spec);
  const taken = new Set<string>();
  const chosen = program.instructions.flatMap((instruction, index) => {
    if (!layers.test(instruction.name)) return [];
    const stem = identifierFor(instruction.name, taken);
    const own = `${String(index).padStart(3, '0')}_${stem}`;
    return [{ instruction, index, own, writer: createMemoryWriter(`${folder}/${own}`, stem, wordBits) }];
  });
  for (const { instruction, own, writer } of chosen) {
    makeFolder(`${folder}/${own}`);
    for (const [operand, tensor] of instruction.inputs.entries()) {
      const { data, ...rest } = program.tensors[tensor];
      if (data !== undefined) writer.add('', roleOf(instruction, operand), rest, data);
    }
    for (const { role, values } of scalingLists(program, instruction)) {
      const format = role === 'shift' ? SHIFT : FACTOR;
      const data = role === 'shift' ? Int16Array.from(values) : Int32Array.from(values);
      writer.add('', role, { shape: [values.length], format }, data);
    }
    const parameters = verilogParameters(program, instruction, dataset.count, wordBits);
    if (parameters !== undefined) writeFile(`${folder}/${own}/parameters.vh`, parameters);
  }
  const executor = createFastest(program);
  for (let sample = 0; sample < dataset.count; sample++) {
    const inputs = bindInputs(program, dataset.load(sample), dataset.samples[sample].name);
    const tensors = new Map<number, Elements>(
      program.inputs.map(({ tensor }, port) => [tensor, inputs[port]]),
    );
    executor.run(inputs, (index, { read }) => {
      const { output } = program.instructions[index];
      tensors.set(output, read(output));
    });
    for (const { instruction, writer } of chosen) {
      for (const [operand, tensor] of instruction.inputs.entries()) {
        const elements = tensors.get(tensor);
        const place = `sample_${sample}/`;
        if (elements !== undefined)
          writer.add(place, roleOf(instruction, operand), program.tensors[tensor], elements);
      }
      const output = program.tensors[instruction.output];
      writer.add(`sample_${sample}/`, 'expected', output, tensors.get(instruction.output)!);
    }
    onProgress(sample + 1, dataset.count);
  }
  for (const { writer } of chosen) writer.writeHeaders();
  const manifest = {
    program: program.name,
    layout: 'row-major in the order of "shape", channels last; in words element 0 lies in the low bits',
    samples: dataset.samples.map(({ name }, index) => ({ folder: `sample_${index}`, name })),
    instructions: chosen.map(({ instruction, index, own, writer }) => {
      const { inputs: _, output: __, ...attributes } = instruction;
      return {
        index,
        folder: own,
        ...attributes,
        text: printInstruction(instruction, program),
        memories: writer.memories,
      };
    }),
  };
  const text = JSON.stringify(
    manifest,
    (_, value) => (Math.abs(value) === Infinity ? String(value) : value),
    2,
  );
  writeFile(`${folder}/${MANIFEST}`, `${text}\n`);
  return { folder, samples: dataset.count, instructions: chosen.length };
}
