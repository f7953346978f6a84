/** Letting go of a program's constants, which are packed in the memory that the kernels use. */
import { freeBuffers } from '../../platform/free-buffers.js';
import type { Program } from '../../program/program.js';

/** Buffers below this size may be shared with what has nothing to do with the program. */
const LEAST_FREED = 64 * 1024;

/** Frees the memory of a program's constants: they have no elements afterwards. */
export function freeConstants({ tensors }: Program): void {
  const buffers = tensors.flatMap(({ data }) => (data === undefined ? [] : [data.buffer]));
  freeBuffers(buffers.filter(({ byteLength }) => byteLength >= LEAST_FREED));
}

/** The program without the data of its constants, but for those that are to be kept. */
export function withoutData(program: Program, kept: ReadonlySet<number> = new Set()): Program {
  const tensors = program.tensors.map(({ data, ...tensor }, index) =>
    kept.has(index) ? { ...tensor, data } : tensor,
  );
  return { ...program, tensors };
}

/** The same, with copies of those that are to be kept; the memory of all is freed. */
export function releaseProgram(program: Program, kept: ReadonlySet<number>): Program {
  const { tensors, ...rest } = withoutData(program, kept);
  const released = {
    ...rest,
    tensors: tensors.map(({ data, ...tensor }) =>
      data === undefined ? tensor : { ...tensor, data: data.slice() },
    ),
  };
  freeConstants(program);
  return released;
}
