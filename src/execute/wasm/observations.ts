/** Statistics of values that a run observes, in the arena of the thread that runs it: assembly/observe.ts says how they lie. */
import { InputError } from '../../errors.js';
import type { Program } from '../../program/program.js';
import { elementCount } from '../../program/shapes.js';
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
  const limbs = maximum + padded(channels) * 12;
  return {
    exponent: new Int32Array(buffer, address, 1),
    zeros: new Float64Array(buffer, address + 16, 1),
    bins: new Float64Array(buffer, address + HEADER_BYTES, BINS),
    minimum: new Float32Array(buffer, minimum, padded(channels)),
    maximum: new Float32Array(buffer, maximum, padded(channels)),
    limbs: new Int32Array(buffer, limbs, channels * LIMBS * 2),
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

/** Forgets everything that was observed. */
export function resetObservations(
  buffer: SharedArrayBuffer,
  arena: number,
  { scratch, states }: PlacedObservations,
): void {
  new Uint8Array(buffer, arena + scratch, SCRATCH_BYTES).fill(0);
  for (const { offset, channels } of states) {
    new Uint8Array(buffer, arena + offset, stateBytes(channels)).fill(0);
    const { exponent, minimum, maximum } = viewState(buffer, arena + offset, channels);
    exponent[0] = LEAST_EXPONENT;
    minimum.fill(Number.POSITIVE_INFINITY);
    maximum.fill(Number.NEGATIVE_INFINITY);
  }
}

/** Copies what was observed since the last reset, per value. */
export function readObservations(
  buffer: SharedArrayBuffer,
  arena: number,
  { states }: PlacedObservations,
): TensorObservation[] {
  return states.map(({ name, offset, channels }) => {
    const { exponent, zeros, bins, minimum, maximum, limbs } = viewState(buffer, arena + offset, channels);
    return {
      name,
      zeros: zeros[0],
      exponent: exponent[0],
      bins: bins.slice(),
      minimum: minimum.slice(0, channels),
      maximum: maximum.slice(0, channels),
      limbs: carryLimbs(limbs),
    };
  });
}

/** Limbs of 64 bits, as halves, brought to [0, 2^32) but for the last of each channel. */
function carryLimbs(halves: Int32Array): Float64Array {
  const limbs = new Float64Array(halves.length / 2);
  for (let first = 0; first < limbs.length; first += LIMBS) {
    let carry = 0;
    for (let i = first; i < first + LIMBS; i++) {
      const low = (halves[2 * i] >>> 0) + carry;
      carry = Math.floor(low / 2 ** 32);
      limbs[i] = low - carry * 2 ** 32;
      carry += halves[2 * i + 1];
    }
    limbs[first + LIMBS - 1] += carry * 2 ** 32;
  }
  return limbs;
}
