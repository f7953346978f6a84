/** Tensors beside float values: the calls for measure.ts, which are no steps of the program. */
import { at, codeRange, type Format, stepSize } from '../../formats/format.js';
import type { Program } from '../../program/program.js';
import { elementCount } from '../../shape.js';
import { SLACK } from './constants.js';
import type { Address, ArenaAddress, Context } from './context.js';
import { channelRun, emitQuantize } from './lower-elementwise.js';
import type { PlacedMeasures, Step } from './prepared.js';
import type { PendingStep } from './schedule.js';

/** Bytes of what assembly/compare.ts writes. */
const SUMS_BYTES = 32;

/** Emits what measures the outputs of instructions; `keep` gives bytes of the arena that stay from run to run. */
export function createMeasurer(
  measured: readonly number[],
  { instructions, tensors }: Program,
  keep: (bytes: number) => ArenaAddress,
) {
  const steps: PendingStep[] = [];
  if (measured.length === 0) return { steps, emit: () => {}, locate: () => undefined };
  const outputs = new Map(measured.map((instruction) => [instruction, instructions[instruction].output]));
  const sizes = Array.from(outputs.values(), (output) => elementCount(tensors[output].shape));
  const reference = keep(Math.max(...sizes) * 4 + SLACK);
  const sums = keep(SUMS_BYTES);
  return {
    /** Where the context is to emit while `emit` runs. */
    steps,
    /** To be called as soon as the instruction's own steps are there. */
    emit(instruction: number, context: Context): void {
      const output = outputs.get(instruction);
      if (output === undefined) return;
      emitCompare(context, output, reference, sums);
      emitReplace(context, output, reference);
    },
    locate(offsetOf: (address: ArenaAddress) => number, place: (step: PendingStep) => Step): PlacedMeasures {
      const placed = steps.map(place);
      const calls = placed.flatMap((compare, index) =>
        index % 2 === 0 ? { compare, replace: placed[index + 1] } : [],
      );
      return { reference: offsetOf(reference), sums: offsetOf(sums), calls };
    },
  };
}

/** A tensor beside the values at `reference`: see assembly/compare.ts. */
function emitCompare(context: Context, tensor: number, reference: Address, sums: Address): void {
  const { format, shape } = context.tensor(tensor);
  const { channels, inner } = channelRun(tensor, context);
  const records = Array.from({ length: channels }, (_, channel) => compareRecord(format, channel));
  const steps = Float64Array.from(records.flat());
  context.emit(`compare_${context.kind(tensor)}_f32`, {
    x: context.address(tensor),
    reference,
    steps: context.constants.place(steps.byteLength, () => steps),
    channels,
    inner,
    sums,
    length: elementCount(shape),
  });
}

/** Zero point, step, and the values that lie half a step outside of the range. */
function compareRecord(format: Format | null, channel: number): number[] {
  if (format === null) return [0, 1, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const { low, high } = codeRange(format);
  const zero = at(format.zeroPoint, channel);
  const step = stepSize(format, channel);
  return [zero, step, (low - 0.5 - zero) * step, (high + 0.5 - zero) * step];
}

/** The nearest codes of the values at `reference`, or the values themselves, in the place of a tensor. */
function emitReplace(context: Context, tensor: number, reference: Address): void {
  const { format, shape } = context.tensor(tensor);
  if (format !== null) {
    const how = { rounding: 'halfEven', overflow: 'saturate', float32Quotient: false } as const;
    emitQuantize(context, reference, tensor, how);
    return;
  }
  const length = elementCount(shape);
  const line = { n0: 1, n1: 1, n2: 1, x0: 0, x1: 0, x2: 0, x3: 4, y0: 0, y1: 0, y2: 0, y3: 4 };
  context.emit('move_f32_f32', { x: reference, y: context.address(tensor), n3: length, ...line });
}
