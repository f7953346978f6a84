/** Samples on their way through the fixed-point and the float program of one network, side by side, from product to product. */
import type { Elements } from '../execute/executor.js';
import { bindInputs } from '../execute/ports.js';
import type { Engine, Session } from '../execute/wasm/engine.js';
import { type DatasetSpec, openDataset } from '../inputs/dataset.js';
import { runTasks } from '../platform/pool.js';
import type { Program } from '../program/program.js';
import type { Advanced, AdvanceTask, Side } from './advance-worker.js';
import { cutProgram } from './cut-program.js';
import { sharedFloats } from './multiply-matrices.js';
import type { Product } from './product-constants.js';
import { geometryOf, type ProductGeometry, rowLength } from './sample-columns.js';

/** One program, and how far the samples have come. */
export interface Track {
  program: Program;
  /** The next instruction. */
  at: number;
  /** Per sample the tensors that are still to be read. */
  readonly state: Map<number, Elements>[];
}

/** Most bytes of tensors that wait for later instructions, over all samples. */
const MOST_WAITING = 2 ** 29;

/** Tracks of programs with the same inputs. Fewer samples are taken where their tensors would take too much memory. */
export function startTracks(
  programs: readonly Program[],
  spec: DatasetSpec,
  indices: readonly number[],
): Track[] {
  const waiting = programs.reduce((sum, program) => sum + mostWaiting(program), 0);
  const count = Math.max(1, Math.min(indices.length, Math.floor(MOST_WAITING / waiting)));
  const dataset = openDataset(spec);
  const tracks = programs.map((program): Track => ({ program, at: 0, state: [] }));
  for (let sample = 0; sample < count; sample++) {
    const index = indices[Math.floor((sample * indices.length) / count)];
    const inputs = dataset.load(index);
    for (const { program, state } of tracks) {
      const bound = bindInputs(program, inputs, dataset.samples[index].name);
      state.push(new Map(program.inputs.map(({ tensor }, port) => [tensor, bound[port]])));
    }
  }
  return tracks;
}

/** Most bytes of one sample's tensors that are alive at once. */
function mostWaiting({ tensors, instructions, inputs }: Program): number {
  const lastRead = new Map(
    instructions.flatMap((entry, index) => entry.inputs.map((input) => [input, index])),
  );
  const bytes = (tensor: number) => {
    const { shape, format } = tensors[tensor];
    const width = format === null ? 4 : format.bits <= 8 ? 1 : format.bits <= 16 ? 2 : 4;
    return shape.reduce((product, size) => product * size, width);
  };
  let alive = inputs.reduce((sum, { tensor }) => sum + bytes(tensor), 0);
  let most = alive;
  for (const [index, { inputs: read, output }] of instructions.entries()) {
    alive += bytes(output);
    most = Math.max(most, alive);
    for (const input of new Set(read)) {
      if (tensors[input].data === undefined && lastRead.get(input) === index) alive -= bytes(input);
    }
  }
  return most;
}

/** Rows that the mean products of `length` inputs are taken from. */
function rowsFor(length: number): number {
  return Math.min(Math.max(4 * length, 1024), 4096);
}

/**
 * Brings all samples up to the products at instructions `ends`, one of each track, and gives what these read at some output
 * positions: for each track rows of all samples.
 */
export async function advance(
  engine: Engine,
  tracks: readonly Track[],
  ends: readonly number[],
  signal?: AbortSignal,
): Promise<Float32Array<SharedArrayBuffer>[]> {
  const samples = tracks[0].state.length;
  const parts = tracks.map((track, index) => cutProgram(track.program, track.at, ends[index]));
  const geometries = tracks.map(({ program }, index) => productGeometry(program, ends[index]));
  const length = rowLength(geometries[0]);
  const [height, width] = geometries[0].output;
  const count = Math.min(height * width, Math.ceil(rowsFor(length) / samples));
  const rows = tracks.map(() => sharedFloats(samples * count * length));
  const sessions: (Session | undefined)[] = [];
  const makeTask = (sample: number): AdvanceTask => ({
    sample,
    count,
    sides: tracks.map(({ program, state }, index): Side => {
      const [input] = program.instructions[ends[index]].inputs;
      const { reads, writes } = parts[index];
      return {
        handle: sessions[index]?.handle,
        inputs: reads.map((tensor) => state[sample].get(tensor)!),
        source: writes.includes(input) ? writes.indexOf(input) : state[sample].get(input)!,
        format: program.tensors[input].format,
        geometry: geometries[index],
        rows: rows[index],
      };
    }),
  });
  const later = tracks.map(({ program }, index) => {
    return new Set(program.instructions.slice(ends[index]).flatMap(({ inputs }) => inputs));
  });
  const merge = (advanced: Advanced, sample: number) => {
    for (const [index, { state }] of tracks.entries()) {
      parts[index].writes.forEach((tensor, port) => {
        state[sample].set(tensor, advanced[index][port]);
      });
      for (const tensor of state[sample].keys()) if (!later[index].has(tensor)) state[sample].delete(tensor);
    }
  };
  try {
    for (const { program } of parts)
      sessions.push(program.instructions.length > 0 ? engine.load(program) : undefined);
    const worker = new URL('./advance-worker.js', import.meta.url);
    await runTasks<AdvanceTask, Advanced>(engine.pool, worker, samples, makeTask, merge, signal);
  } finally {
    for (const session of sessions) session?.dispose();
  }
  for (const [index, track] of tracks.entries()) track.at = ends[index];
  return rows;
}

function productGeometry({ tensors, instructions }: Program, index: number): ProductGeometry {
  const instruction = instructions[index] as Product;
  return geometryOf(instruction, tensors[instruction.inputs[0]].shape, tensors[instruction.output].shape);
}
