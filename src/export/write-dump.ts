/** Writes the tensors of one run to a folder, each as a file. */
import type { Elements } from '../execute/executor.js';
import { encodeNpy } from '../inputs/npy.js';
import { makeFolder, writeFile } from '../platform/files.js';
import type { Program } from '../program/program.js';
import { type DumpSpec, dumpedTensors, MANIFEST, manifestText } from './dump-manifest.js';
import { encodeMemory } from './memory.js';

export interface DumpWriter {
  /** Writes an input of the program, or the output of an instruction, where it is asked for. */
  write(sample: number, tensor: number, read: (tensor: number) => Elements): void;
}

/** Prepares dumping; folders are made as they are needed. */
export function createDumpWriter(program: Program, spec: DumpSpec): DumpWriter {
  const wanted = new Map(dumpedTensors(program, spec).map((entry) => [entry.tensor, entry]));
  return {
    write(sample, tensor, read) {
      const { name, shape } = program.tensors[tensor];
      const entry = wanted.get(name);
      if (entry === undefined) return;
      const elements = read(tensor);
      const folder = `${spec.folder}/sample_${sample}`;
      makeFolder(folder);
      const content = entry.word ? encodeMemory(elements, entry.word) : encodeNpy({ shape, data: elements });
      writeFile(`${folder}/${entry.file}`, content);
    },
  };
}

/** Written last: a folder with a manifest is complete. */
export function writeManifest(program: Program, spec: DumpSpec, samples: readonly string[]): void {
  writeFile(`${spec.folder}/${MANIFEST}`, manifestText(program, spec, samples));
}
