/** An exported program as files of a folder. */
import { makeFolder, writeFile } from '../../platform/files.js';
import type { Program } from '../../program/program.js';
import { nameProgram, writeHeader } from './interface.js';
import { identifierFor } from './text.js';
import { writeC } from './write-c.js';

export interface CExport {
  readonly files: readonly string[];
  /** The entry point's name. */
  readonly entry: string;
  readonly inputs: readonly { readonly name: string; readonly parameter: string }[];
  readonly outputs: readonly { readonly name: string; readonly parameter: string }[];
}

/**
 * Writes NAME.c and NAME.h to a folder, which is made. `name` is turned into a C identifier; it defaults to the program's.
 * Throws a ProgramError naming the instruction that C cannot compute, and what writeFile throws.
 */
export function exportC(program: Program, folder: string, name = program.name): CExport {
  const stem = identifierFor(name || 'network', new Set());
  const source = writeC([{ name: stem, program }]);
  makeFolder(folder);
  const files = [`${folder}/${stem}.c`, `${folder}/${stem}.h`];
  writeFile(files[0], source);
  writeFile(files[1], writeHeader(stem, program));
  const names = nameProgram(program);
  return {
    files,
    entry: `${stem}_run`,
    inputs: program.inputs.map(({ name: port, tensor }) => ({
      name: port,
      parameter: names.tensors[tensor],
    })),
    outputs: program.outputs.map(({ name: port }, index) => ({
      name: port,
      parameter: names.outputs[index],
    })),
  };
}
