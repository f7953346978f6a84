/** Layers that move more than they compute, each alone, beside a copy of as many bytes. */
import { writeProgram } from '../../program/file.js';
import { parseProgram } from '../../program/parse.js';
import type { Program } from '../../program/program.js';
import { elementCount } from '../../shape.js';
import type { Subject, Work, WorkGroup } from './specification.js';
import { kernelSubjects, type Settings } from './subject-lists.js';

const CODES = 'fixed(8,4)';

/** A table with the codes in descending order. */
const table = Array.from({ length: 256 }, (_, index) => 127 - index).join(' ');

/** The last line of each gives y. */
const programs: Readonly<Record<string, string>> = {
  'add 56x56x256': `x0 = input ${CODES} [1,56,56,256]
    x1 = input ${CODES} [1,56,56,256]
    y = add x0 x1 shifts=[0,0] scaling=shift(1,halfEven) overflow=saturate -> fixed(8,3) [1,56,56,256]`,
  'add 14x14x1024': `x0 = input ${CODES} [1,14,14,1024]
    x1 = input ${CODES} [1,14,14,1024]
    y = add x0 x1 shifts=[0,0] scaling=shift(1,halfEven) overflow=saturate -> fixed(8,3) [1,14,14,1024]`,
  'maximum pool 3x3/2 112x112x64': `x0 = input ${CODES} [1,112,112,64]
    y = maxPool x0 kernel=[3,3] strides=[2,2] pads=[1,1,1,1] -> ${CODES} [1,56,56,64]`,
  'average pool 8x8 8x8x2048': `x0 = input ${CODES} [1,8,8,2048]
    y = averagePool x0 kernel=[8,8] scalings=[64:shift(6,halfEven)] overflow=saturate -> ${CODES} [1,1,1,2048]`,
  'look-up 56x56x256': `x0 = input ${CODES} [1,56,56,256]
    t = constant fixed(8,3) [256] = ${table}
    y = lookup x0 t -> fixed(8,3) [1,56,56,256]`,
  'channels last 224x224x3': `x0 = input ${CODES} [1,3,224,224]
    y = transpose x0 permutation=[0,2,3,1] -> ${CODES} [1,224,224,3]`,
  'channels last 28x28x256': `x0 = input ${CODES} [1,256,28,28]
    y = transpose x0 permutation=[0,2,3,1] -> ${CODES} [1,28,28,256]`,
};

/** Works such as `layer add 56x56x256 move`, on one thread. */
export function moveGroups({ variants }: Settings): WorkGroup[] {
  return Object.entries(programs).map(([title, text]) => {
    const name = `layer ${title} move`;
    return {
      works: [name],
      async prepare(_, { scratch }): Promise<Work[]> {
        const program = parseProgram(`${text}\noutput y`);
        const file = `${scratch}/${name.replaceAll('/', ' by ')}.program`;
        writeProgram(file, program);
        const copy: Subject = {
          name: 'copy',
          spec: { kind: 'copy', bytes: movedBytes(program), threads: 1 },
        };
        return [{ name, unit: 'ms', macs: 0, subjects: [...kernelSubjects(file, variants), copy] }];
      },
    };
  });
}

/** What instructions read and write, in memory: codes of 8 bits take 16. */
function movedBytes({ instructions, tensors }: Program): number {
  const moved = instructions.flatMap(({ inputs, output }) => [...inputs, output]);
  const computed = moved.map((tensor) => tensors[tensor]).filter(({ data }) => data === undefined);
  return computed.reduce((sum, { shape }) => sum + 2 * elementCount(shape), 0);
}
