/**
 * From a program to kernel calls: lowers every instruction, plans the arena, packs the constants. Runs once per program on
 * one thread; the result is posted to workers.
 */
import type { InstructionTable, Opcode } from '../../program/instructions.js';
import type { Program } from '../../program/program.js';
import { elementCount } from '../../shape.js';
import type { ObservedValue } from '../executor.js';
import { align, type Lifetime, planMemory } from '../memory-plan.js';
import { codeRanges } from './code-ranges.js';
import { ARENA_SLACK, type Constants, createConstants, SLACK } from './constants.js';
import {
  type Address,
  type ArenaAddress,
  type Context,
  elementKind,
  OWN_SCRATCH,
  placeElements,
} from './context.js';
import { COUNTER_BYTES } from './counters.js';
import { kernels } from './kernels.js';
import { lowerConvolution, lowerGemm } from './lower-convolution.js';
import * as elementwise from './lower-elementwise.js';
import { lowerBinary, lowerNormalize, lowerSelect } from './lower-float.js';
import { lowerMatmul } from './lower-matmul.js';
import * as movement from './lower-movement.js';
import { lowerAveragePool, lowerMaxPool } from './lower-pooling.js';
import { lowerArgMax, lowerReduce } from './lower-reduction.js';
import { lowerResample } from './lower-resample.js';
import { lowerScaledPair } from './lower-scaled-pair.js';
import { lowerSoftmax } from './lower-softmax.js';
import { createMeasurer } from './measures.js';
import { createObserver } from './observations.js';
import { elementBytes, type Place, type Prepared, type Step } from './prepared.js';
import { GRAIN, listUnits, type PendingStep, shareCalls } from './schedule.js';
import { storedOffset, storedProgram } from './stored-program.js';
import { compileVariant, instantiate, type KernelSet, kernelsOf, type VariantName } from './variants.js';
import type { Memory } from './webassembly.js';

export interface PrepareOptions {
  /** True: every tensor keeps a place of its own, so that all can be read after a run. Default false. */
  readonly retain?: boolean;
  /** True: instructions that requantise integers count, which takes time. Default false. */
  readonly counters?: boolean;
  /** Float values whose statistics gather in the arena from run to run. */
  readonly observed?: readonly ObservedValue[];
  /** Instructions whose outputs a run may compare with float values: see Executor.measure. */
  readonly measured?: readonly number[];
  /** The kernels that will run it; they also pack its weights. Default: the plain ones. */
  readonly kernels?: KernelSet;
  /** Threads that share one run; each has scratch of its own. Default 1. */
  readonly threads?: number;
  /** Elements that are worth a call of their own where threads share a run. */
  readonly grain?: number;
}

const lowerings: InstructionTable<[Context], void> = {
  quantize: elementwise.lowerQuantize,
  dequantize: elementwise.lowerDequantize,
  requantize: elementwise.lowerRequantize,
  convolution: lowerConvolution,
  gemm: lowerGemm,
  add: elementwise.lowerAdd,
  multiply: elementwise.lowerMultiply,
  matmul: lowerMatmul,
  binary: lowerBinary,
  select: lowerSelect,
  normalize: lowerNormalize,
  extremum: elementwise.lowerExtremum,
  scaledPair: lowerScaledPair,
  clamp: elementwise.lowerClamp,
  leakyRelu: elementwise.lowerLeakyRelu,
  lookup: elementwise.lowerLookup,
  unary: elementwise.lowerUnary,
  maxPool: lowerMaxPool,
  averagePool: lowerAveragePool,
  reduce: lowerReduce,
  argMax: lowerArgMax,
  softmax: lowerSoftmax,
  localResponseNormalization: elementwise.lowerLocalResponseNormalization,
  concat: movement.lowerConcat,
  slice: movement.lowerSlice,
  gather: movement.lowerGather,
  resample: lowerResample,
  pad: movement.lowerPad,
  transpose: movement.lowerTranspose,
  reshape: movement.lowerReshape,
};

/**
 * Writes the constants of a verified program to the start of `memory`, which grows as needed, and returns the calls. Throws
 * a ProgramError for what the WASM executor does not run.
 */
export function prepareProgram(
  program: Program,
  memory: Memory,
  { kernels = compileVariant('simd', false), ...options }: PrepareOptions = {},
): Prepared {
  const { prepared, constants } = planProgram(program, kernels.variant, options);
  constants.write(memory, (grown) => instantiate(kernels, grown));
  return prepared;
}

/** What a program takes on one worker that computes nothing beside its outputs, with the kernels of a variant. */
export function plainMemoryUse(
  program: Program,
  variant: VariantName,
): Pick<Prepared, 'constantBytes' | 'arenaBytes'> {
  return planProgram(program, variant, {}).prepared;
}

/** The calls, and the constants, which are yet to be written. Throws what prepareProgram throws. */
export function planProgram(
  given: Program,
  variant: VariantName,
  {
    retain = false,
    counters = false,
    observed = [],
    measured = [],
    threads = 1,
    grain = GRAIN,
  }: Omit<PrepareOptions, 'kernels'>,
): { readonly prepared: Prepared; readonly constants: Constants } {
  const program = storedProgram(given);
  const where = `program "${program.name}"`;
  const constants = createConstants(where);
  const available = kernelsOf(variant);
  const ranges = codeRanges(program);
  const { blocks, blockOf } = tensorBlocks(program, retain);
  const pending: PendingStep[] = [];
  const sharing = { threads, grain };
  let current = 0;
  let stage = 0;
  let unit = 0;
  let ownScratch = 0;
  let mostScratch = 0;
  const end = Math.max(0, program.instructions.length - 1);
  const counterBlock = blocks.length;
  if (counters) blocks.push({ bytes: program.instructions.length * COUNTER_BYTES, first: 0, last: end });
  const counting = new Set<number>();
  const keep = (bytes: number) => ({ block: blocks.push({ bytes, first: 0, last: end }) - 1, offset: 0 });
  const observer = createObserver(observed, program, keep);
  const measurer = createMeasurer(measured, program, keep);
  let target = pending;
  const context: Context = {
    constants,
    has: (kernel) => available.has(kernel),
    tensor: (index) => program.tensors[index],
    address(index) {
      const tensor = program.tensors[index];
      if (tensor.data !== undefined) return placeElements(constants, tensor, `tensor ${index}`);
      return { block: blockOf[index]!, offset: 0 };
    },
    range: (index) => ranges[index]!,
    kind: (index) => elementKind(program.tensors[index]),
    offset: (index) => storedOffset(given.tensors[index].format),
    get counters() {
      return counters ? { block: counterBlock, offset: current * COUNTER_BYTES } : undefined;
    },
    scratch(bytes) {
      blocks.push({ bytes: bytes + SLACK, first: current, last: current });
      return { block: blocks.length - 1, offset: 0 };
    },
    unitScratch(bytes) {
      const offset = ownScratch;
      ownScratch += align(bytes + SLACK);
      mostScratch = Math.max(mostScratch, ownScratch);
      return { block: OWN_SCRATCH, offset };
    },
    sharing,
    unit() {
      // The counters of an instruction are not shared.
      if (!counters) unit++;
    },
    stage() {
      stage++;
      unit++;
    },
    emit(kernel, args) {
      const ordered = kernels[kernel].map((name) => (args as Record<string, Address>)[name]);
      target.push({ instruction: current, kernel, args: ordered, first: 0, stage, unit });
      if ('counters' in args) counting.add(current);
    },
  };
  for (const { tensor } of program.inputs) observer.emit(tensor, context);
  for (const [index, instruction] of program.instructions.entries()) {
    current = index;
    ownScratch = 0;
    context.stage();
    const lower = lowerings[instruction.op] as (typeof lowerings)[Opcode] as (
      instruction: unknown,
      context: Context,
    ) => void;
    lower(instruction, context);
    observer.emit(instruction.output, context);
    target = measurer.steps;
    measurer.emit(index, context);
    target = pending;
  }
  const plan = planMemory(blocks);
  const outputs = new Set(program.outputs.map(({ tensor }) => tensor));
  const tensors = program.tensors.map((tensor, index): Place | null => {
    const constant = tensor.data !== undefined;
    if (constant ? !outputs.has(index) : blockOf[index] === undefined) return null;
    const offset = constant
      ? placeElements(constants, tensor, `tensor ${index}`)
      : plan.offsets[blockOf[index]!];
    return { offset, constant, length: elementCount(tensor.shape), kind: elementKind(tensor) };
  });
  const steps = shareCalls(pending, sharing);
  const scratch = align(plan.bytes + ARENA_SLACK);
  const place = (step: PendingStep) => resolve(step, plan.offsets, scratch);
  const offsetOf = ({ block, offset }: ArenaAddress) => plan.offsets[block] + offset;
  const prepared = {
    constantBytes: align(constants.bytes),
    arenaBytes: scratch + mostScratch,
    scratchBytes: mostScratch,
    tensors,
    steps: steps.map(place),
    units: listUnits(steps),
    counters: counters
      ? program.instructions.map((_, index) =>
          counting.has(index) ? plan.offsets[counterBlock] + index * COUNTER_BYTES : null,
        )
      : [],
    observations: observer.locate(offsetOf),
    measures: measurer.locate(offsetOf, place),
  };
  return { prepared, constants };
}

/** Bytes that the activations of one run occupy, by the plan and before what kernels need beside them. */
export function arenaBytes(program: Program): number {
  return planMemory(tensorBlocks(storedProgram(program), false).blocks).bytes;
}

/** `own`: offset of the scratch in an arena. */
function resolve(
  { instruction, kernel, args, first }: PendingStep,
  offsets: readonly number[],
  own: number,
): Step {
  let arena = 0;
  let scratch = 0;
  const numbers = args.map((arg, index) => {
    if (typeof arg === 'number') return arg;
    arena |= 1 << index;
    if (arg.block !== OWN_SCRATCH) return offsets[arg.block] + arg.offset;
    scratch |= 1 << index;
    return own + arg.offset;
  });
  return { instruction, kernel, args: numbers, arena, scratch, first };
}

/**
 * One block of memory per computed tensor, alive from its instruction to its last reader; inputs from the start, outputs to
 * the end. A reshape whose input nobody reads later takes over its input's block.
 */
function tensorBlocks(program: Program, retain: boolean) {
  const { instructions, tensors } = program;
  const end = Math.max(0, instructions.length - 1);
  const last = new Array<number>(tensors.length).fill(0);
  for (const [index, { inputs, output }] of instructions.entries())
    for (const tensor of [...inputs, output]) last[tensor] = index;
  for (const { tensor, codes } of program.outputs) {
    last[tensor] = end;
    if (codes >= 0) last[codes] = end;
  }
  const blocks: { -readonly [K in keyof Lifetime]: Lifetime[K] }[] = [];
  const blockOf = new Array<number | undefined>(tensors.length).fill(undefined);
  const create = (tensor: number, first: number) => {
    const { shape } = tensors[tensor];
    const bytes = elementCount(shape) * elementBytes(elementKind(tensors[tensor])) + SLACK;
    blockOf[tensor] = blocks.length;
    blocks.push({ bytes, first: retain ? 0 : first, last: retain ? end : last[tensor] });
  };
  for (const { tensor } of program.inputs) if (blockOf[tensor] === undefined) create(tensor, 0);
  for (const [index, { op, inputs, output }] of instructions.entries()) {
    const source = blockOf[inputs[0]];
    const takesOver = op === 'reshape' && !retain && source !== undefined && last[inputs[0]] === index;
    if (takesOver) {
      blockOf[output] = source;
      blocks[source].last = last[output];
    } else create(output, index);
  }
  return { blocks, blockOf };
}
