import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '#src/errors.js';
import type { Elements, Executor } from '#src/execute/executor.js';
import { differenceText, lockstep } from '#src/execute/lockstep.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { parseProgram } from '#src/program/parse.js';
import type { Program } from '#src/program/program.js';
import { arbitraryRun } from '../program/arbitrary.js';

const program = parseProgram(`
  x = input f32 [2,3]
  q = quantize x round=floor overflow=saturate -> fixed(8,[1,2,3],zeroPoint=5,axis=1) [2,3]
  d = dequantize q -> f32 [2,3]
  y = clamp d clamp=[-100,100] -> f32 [2,3]
  output y
`);
const inputs = [Float32Array.of(0, 1, 2, 3, 4, 5)];

/** The oracle, but `change` may edit the output of an instruction as an observer sees it. */
function edited(program: Program, change: (instruction: number, elements: Elements) => void): Executor {
  const oracle = createOracle(program);
  return {
    name: 'edited',
    program,
    run: (inputs, observe) =>
      oracle.run(inputs, (index, tensors) =>
        observe?.(index, {
          ...tensors,
          read(tensor) {
            const elements = tensors.read(tensor);
            change(index, elements);
            return elements;
          },
        }),
      ),
  };
}

test('two executors that agree have no difference', () => {
  expect(lockstep(createOracle(program), createOracle(program), inputs)).toBeUndefined();
});

test('the first instruction and element that differ are named, with codes and real values of both sides', () => {
  const right = edited(program, (index, elements) => {
    if (index === 0) {
      elements[4] = 7;
      elements[5] = 8;
    }
    if (index > 0) elements[0] = 99;
  });
  const difference = lockstep(createOracle(program), right, inputs)!;
  expect(difference).toEqual({
    instruction: 0,
    text: 'q = quantize x round=floor overflow=saturate -> fixed(8,[1,2,3],zeroPoint=5,axis=1) [2,3]',
    tensor: 'q',
    coordinates: [1, 1],
    // x = 4 at 2 fraction bits and zero point 5: code 4 * 4 + 5 = 21; code 7 is (7 - 5) / 4 = 0.5.
    left: { executor: 'oracle', code: 21, value: 4 },
    right: { executor: 'edited', code: 7, value: 0.5 },
    differing: 2,
    elements: 6,
  });
  expect(differenceText(difference)).toBe(
    [
      'instruction 0 differs: q = quantize x round=floor overflow=saturate -> fixed(8,[1,2,3],zeroPoint=5,axis=1) [2,3]',
      'first at "q" [1, 1]; 2 of 6 elements differ',
      '  oracle: code 21, value 4',
      '  edited: code 7, value 0.5',
    ].join('\n'),
  );
});

describe('float32 elements', () => {
  const set = (value: number) =>
    edited(program, (index, elements) => {
      if (index === 1) elements[0] = value;
    });

  test('zeros of different sign differ', () => {
    const difference = lockstep(set(0), set(-0), inputs)!;
    expect(difference).toMatchObject({ instruction: 1, coordinates: [0, 0], differing: 1 });
    expect(differenceText(difference)).toMatch(/edited: value 0\n {2}edited: value -0$/);
  });

  test('NaNs of different bits are the same', () => {
    const withBits = (bits: number) =>
      edited(program, (index, elements) => {
        if (index === 1) new Uint32Array(elements.buffer)[0] = bits;
      });
    expect(lockstep(withBits(0x7fc00000), withBits(0xffc00001 | 0), inputs)).toBeUndefined();
  });

  test('neighbouring numbers differ', () => {
    expect(lockstep(set(1), set(1 + 2 ** -23), inputs)).toMatchObject({ differing: 1 });
  });
});

test('a failure after the difference does not hide it, one before it is thrown', () => {
  const failing = (at: number): Executor =>
    edited(program, (index, elements) => {
      if (index === 0 && at > 0) elements[0] = 1;
      if (index === at) throw new Error('trap');
    });
  const left = createOracle(program);
  expect(lockstep(left, { ...left, run: runThenFail(failing(9)) }, inputs)).toMatchObject({ instruction: 0 });
  expect(() => lockstep(left, failing(0), inputs)).toThrow('trap');
});

function runThenFail(executor: Executor): Executor['run'] {
  return (inputs, observe) => {
    executor.run(inputs, observe);
    throw new Error('trap');
  };
}

test('different programs are refused', () => {
  const other = createOracle(structuredClone(program));
  expect(() => lockstep(createOracle(program), other, inputs)).toThrow(UsageError);
});

test('an executor agrees with itself on random programs', () => {
  fc.assert(
    fc.property(arbitraryRun({ unusual: true }), ({ program, inputs }) => {
      expect(lockstep(createOracle(program), createOracle(program), inputs)).toBeUndefined();
    }),
  );
});

test('any change to any element of random programs is found', () => {
  fc.assert(
    fc.property(arbitraryRun(), fc.nat(), fc.nat(), ({ program, inputs }, which, where) => {
      const instruction = which % program.instructions.length;
      let element = 0;
      const right = edited(program, (index, elements) => {
        if (index !== instruction) return;
        element = where % elements.length;
        elements[element] = elements[element] === 0 ? 1 : 0;
      });
      const difference = lockstep(createOracle(program), right, inputs)!;
      expect(difference.instruction).toBe(instruction);
      const { shape } = program.tensors[program.instructions[instruction].output];
      const index = difference.coordinates.reduce((sum, position, axis) => sum * shape[axis] + position, 0);
      expect(index).toBe(element);
    }),
  );
});
