/** Which layer stands behind each output: the last integer tensor before a float tail, or the output itself. */
import { ProgramError } from '../errors.js';
import { follow } from '../graph/walk.js';
import type { Program } from '../program/program.js';
import type { Layer } from './compare.js';

/** For each output of the program its name, the layer that computes it, data movement left aside, and whether a float tail follows. */
export function outputLayers(
  program: Program,
  layers: readonly Layer[],
): { name: string; layer: Layer; tail: boolean }[] {
  const producers = new Map(program.instructions.map(({ output }, index) => [output, index]));
  const layerOf = new Map(layers.map((layer) => [layer.instruction, layer]));
  return program.outputs.map(({ name, tensor, codes }) => {
    const producer = (tensor: number) => producers.get(tensor) ?? -1;
    const behind = follow(codes >= 0 ? codes : tensor, (at) => program.instructions[producer(at)]?.inputs[0]);
    for (const at of behind) {
      const layer = layerOf.get(producer(at));
      if (layer !== undefined) return { name, layer, tail: codes >= 0 && codes !== tensor };
    }
    throw new ProgramError({ where: `output "${name}"`, what: 'no layer computes it' });
  });
}
