/** What the lowering of one instruction to kernel calls sees and emits. */
import { ProgramError } from '../../errors.js';
import type { CodeRange } from '../../formats/format.js';
import type { Instruction } from '../../program/instructions.js';
import type { ProgramTensor } from '../../program/program.js';
import type { Constants } from './constants.js';
import type { ArgumentName, Kernel } from './kernels.js';
import { type ElementKind, elementBytes } from './prepared.js';
import type { Sharing } from './schedule.js';

/** A place in the arena: a block of the memory plan, or OWN_SCRATCH, and bytes from its start. */
export interface ArenaAddress {
  readonly block: number;
  readonly offset: number;
}

/** Stands for memory that each thread has of its own. */
export const OWN_SCRATCH = -1;

/** Absolute in the constants region, or in the arena. */
export type Address = number | ArenaAddress;

export type Arguments<K extends Kernel> = Readonly<Record<ArgumentName<K>, Address>>;

export interface Context {
  readonly constants: Constants;
  /** True where the variant has this kernel. */
  has(kernel: Kernel): boolean;
  tensor(index: number): ProgramTensor;
  /** Where the elements of a tensor are: stored as a constant or in the arena. */
  address(index: number): Address;
  kind(index: number): ElementKind;
  /** What the codes of a tensor can be. */
  range(index: number): CodeRange;
  /** What is subtracted from a code of a tensor to store it. */
  offset(index: number): number;
  /** Where the counters of this instruction are: see counters.ts. Undefined where nothing is counted. */
  readonly counters: Address | undefined;
  /** Bytes of the arena that are free again after this instruction. */
  scratch(bytes: number): ArenaAddress;
  /** The same for what lives within a unit only: each thread has its own. */
  unitScratch(bytes: number): ArenaAddress;
  /** Threads that share a run, and how finely. */
  readonly sharing: Sharing;
  /**
   * Starts a unit: calls from here to the next unit or stage run in order on one thread, beside the other units of their stage. An
   * instruction starts with a stage and a unit.
   */
  unit(): void;
  /** Starts a stage and a unit: all calls before it have ended. */
  stage(): void;
  emit<K extends Kernel>(kernel: K, args: Arguments<K>): void;
}

export function shift(address: Address, bytes: number): Address {
  return typeof address === 'number' ? address + bytes : { ...address, offset: address.offset + bytes };
}

/** How an element of a tensor of a stored program is held. Throws a ProgramError for codes that do not fit 32 bits. */
export function elementKind({ name, format }: ProgramTensor): ElementKind {
  if (format === null) return 'f32';
  if (format.bits < 16 || (format.bits === 16 && format.signed)) return 'i16';
  if (format.bits <= 32 && format.signed) return 'i32';
  throw new ProgramError({
    where: `tensor "${name}"`,
    what: 'the WASM executor does not hold these codes (the oracle does)',
    expected: 'at most 32 bits',
    got: `${format.bits} bits`,
  });
}

/** Throws the error for something that only the oracle runs. */
export function unsupported(instruction: Instruction, what: string, expected: string, got: string): never {
  throw new ProgramError({
    where: `instruction "${instruction.name}" (${instruction.op})`,
    what: `${what}: the WASM executor does not run this (the oracle does)`,
    expected,
    got,
  });
}

/** Address of a constant tensor's elements, stored as kernels read them. */
export function placeElements(constants: Constants, tensor: ProgramTensor, key: string): number {
  const kind = elementKind(tensor);
  const { data } = tensor;
  const content = () => {
    if (kind === 'f32') return data as Float32Array;
    return kind === 'i16' ? Int16Array.from(data as Int8Array) : Int32Array.from(data as Int32Array);
  };
  return constants.place(data!.length * elementBytes(kind), content, key);
}
