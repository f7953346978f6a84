/** Which layer stands behind each output: the last integer tensor before a float tail, or the output itself. */
import { ProgramError } from '../errors.js';
import type { Program } from '../program/program.js';
import type { Layer } from './compare.js';

/** For each output of the program its name and the layer that computes it, data movement left aside. */
export function outputLayers(program: Program, layers: readonly Layer[]): { name: string; layer: Layer }[] {
  const producers = new Map(program.instructions.map(({ output }, index) => [output, index]));
  const layerOf = new Map(layers.map((layer) => [layer.instruction, layer]));
  return program.outputs.map(({ name, tensor, codes }) => {
    let instruction = producers.get(codes >= 0 ? codes : tensor);
    while (instruction !== undefined && !layerOf.has(instruction)) {
      instruction = producers.get(program.instructions[instruction].inputs[0]);
    }
    if (instruction === undefined)
      throw new ProgramError({ where: `output "${name}"`, what: 'no layer computes it' });
    return { name, layer: layerOf.get(instruction)! };
  });
}
