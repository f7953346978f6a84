/** Programs under construction, for the generator. */
import type { Elements } from '#src/execute/executor.js';
import { codeRange, type Format, isPowerOfTwo } from '#src/formats/format.js';
import type { Instruction, Instructions, Opcode } from '#src/program/instructions.js';
import type { Port, Program, ProgramTensor } from '#src/program/program.js';
import { elementCount } from '#src/shape.js';
import { type Draw, drawCodes, drawFloats, drawFormat, drawShape, type Kind } from './draw.js';

export interface Builder {
  readonly draw: Draw;
  readonly unusual: boolean;
  tensor(index: number): ProgramTensor;
  kind(index: number): Kind;
  /** True for the output of exp, which may be infinite. */
  isExponential(index: number): boolean;
  input(format: Format | null, shape: readonly number[]): number;
  constant(format: Format | null, shape: readonly number[], data?: Elements): number;
  /** An input or a constant. */
  operand(format: Format | null, shape: readonly number[]): number;
  emit<K extends Opcode>(
    op: K,
    fields: Instructions[K],
    inputs: readonly number[],
    output: { format: Format | null; shape: readonly number[] },
  ): number;
  /** An input that any instruction of this kind and rank takes. */
  source(kind: Kind, rank: number, affine: boolean, widest: number): number;
  finish(last: number): Program;
}

const stems = ['', 'conv/', 'a b', 'x=1#', '"', 'é->', '-'];

export function createBuilder(draw: Draw, unusual: boolean): Builder {
  const tensors: ProgramTensor[] = [];
  const instructions: Instruction[] = [];
  const inputs: Port[] = [];

  function add(prefix: string, tensor: Omit<ProgramTensor, 'name'>): number {
    const stem = draw.chance(20) ? draw.pick(stems) : '';
    return tensors.push({ name: `${stem}${prefix}${tensors.length}`, ...tensor }) - 1;
  }

  const builder: Builder = {
    draw,
    unusual,
    tensor: (index) => tensors[index],
    kind: (index) => (tensors[index].format === null ? 'float32' : 'codes'),
    isExponential: (index) =>
      instructions.some(
        ({ output, ...it }) => output === index && it.op === 'unary' && it.function.name === 'exp',
      ),
    input(format, shape) {
      const tensor = add('x', { shape, format });
      inputs.push({ name: draw.chance(20) ? `port ${tensor}` : tensors[tensor].name, tensor });
      return tensor;
    },
    constant(format, shape, data = drawElements(draw, format, elementCount(shape))) {
      return add('w', { shape, format, data });
    },
    operand: (format, shape) =>
      draw.chance(50) ? builder.constant(format, shape) : builder.input(format, shape),
    emit(op, fields, operands, { shape, format }) {
      const index = add('t', { shape, format });
      const node = draw.chance(70) ? `node ${instructions.length}` : '';
      const name = draw.chance(20) ? `i${instructions.length}` : node || `${tensors[index].name}/${op}`;
      const operator = node === '' ? '' : draw.pick(['Conv', 'an operator']);
      instructions.push({
        op,
        name,
        node,
        operator,
        inputs: operands,
        output: index,
        ...fields,
      } as Instruction);
      return index;
    },
    source(kind, rank, affine, widest) {
      const format = kind === 'codes' ? drawFormat(draw, { affine, unusual, widest }) : null;
      return builder.input(format, drawShape(draw, rank));
    },
    finish(last) {
      const codes = tensors.map(({ format }) => format !== null);
      const tail = tensors.findLastIndex(({ format }) => format !== null && format.bits <= 32);
      const ports = new Set([last]);
      const extra = draw.integer(0, last);
      if (draw.chance(20) && (tensors[extra].format?.bits ?? 0) <= 32) ports.add(extra);
      const metadata: Record<string, string> = draw.chance(20)
        ? { producer: 'a "test"\n', 'two words': '', 'a#b': '#' }
        : {};
      return {
        name: draw.pick(['chain', 'a chain', '']),
        tensors,
        instructions,
        inputs,
        outputs: [...ports].map((tensor) => ({
          name: draw.chance(20) ? `out ${tensor}` : tensors[tensor].name,
          tensor,
          codes: codes[tensor] ? tensor : draw.chance(50) ? tail : -1,
        })),
        metadata,
      };
    },
  };
  return builder;
}

/** Elements of any tensor, the ends of the range included. */
export function drawElements(draw: Draw, format: Format | null, length: number): Elements {
  if (format === null) return drawFloats(draw, length);
  const { low, high } = codeRange(format);
  return drawCodes(draw, format, length, low, high);
}

/** True where shifts alone compute with the tensor; with `centred` also where codes count from a zero point. */
export function isShiftable({ format }: ProgramTensor, centred: boolean): boolean {
  if (format === null) return true;
  const plain = centred
    ? typeof format.zeroPoint === 'number' && format.mantissa === 1
    : isPowerOfTwo(format);
  return plain && typeof format.fractionBits === 'number';
}
