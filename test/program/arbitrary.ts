/**
 * Random legal programs and inputs for them, to compare executors and to try out everything that takes a program. Sizes
 * that are no multiple of a vector, widths from 2 to 32 bits, every rounding, elements at both ends of their range.
 */
import type fc from 'fast-check';
import type { Elements } from '#src/execute/executor.js';
import type { Opcode } from '#src/program/instructions.js';
import type { Program } from '#src/program/program.js';
import { elementCount } from '#src/shape.js';
import { type Builder, createBuilder, drawElements, isShiftable } from './builder.js';
import { arbitraryFrom, drawFormat, type Kind } from './draw.js';
import { recipes } from './draw-instructions.js';
import { reshapeTo } from './draw-movement.js';

export const opcodes = Object.keys(recipes) as Opcode[];

export interface ProgramOptions {
  /** What the instructions of the chain are; default all. Where one does not follow, others are put between. */
  readonly opcodes?: readonly Opcode[];
  /** What the first instruction works on; default both. */
  readonly kinds?: readonly Kind[];
  /** Longest chain; default 4. */
  readonly longest?: number;
  /**
   * Also what is rare: 16 unsigned bits, zero points everywhere, activation formats per channel, every scaling, stochastic
   * rounding, wrapping and symmetric saturation, accumulators that are too narrow. Default false.
   */
  readonly unusual?: boolean;
}

/** A chain of instructions, each of which reads the output of the one before. */
export function arbitraryProgram(options: ProgramOptions = {}): fc.Arbitrary<Program> {
  const { opcodes: allowed = opcodes, longest = 4, unusual = false } = options;
  const kinds = options.kinds ?? ['codes', 'float32'];
  return arbitraryFrom((draw) => {
    const builder = createBuilder(draw, unusual);
    const firsts = allowed.filter((op) => recipes[op].kinds.some((kind) => kinds.includes(kind)));
    let op = draw.pick(firsts);
    const { rank, affine, widest = 16 } = recipes[op];
    const kind = draw.pick(kinds.filter((one) => recipes[op].kinds.includes(one)));
    let last = builder.source(kind, rank ?? draw.integer(1, 5), affine, widest);
    const length = draw.integer(1, longest);
    for (let count = 1; ; count++) {
      last = recipes[op].emit(builder, last);
      if (count >= length || grows(builder, last)) break;
      op = draw.pick(allowed);
      last = adapt(builder, last, op);
    }
    return builder.finish(last);
  });
}

/** One array for each input port, at and between the ends of the range. */
export function arbitraryInputs(program: Program): fc.Arbitrary<Elements[]> {
  return arbitraryFrom((draw) =>
    program.inputs.map(({ tensor }) => {
      const { format, shape } = program.tensors[tensor];
      return drawElements(draw, format, elementCount(shape));
    }),
  );
}

/** A program with inputs for it. */
export function arbitraryRun(
  options: ProgramOptions = {},
): fc.Arbitrary<{ program: Program; inputs: Elements[] }> {
  return arbitraryProgram(options).chain((program) =>
    arbitraryInputs(program).map((inputs) => ({ program, inputs })),
  );
}

/** True after exp, whose infinities later instructions would turn into NaN, and where tensors get large. */
function grows(builder: Builder, x: number): boolean {
  return elementCount(builder.tensor(x).shape) > 8192 || builder.isExponential(x);
}

/** The tensor in a kind, format and rank that the instruction takes. */
function adapt(builder: Builder, x: number, op: Opcode): number {
  const { draw } = builder;
  const { kinds, rank, affine, widest = 16 } = recipes[op];
  let last = x;
  const { shape, format } = builder.tensor(last);
  const usable = isShiftable(builder.tensor(last), builder.unusual) || (affine && format?.axis === null);
  const convert = format !== null && (!usable || format.bits > widest || !kinds.includes('codes'));
  if (convert) last = builder.emit('dequantize', {}, [last], { shape, format: null });
  if (
    builder.kind(last) === 'float32' &&
    (!kinds.includes('float32') || (convert && kinds.includes('codes')))
  ) {
    const target = drawFormat(draw, { widest });
    last = builder.emit(
      'quantize',
      { float32Quotient: false, rounding: 'halfEven', overflow: 'saturate' },
      [last],
      {
        shape,
        format: target,
      },
    );
  }
  if (rank !== undefined && rank !== shape.length) last = reshapeTo(builder, last, rank);
  return last;
}
