/** A program made ready for the kernels: plain data that can be posted to workers. */
import type { Kernel } from './kernels.js';

/** What one element is in memory: codes of at most 16 bits as i16, wider ones as i32, float32 as f32. */
export type ElementKind = 'i16' | 'i32' | 'f32';

export interface Place {
  /** Bytes from the start of the arena; of the memory where `constant` is true. */
  readonly offset: number;
  readonly constant: boolean;
  readonly length: number;
  readonly kind: ElementKind;
}

/** One kernel call. */
export interface Step {
  readonly instruction: number;
  readonly kernel: Kernel;
  readonly args: readonly number[];
  /** Bit i is set where argument i is an offset into the arena; all other addresses are absolute. */
  readonly arena: number;
  /** Bit i is set where argument i lies in an arena's scratch, of which further threads of one run have their own. */
  readonly scratch: number;
  /** Element of the instruction's output that the kernel counts from when it reports one. */
  readonly first: number;
}

/** Steps `first` to `end` (not included), which one thread runs in order once the first `after` units have ended. */
export interface Unit {
  readonly first: number;
  readonly end: number;
  readonly after: number;
}

/** Where the statistics of observed values are, as offsets into the arena: see observations.ts. */
export interface PlacedObservations {
  readonly scratch: number;
  readonly states: readonly { readonly name: string; readonly offset: number; readonly channels: number }[];
}

/** Calls that are no steps: see measures.ts. Offsets into the arena. */
export interface PlacedMeasures {
  readonly reference: number;
  readonly sums: number;
  readonly calls: readonly { readonly compare: Step; readonly replace: Step }[];
}

export interface Prepared {
  /** Constants lie at the start of the memory: packed weights, tables and records. */
  readonly constantBytes: number;
  /** Size of one arena; arenas follow the constants. */
  readonly arenaBytes: number;
  /** The scratch at the end of an arena; that of further threads of one run follows the arena. */
  readonly scratchBytes: number;
  /** null: a constant that is stored only as kernels need it. */
  readonly tensors: readonly (Place | null)[];
  /** In the order in which they run. */
  readonly steps: readonly Step[];
  /** The steps as several threads share them out. */
  readonly units: readonly Unit[];
  /** Per instruction, the offset of its counters in the arena, null where it counts nothing; empty where none counts. */
  readonly counters: readonly (number | null)[];
  /** Undefined where no value is observed. */
  readonly observations?: PlacedObservations;
  /** Undefined where nothing is measured. */
  readonly measures?: PlacedMeasures;
}

/** Bytes of an element. */
export function elementBytes(kind: ElementKind): number {
  return kind === 'i16' ? 2 : 4;
}
