/** Other arithmetic that an instruction may have been computed with: what people get wrong, as programs to try. */
import { codeRange } from '../formats/format.js';
import { OVERFLOWS, ROUNDINGS } from '../formats/rounding.js';
import type { Accumulator, Instruction, PerChannel, Requantize, Scaling } from '../program/instructions.js';
import type { Program } from '../program/program.js';
import { operandVariations } from './operand-variations.js';
import { withInstruction } from './recompute.js';

/** A changed program of one instruction. Two of different kinds may be combined. */
export interface Variation {
  readonly kind: string;
  readonly what: string;
  readonly apply: (program: Program) => Program;
}

/** How far shifts are tried. */
const FARTHEST = 8;

/** Every single change that has a meaning for the instruction of the program. */
export function listVariations(program: Program): Variation[] {
  const [instruction] = program.instructions;
  return [
    ...roundingVariations(instruction),
    ...overflowVariations(instruction),
    ...shiftVariations(instruction),
    ...styleVariations(instruction),
    ...clampVariations(program, instruction),
    ...accumulatorVariations(instruction),
    ...otherVariations(instruction),
    ...operandVariations(program),
  ];
}

/** Changes the requantisation, wherever the instruction has it. */
function changeRequantize(
  instruction: Instruction,
  change: (requantize: Requantize) => Requantize,
): Instruction {
  if ('arithmetic' in instruction && instruction.arithmetic !== null) {
    const requantize = change(instruction.arithmetic.requantize);
    return { ...instruction, arithmetic: { ...instruction.arithmetic, requantize } };
  }
  if ('requantize' in instruction && instruction.requantize !== null)
    return { ...instruction, requantize: change(instruction.requantize) } as Instruction;
  if (instruction.op === 'averagePool') {
    const { overflow } = instruction;
    const scalings = instruction.scalings.map(({ count, scaling }) => {
      const { overflow: _, ...changed } = change({ ...scaling, overflow });
      return { count, scaling: changed as Scaling };
    });
    const first = instruction.scalings[0];
    return {
      ...instruction,
      scalings,
      overflow: first ? change({ ...first.scaling, overflow }).overflow : overflow,
    };
  }
  return instruction;
}

/** The requantisation of an instruction, wherever it has it; the first of an average pooling. */
export function requantizeOf(instruction: Instruction): Requantize | undefined {
  let found: Requantize | undefined;
  changeRequantize(instruction, (requantize) => {
    found ??= requantize;
    return requantize;
  });
  return found;
}

function change(kind: string, what: string, by: (instruction: Instruction) => Instruction): Variation {
  return { kind, what, apply: (program) => withInstruction(program, by) };
}

function roundingVariations(instruction: Instruction): Variation[] {
  const requantize = requantizeOf(instruction);
  const own =
    instruction.op === 'quantize'
      ? instruction.rounding
      : requantize && 'rounding' in requantize
        ? requantize.rounding
        : undefined;
  if (own === undefined) return [];
  return ROUNDINGS.filter((rounding) => rounding !== own).map((rounding) =>
    change('rounding', `rounding ${rounding} instead of ${own}`, (one) =>
      one.op === 'quantize'
        ? { ...one, rounding }
        : changeRequantize(one, (r) => ('rounding' in r ? { ...r, rounding } : r)),
    ),
  );
}

function overflowVariations(instruction: Instruction): Variation[] {
  const own = instruction.op === 'quantize' ? instruction.overflow : requantizeOf(instruction)?.overflow;
  if (own === undefined) return [];
  return OVERFLOWS.filter((overflow) => overflow !== own && overflow !== 'trap').map((overflow) =>
    change('overflow', `overflow ${overflow} instead of ${own}`, (one) =>
      one.op === 'quantize' ? { ...one, overflow } : changeRequantize(one, (r) => ({ ...r, overflow })),
    ),
  );
}

function shifted(shift: PerChannel, by: number): PerChannel {
  return typeof shift === 'number' ? shift + by : shift.map((entry) => entry + by);
}

function shiftVariations(instruction: Instruction): Variation[] {
  const requantize = requantizeOf(instruction);
  if (requantize === undefined || !('shift' in requantize)) return [];
  const steps = Array.from({ length: FARTHEST }, (_, step) => [step + 1, -step - 1]).flat();
  const all = steps.map((by) =>
    change(
      'shift',
      `shift ${Math.abs(by)} more to the ${by > 0 ? 'right' : 'left'} (fraction bits of the output ${by > 0 ? '-' : '+'}${Math.abs(by)})`,
      (one) => changeRequantize(one, (r) => ('shift' in r ? { ...r, shift: shifted(r.shift, by) } : r)),
    ),
  );
  const { shift } = requantize;
  if (typeof shift === 'number' || new Set(shift).size === 1) return all;
  const one = change('shift', `the shift of channel 0, ${shift[0]}, for all channels`, (instruction_) =>
    changeRequantize(instruction_, (r) => ('shift' in r ? { ...r, shift: shift[0] } : r)),
  );
  return [one, ...all];
}

/** Single rounding and the two roundings of gemmlowp give the same scale, but not always the same code. */
function styleVariations(instruction: Instruction): Variation[] {
  const requantize = requantizeOf(instruction);
  const toMultiplier = (r: Requantize): Requantize =>
    r.style === 'doubling'
      ? {
          style: 'multiplier',
          multiplier: r.multiplier,
          shift: shifted(r.shift, 31),
          rounding: 'halfAwayFromZero',
          overflow: r.overflow,
        }
      : r;
  const toDoubling = (r: Requantize): Requantize =>
    r.style === 'multiplier'
      ? { style: 'doubling', multiplier: r.multiplier, shift: shifted(r.shift, -31), overflow: r.overflow }
      : r;
  if (requantize?.style === 'doubling')
    return [
      change('style', 'one rounding of the exact product instead of two (doubling)', (one) =>
        changeRequantize(one, toMultiplier),
      ),
    ];
  if (requantize?.style === 'multiplier')
    return [
      change('style', 'doubling high multiplication with two roundings instead of one', (one) =>
        changeRequantize(one, toDoubling),
      ),
    ];
  return [];
}

function clampVariations(program: Program, instruction: Instruction): Variation[] {
  const { format } = program.tensors[instruction.output];
  if (!('clamp' in instruction)) return [];
  const { clamp } = instruction;
  const variations: Variation[] = [];
  if (clamp !== null && instruction.op !== 'clamp')
    variations.push(
      change('clamp', 'the clamp (activation) is missing', (one) => ({ ...one, clamp: null }) as Instruction),
    );
  if (format !== null) {
    const { low, high } = codeRange(format);
    const zero = Number([format.zeroPoint].flat()[0]);
    const relu = { low: Math.max(low, zero), high };
    if (clamp?.low !== relu.low || clamp.high !== relu.high)
      variations.push(
        change(
          'clamp',
          `a clamp to ${relu.low} and above (Relu)`,
          (one) => ({ ...one, clamp: relu }) as Instruction,
        ),
      );
  }
  return variations;
}

function accumulatorVariations(instruction: Instruction): Variation[] {
  if (!('arithmetic' in instruction) || instruction.arithmetic === null) return [];
  const { accumulator: own } = instruction.arithmetic;
  const withAccumulator = (one: Instruction, accumulator: Accumulator): Instruction =>
    'arithmetic' in one && one.arithmetic !== null
      ? { ...one, arithmetic: { ...one.arithmetic, accumulator } }
      : one;
  const narrow = [16, 20, 24, 32, 48].filter((bits) => own.provedBits === 0 || bits < own.provedBits);
  const registers = narrow.flatMap((bits) =>
    (['wrap', 'saturate'] as const)
      .filter((overflow) => bits !== own.bits || overflow !== own.overflow)
      .map((overflow) =>
        change('accumulator', `an accumulator of ${bits} bits with overflow ${overflow}`, (one) =>
          withAccumulator(one, { ...own, bits, overflow, treeBits: 0, partialSum: null, provedBits: 0 }),
        ),
      ),
  );
  if (own.partialSum !== null)
    registers.push(
      change('accumulator', 'partial sums are not rounded', (one) =>
        withAccumulator(one, { ...own, partialSum: null }),
      ),
    );
  const wide = own.provedBits === 0 || own.provedBits > own.bits;
  if (wide)
    registers.push(
      change('accumulator', 'an accumulator that does not overflow', (one) =>
        withAccumulator(one, { ...own, bits: 64, treeBits: 0, partialSum: null, provedBits: 64 }),
      ),
    );
  return registers;
}

function otherVariations(instruction: Instruction): Variation[] {
  if (instruction.op === 'averagePool') {
    const { countIncludePad } = instruction;
    const what = `padding is ${countIncludePad ? 'not ' : ''}counted in averages`;
    return [
      change('count', what, (one) =>
        one.op === 'averagePool' ? { ...one, countIncludePad: !countIncludePad } : one,
      ),
    ];
  }
  if (instruction.op === 'add' && instruction.requantize !== null) {
    const { shifts, sign } = instruction;
    const unaligned = change('align', 'operands are added without aligning their binary points', (one) =>
      one.op === 'add' ? { ...one, shifts: [0, 0] } : one,
    );
    const swapped = change('align', 'the shifts of the operands are exchanged', (one) =>
      one.op === 'add' ? { ...one, shifts: [shifts[1], shifts[0]] } : one,
    );
    const negated = change('sign', `the operands are ${sign === 1 ? 'subtracted' : 'added'}`, (one) =>
      one.op === 'add' ? { ...one, sign: sign === 1 ? -1 : 1 } : one,
    );
    return [
      ...(shifts[0] || shifts[1] ? [unaligned] : []),
      ...(shifts[0] === shifts[1] ? [] : [swapped]),
      negated,
    ];
  }
  return [];
}
