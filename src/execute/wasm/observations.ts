/** Statistics of values that a run observes, in the arena of the thread that runs it: assembly/observe.ts says how they lie. */
import { InputError } from '../../errors.js';
import type { Program } from '../../program/program.js';
import { elementCount } from '../../shape.js';
import type { ObservedValue, TensorObservation } from '../executor.js';
import type { ArenaAddress, Context } from './context.js';
import type { PlacedObservations } from './prepared.js';

const BINS = 4096;
const LIMBS = 10;
const HEADER_BYTES = 64;

/** Exponent of the smallest bin width. */
const LEAST_EXPONENT = -149;

/** Four counters for each bin, and three vectors. */
const SCRATCH_BYTES = (BINS + 3) * 16;

/** Channels as the lists of a state have them. */
function padded(channels: number): number {
  return Math.ceil(channels / 16) * 16;
}

function stateBytes(channels: number): number {
  return HEADER_BYTES + BINS * 8 + padded(channels) * (4 + 4 + 8 + LIMBS * 8);
}

function viewState(buffer: SharedArrayBuffer, address: number, channels: number) {
  const minimum = address + HEADER_BYTES + BINS * 8;
  const maximum = minimum + padded(channels) * 4;
  const sums = maximum + padded(channels) * 4;
  const limbs = sums + padded(channels) * 8;
  return {
    exponent: new Int32Array(buffer, address, 1),
    zeros: new Float64Array(buffer, address + 16, 1),
    bins: new Float64Array(buffer, address + HEADER_BYTES, BINS),
    minimum: new Float32Array(buffer, minimum, padded(channels)),
    maximum: new Float32Array(buffer, maximum, padded(channels)),
    limbs: new Float64Array(buffer, limbs, channels * LIMBS),
    /** Partial sums and limbs. */
    sums: new Float64Array(buffer, sums, padded(channels) * (1 + LIMBS)),
  };
}

/** Emits what observes tensors; `keep` gives bytes of the arena that stay from run to run. */
export function createObserver(
  observed: readonly ObservedValue[],
  program: Program,
  keep: (bytes: number) => ArenaAddress,
) {
  const scratch = observed.length > 0 ? keep(SCRATCH_BYTES) : undefined;
  const values = observed.map(({ name, tensor }) => {
    const { shape } = program.tensors[tensor];
    const channels = shape.at(-1) ?? 1;
    const rows = elementCount(shape) / channels;
    return { name, tensor, rows, channels, state: keep(stateBytes(channels)) };
  });
  return {
    /** To be called as soon as the elements of a tensor are there. */
    emit(tensor: number, context: Context): void {
      for (const { rows, channels, state } of values.filter((value) => value.tensor === tensor)) {
        context.stage();
        context.emit('observe_f32_f64', {
          x: context.address(tensor),
          state,
          scratch: scratch!,
          rows,
          channels,
        });
      }
    },
    locate(offsetOf: (address: ArenaAddress) => number): PlacedObservations | undefined {
      if (scratch === undefined) return undefined;
      const states = values.map(({ name, channels, state }) => ({ name, channels, offset: offsetOf(state) }));
      return { scratch: offsetOf(scratch), states };
    },
  };
}

/** The arguments with which `observe_f32_f64` makes a state ready to be read. */
export function withoutRows([x, state, scratch, , channels]: readonly number[]): number[] {
  return [x, state, scratch, 0, channels];
}

/** Throws the error for an element that is not finite. */
export function failObservation(
  { states }: PlacedObservations,
  state: number,
  element: number,
  value: number,
): never {
  throw new InputError({
    where: `value "${states.find(({ offset }) => offset === state)!.name}"`,
    what: `element ${element} is not finite`,
    expected: 'a finite activation',
    got: String(value),
  });
}

/** Makes room in the arena ready for observations. */
export function resetObservations(
  buffer: SharedArrayBuffer,
  arena: number,
  { scratch, states }: PlacedObservations,
): void {
  new Uint8Array(buffer, arena + scratch, SCRATCH_BYTES).fill(0);
  for (const { offset, channels } of states) {
    viewState(buffer, arena + offset, channels).bins.fill(0);
    resetState(buffer, arena + offset, channels);
  }
}

/** Forgets all but the bins. */
function resetState(buffer: SharedArrayBuffer, address: number, channels: number): void {
  const { exponent, minimum, maximum, sums } = viewState(buffer, address, channels);
  new Uint8Array(buffer, address, HEADER_BYTES).fill(0);
  sums.fill(0);
  exponent[0] = LEAST_EXPONENT;
  minimum.fill(Number.POSITIVE_INFINITY);
  maximum.fill(Number.NEGATIVE_INFINITY);
}

/** Takes what was observed since the last reset, per value: a copy, all in one buffer; the states are as after a reset. */
export function takeObservations(
  buffer: SharedArrayBuffer,
  arena: number,
  { scratch, states }: PlacedObservations,
): TensorObservation[] {
  new Uint8Array(buffer, arena + scratch, SCRATCH_BYTES).fill(0);
  const views = states.map(({ name, offset, channels }) => {
    const view = viewState(buffer, arena + offset, channels);
    const [start, end] = findCounted(view.bins);
    return { ...view, name, channels, start, end, address: arena + offset };
  });
  const all = new Float64Array(
    views.reduce((sum, { channels, start, end }) => sum + end - start + channels * (1 + LIMBS), 0),
  );
  let place = 0;
  const next = (length: number) => {
    place += length;
    return all.subarray(place - length, place);
  };
  return views.map(({ name, channels, start, end, address, ...view }) => {
    const [bins, limbs] = [next(end - start), next(channels * LIMBS)];
    const extremes = next(channels);
    const [minimum, maximum] = [0, 1].map(
      (half) => new Float32Array(all.buffer, extremes.byteOffset + half * channels * 4, channels),
    );
    bins.set(view.bins.subarray(start, end));
    limbs.set(view.limbs);
    copyExtremes(view.minimum, minimum);
    copyExtremes(view.maximum, maximum);
    const [zeros, exponent] = [view.zeros[0], view.exponent[0]];
    view.bins.fill(0, start, end);
    resetState(buffer, address, channels);
    return { name, zeros, exponent, first: start - BINS / 2, bins, minimum, maximum, limbs };
  });
}

/** Without -0; 0 where nothing was seen. */
function copyExtremes(from: Float32Array, to: Float32Array): void {
  for (let channel = 0; channel < to.length; channel++)
    to[channel] = Number.isFinite(from[channel]) ? from[channel] + 0 : 0;
}

/** The bins from the first to the last that are not 0. */
function findCounted(bins: Float64Array): readonly [start: number, end: number] {
  let [start, end] = [0, bins.length];
  while (end > 0 && bins[end - 1] === 0) end--;
  while (start < end && bins[start] === 0) start++;
  return [start, end];
}
