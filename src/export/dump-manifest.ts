/** What a folder of dumped tensors says about itself: docs/verification.md describes the file. */
import { z } from 'zod';
import { formatText } from '../formats/format.js';
import { parseJson } from '../inputs/parse-json.js';
import { fileExists, readText } from '../platform/files.js';
import type { Instruction } from '../program/instructions.js';
import type { Program } from '../program/program.js';
import { wordOf } from './memory.js';

export const ENCODINGS = ['npy', 'hex'] as const;
export type Encoding = (typeof ENCODINGS)[number];

const word = z.object({ laneBits: z.int().min(1).max(64), lanes: z.int().min(1) });

const tensor = z.object({
  /** The tensor's name in the program. */
  tensor: z.string(),
  /** Relative to a sample's folder. */
  file: z.string(),
  instruction: z.int().min(-1).optional(),
  name: z.string().optional(),
  operation: z.string().optional(),
  shape: z.array(z.int().min(0)).optional(),
  /** `fixed(8,4)` or `f32`. */
  format: z.string().optional(),
  /** Of a .hex file. */
  word: word.optional(),
});

const manifest = z.object({
  program: z.string().optional(),
  layout: z.string().optional(),
  samples: z.array(z.object({ folder: z.string(), name: z.string().optional() })).min(1),
  tensors: z.array(tensor),
});

export type DumpedTensor = z.infer<typeof tensor>;
export type DumpManifest = z.infer<typeof manifest>;

export const MANIFEST = 'manifest.json';

export interface DumpSpec {
  readonly folder: string;
  /** Instructions by name; the program's inputs are always written. */
  readonly layers: RegExp;
  readonly encoding: Encoding;
  /** Width of the words of .hex files; left out: one element per word. */
  readonly wordBits?: number;
}

/** A file name for each tensor: its own name as far as file systems take it. */
export function fileNames(program: Program): string[] {
  const taken = new Set<string>();
  return program.tensors.map(({ name }) => {
    const stem = name.replace(/[^\w.@+-]+/g, '_').replace(/^[.-]/, '_') || '_';
    let file = stem;
    for (let count = 2; taken.has(file.toLowerCase()); count++) file = `${stem}_${count}`;
    taken.add(file.toLowerCase());
    return file;
  });
}

/** The tensors that a dump holds: the program's inputs and the outputs of the instructions that match. */
export function dumpedTensors(program: Program, { layers, encoding, wordBits }: DumpSpec): DumpedTensor[] {
  const files = fileNames(program);
  const describe = (index: number, instruction: number, source?: Instruction): DumpedTensor => {
    const { name, shape, format } = program.tensors[index];
    return {
      tensor: name,
      file: `${files[index]}.${encoding}`,
      instruction,
      ...(source && { name: source.name, operation: source.op }),
      shape: [...shape],
      format: format === null ? 'f32' : formatText(format),
      ...(encoding === 'hex' && { word: wordOf(format, wordBits) }),
    };
  };
  return [
    ...[...new Set(program.inputs.map(({ tensor }) => tensor))].map((index) => describe(index, -1)),
    ...program.instructions.flatMap((instruction, index) =>
      layers.test(instruction.name) ? [describe(instruction.output, index, instruction)] : [],
    ),
  ];
}

export function manifestText(program: Program, spec: DumpSpec, samples: readonly string[]): string {
  const content: DumpManifest = {
    program: program.name,
    layout: 'row-major in the order of "shape", channels last; in words element 0 lies in the low bits',
    samples: samples.map((name, index) => ({ folder: `sample_${index}`, name })),
    tensors: dumpedTensors(program, spec),
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** The manifest of a folder; undefined where it has none. Throws an InputError that lists what is wrong with it. */
export function readManifest(folder: string): DumpManifest | undefined {
  const path = `${folder}/${MANIFEST}`;
  return fileExists(path) ? parseJson(manifest, readText(path), path) : undefined;
}
