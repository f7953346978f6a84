import { describe, expect, test } from 'vitest';
import { ProgramError } from '#src/errors.js';
import { parseProgram } from '#src/program/parse.js';
import type { Program } from '#src/program/program.js';
import { verifyProgram } from '#src/program/verify.js';

const round = 'overflow=saturate';
const register = 'accumulator=32 accumulatorOverflow=wrap';
const codes = `
x = input fixed(8,4) [1,3,3,2]
v = input fixed(8,4) [1,2]
`;
const averages = '1:multiplier(4,2,floor),2:multiplier(2,2,floor),4:multiplier(1,2,floor)';
const weights = 'w = constant fixed(8,[3,4],axis=0) [2,1,1,2] = 1 2 3 4';
const matrix = 'w = constant fixed(8,3) [3,2] = 1 2 3 4 5 6';
const floats = 'f = input f32 [1,3,3,2]';

/** Each legal as it stands; changes to it, and what is said about them (null: they are legal too). */
const cases: readonly [text: string, ...changes: [from: string, to: string, error: RegExp | null][]][] = [
  [
    `${codes}${weights}
     b = constant fixed(32,[7,8],axis=0) [2] = 5 -6
     y = convolution x w b kernel=[1,1] scaling=shift([3,4],halfEven) ${round} ${register} -> fixed(8,4) [1,3,3,2]`,
    [
      'scaling=shift([3,4],halfEven)',
      'scaling=shift([3,3],halfEven)',
      /shift of channel 1 does not fit the formats, expected 4, got 3/,
    ],
    ['scaling=shift([3,4],halfEven)', 'scaling=shift(3,halfEven)', /shift of channel 1/],
    ['scaling=shift([3,4],halfEven)', 'scaling=shift([3,4,5],halfEven)', /shift has a wrong length/],
    ['fixed(32,[7,8]', 'fixed(32,[7,7]', /bias does not stand at the accumulator, expected 8 fraction bits/],
    ['[2] = 5 -6', '[2] = 5 2147483648', /code of 32 bits/],
    ['x = input fixed(8,4)', 'x = input fixed(8,4,zeroPoint=1)', null],
    ['fixed(32,[7,8],axis=0)', 'fixed(32,[7,8],zeroPoint=1,axis=0)', /"b": has a zero point/],
    ['x = input fixed(8,4) [1,3,3,2]', 'x = input fixed(8,[4,4,4],axis=2) [1,3,3,2]', /scales along axis 3/],
    ['x = input fixed(8,4)', 'x = input f32', /"x" holds float32/],
    ['x = input fixed(8,4) [1,3,3,2]', 'x = input fixed(8,4) [3,3,2]', /input has a wrong rank/],
    ['kernel=[1,1]', 'kernel=[1,2]', /wrong shape, expected 2 windows along axis 2/],
    ['kernel=[1,1]', 'kernel=[1,1] pads=[1,0,0,0]', /4 windows along axis 1/],
    ['kernel=[1,1]', 'kernel=[1,1] strides=[0,1]', /strides is out of range/],
    ['kernel=[1,1]', 'kernel=[1,1] groups=2', /weights has a wrong shape/],
    ['kernel=[1,1]', 'kernel=[1,1] groups=3', /groups do not divide/],
    ['accumulator=32', 'accumulator=65', /accumulator is out of range, expected an integer from 8 to 64/],
    ['accumulator=32', 'order=[row,column] accumulator=32', /order is not a loop nest/],
    ['accumulator=32', 'order=[inputLane,row,column,inputBlock] accumulator=32', null],
    [`scaling=shift([3,4],halfEven) ${round} ${register}`, '', /has no arithmetic/],
    ['w b kernel', 'x b kernel', /weights has a wrong shape/],
    ['fixed(8,4) [1,3,3,2]\nv', 'fixed(33,4) [1,3,3,2]\nv', /illegal width/],
    ['fixed(8,4) [1,3,3,2]\nv', 'ufixed(17,4) [1,3,3,2]\nv', /illegal width/],
    ['fixed(8,4) [1,3,3,2]\nv', 'fixed(17,4,zeroPoint=1) [1,3,3,2]\nv', /has a zero point/],
    ['fixed(8,4) [1,3,3,2]\nv', 'fixed(17,4) [1,3,3,2]\nv', /"x" is too wide, expected 2 to 16 bits/],
  ],
  [
    `${codes}${matrix}
     y = gemm v w scaling=shift(3,halfEven) ${round} ${register} clamp=[0,127] -> fixed(8,4) [1,3]`,
    ['clamp=[0,127]', 'clamp=[0,128]', /clamp is out of range/],
    ['clamp=[0,127]', 'clamp=[5,4]', /clamp is empty/],
    ['clamp=[0,127]', 'clamp=[0,1.5]', /clamp is out of range/],
    ['-> fixed(8,4) [1,3]', '-> fixed(8,4) [1,2]', /output has a wrong shape, expected \[1,3\], got \[1,2\]/],
    ['-> fixed(8,4)', '-> fixed(8,5)', /expected 2, got 3/],
    ['gemm v w', 'gemm v', /number of operands, expected 2 to 3, got 1/],
    ['overflow=saturate accumulator', 'overflow=wrap accumulator', null],
    ['-> fixed(8,4)', '-> fixed(8,4,narrow)', null],
  ],
  [
    `${codes}
     y = add x x shifts=[1,1] scaling=shift(2,halfEven) ${round} -> fixed(8,3) [1,3,3,2]`,
    ['shifts=[1,1]', 'shifts=[1,0]', /shifts do not align the operands/],
    ['shifts=[1,1]', 'shifts=[-1,-1]', /shifts is out of range/],
    ['scaling=shift(2,halfEven)', 'scaling=shift(1,halfEven)', /expected 2, got 1/],
    ['add x x', 'add x v', null],
    ['[1,2]\n', '[1,3]\n', null],
    [`scaling=shift(2,halfEven) ${round}`, '', /has no requantisation/],
  ],
  [
    `${codes}
     y = add x x shifts=[31,0] scalings=[shift(-12,floor),scale(1,floor)] scaling=shift(50,floor) ${round} -> fixed(8,3) [1,3,3,2]`,
    ['shift(-12,floor)', 'shift(-13,floor)', /"x" scaled is too wide, expected 52 bits, got 53/],
    ['shift(-12,floor)', 'multiplier(2147483647,20,floor)', null],
    ['shift(-12,floor)', 'multiplier(2147483647,19,floor)', /"x" scaled is too wide/],
    ['shift(-12,floor)', 'scale(4096,floor)', null],
    [
      'scale(1,floor)',
      'scale(1152921504606846976,floor)',
      /"x" scaled is too wide, expected 52 bits, got 69/,
    ],
  ],
  [
    `${codes}
     y = multiply x v scaling=shift(5,halfEven) ${round} -> fixed(8,3) [1,3,3,2]`,
    ['scaling=shift(5,halfEven)', 'scaling=shift(4,halfEven)', /expected 5, got 4/],
    ['[1,2]', '[1,3]', /operands do not broadcast/],
    ['overflow=saturate -> fixed(8,3)', 'overflow=wrap -> fixed(8,3,narrow)', /narrow format cannot wrap/],
  ],
  [
    `${codes}
     s = constant fixed(8,7) [2] = 13 26
     y = leakyRelu x s slopeShift=7 scaling=shift(7,halfEven) ${round} -> fixed(8,4) [1,3,3,2]`,
    ['slopeShift=7', 'slopeShift=6', /slopeShift does not fit the slopes, expected 7, got 6/],
    [' scaling=shift(7,halfEven)', ' scaling=shift(8,halfEven)', /expected 7, got 8/],
    ['[2] = 13 26', '[3] = 13 26 1', /slope has a wrong shape/],
  ],
  [
    `q = input fixed(2,0) [3]
     t = constant fixed(8,7) [4] = 1 2 3 4
     y = lookup q t -> fixed(8,7) [3]`,
    ['[4] = 1 2 3 4', '[3] = 1 2 3', /table has a wrong shape, expected \[4\], got \[3\]/],
    ['-> fixed(8,7)', '-> fixed(8,6)', /table has another format/],
  ],
  [
    `${codes}
     y = averagePool x kernel=[2,2] pads=[0,0,1,1] scalings=[${averages}] ${round} -> fixed(8,4) [1,3,3,2]`,
    [',2:multiplier(2,2,floor)', '', /scaling is missing, expected count 2/],
    ['2:mult', '1:mult', /two scalings have one count/],
    ['multiplier(2,', 'multiplier(2147483648,', /multiplier is out of range/],
    ['multiplier(2,2,floor)', 'division(0,floor)', /divisor is out of range/],
    [
      'multiplier(2,2,floor)',
      'scale(0.1,floor)',
      /scale is out of range, expected a float32 above 0, at most 2\^60/,
    ],
    ['multiplier(2,2,floor)', 'doubling(1073741824,[1,2])', null],
    ['multiplier(2,2,floor)', 'doubling(1073741824,[1,2,3])', /shift has a wrong length/],
    ['multiplier(2,2,floor)', 'shift(1,stochastic(4294967295))', null],
    ['pads=[0,0,1,1]', 'countIncludePad=true pads=[0,0,1,1]', null],
  ],
  [
    `${floats}
     y = averagePool f kernel=[3,3] strides=[2,2] ${round} -> f32 [1,1,1,2]`,
    ['[1,1,1,2]', '[1,1,2,2]', /wrong shape/],
    ['kernel', 'scalings=[9:shift(0,floor)] kernel', /has scalings/],
  ],
  [
    `${floats}
     y = maxPool f kernel=[2,2] strides=[2,2] -> f32 [1,2,2,2]`,
    ['[1,2,2,2]', '[1,1,2,2]', null],
    ['[1,2,2,2]', '[1,3,2,2]', /wrong shape, expected 2 windows along axis 1/],
    ['-> f32', '-> fixed(8,4)', /"f" holds float32/],
  ],
  [
    `${codes}${floats}\n y = concat f f axis=1 -> f32 [1,6,3,2]`,
    ['f f axis', 'f x axis', /"x" holds codes/],
    ['axis=1', 'axis=2', /wrong shape/],
    ['axis=1', 'axis=4', /axis is out of range/],
  ],
  [
    `${codes}\n y = concat x x axis=1 -> fixed(8,4) [1,6,3,2]`,
    ['-> fixed(8,4)', '-> fixed(8,5)', /another format, expected fixed\(8,5\)/],
  ],
  [
    `${floats}\n y = slice f starts=[0,2,0,0] steps=[1,-1,2,1] -> f32 [1,3,2,2]`,
    ['[1,3,2,2]', '[1,3,3,2]', /axis 2 is out of range/],
    ['[0,2,0,0]', '[0,1,0,0]', /axis 1 is out of range/],
    ['[1,-1,2,1]', '[1,-1,0,1]', /zero/],
    ['[0,2,0,0]', '[0,2,0]', /starts has a wrong length/],
  ],
  [
    `${codes}\n y = pad x before=[0,1,0,0] after=[0,0,2,0] value=-128 -> fixed(8,4) [1,4,5,2]`,
    ['-128', '-129', /value is out of range/],
    ['[1,4,5,2]', '[1,4,4,2]', /wrong shape/],
  ],
  [
    `${floats}\n y = transpose f permutation=[0,3,1,2] -> f32 [1,2,3,3]`,
    ['[0,3,1,2]', '[0,3,1,1]', /every axis once/],
    ['[1,2,3,3]', '[1,3,3,2]', /wrong shape/],
  ],
  [`${floats}\n y = reshape f -> f32 [18]`, ['[18]', '[19]', /another number of elements/]],
  [
    `${floats}\n y = softmax f axis=3 -> f32 [1,3,3,2]`,
    ['axis=3', 'axis=4', /axis is out of range/],
    ['softmax f', 'softmax', /wrong number of operands/],
  ],
  [
    `${floats}\n y = quantize f round=halfEven ${round} -> fixed(8,[4,5],axis=3) [1,3,3,2]`,
    ['axis=3', 'axis=2', /number of channels/],
    ['axis=3', 'axis=4', /illegal axis/],
    ['fixed(8,', 'fixed(1,', /illegal width/],
    ['f32', 'fixed(8,0)', /"f" holds codes/],
  ],
  [
    `${codes}\n y = requantize x scaling=shift(1,halfEven) ${round} -> fixed(16,3) [1,3,3,2]`,
    ['scaling=shift(1,halfEven)', 'scaling=shift(0,halfEven)', /expected 1, got 0/],
    ['fixed(16,3)', 'fixed(16,3,mantissa=3)', null],
  ],
];

describe.each(cases)('%s', (text, ...changes) => {
  const whole = `${text}\noutput y\n`;
  test('is legal', () => {
    expect(() => parseProgram(whole)).not.toThrow();
  });
  test.each(changes)('%s -> %s', (from, to, error) => {
    expect(whole).toContain(from);
    const changed = () => parseProgram(whole.replace(from, to));
    if (error === null) {
      expect(changed).not.toThrow();
      return;
    }
    expect(changed).toThrow(ProgramError);
    expect(changed).toThrow(error);
  });
});

describe('programs', () => {
  const legal: Program = parseProgram(`
    x = input f32 [2]
    c = constant f32 [2] = 1 2
    y = add x c -> f32 [2]
    z = multiply y c -> f32 [2]
    output z
  `);
  const [add, multiply] = legal.instructions;
  const edit = (changes: Partial<Program>): Program => ({ ...legal, ...changes });
  const tensor = (index: number, changes: object) =>
    edit({ tensors: legal.tensors.with(index, { ...legal.tensors[index], ...changes }) });

  test.each<[string, Program, RegExp]>([
    [
      'an instruction out of order',
      edit({ instructions: [multiply, add] }),
      /reads a tensor before it is computed, .*y/,
    ],
    ['two writers', edit({ instructions: [add, { ...multiply, output: 2 }] }), /elements already/],
    ['a write to an input', edit({ instructions: [{ ...add, output: 0 }, multiply] }), /elements already/],
    [
      'an unknown operand',
      edit({ instructions: [{ ...add, inputs: [0, 9] }, multiply] }),
      /add x \?9.* does not exist/,
    ],
    ['an unknown output', edit({ instructions: [add, { ...multiply, output: 4 }] }), /does not exist/],
    ['a tensor without a source', edit({ instructions: [add] }), /tensor "z" has no source/],
    [
      'two instructions of one name',
      edit({ instructions: [add, { ...multiply, name: add.name }] }),
      /one name/,
    ],
    ['two tensors of one name', tensor(3, { name: 'y' }), /two tensors have one name, .*"y"/],
    ['a tensor without a name', tensor(3, { name: '' }), /name of a tensor is empty/],
    ['a size of zero', tensor(0, { shape: [0] }), /tensor "x": has an illegal shape/],
    ['a fractional size', tensor(0, { shape: [1.5] }), /illegal shape/],
    ['a tensor beyond memory', tensor(0, { shape: [2 ** 20, 2 ** 20] }), /too large/],
    ['a constant that is too short', tensor(1, { data: new Float32Array(1) }), /expected 2, got 1/],
    [
      'a constant of another type',
      tensor(1, { data: new Int8Array(2) }),
      /expected Float32Array, got Int8Array/,
    ],
    [
      'an input port on a constant',
      edit({ inputs: [...legal.inputs, { name: 'c', tensor: 1 }] }),
      /is a constant/,
    ],
    ['an input port without a tensor', edit({ inputs: [{ name: 'x', tensor: 7 }] }), /has no tensor/],
    ['two outputs of one name', edit({ outputs: [...legal.outputs, ...legal.outputs] }), /two outputs/],
    ['codes that are float32', edit({ outputs: [{ name: 'z', tensor: 3, codes: 2 }] }), /no such codes/],
  ])('%s is refused', (_, program, error) => {
    expect(() => verifyProgram(program, 'it')).toThrow(ProgramError);
    expect(() => verifyProgram(program, 'it')).toThrow(error);
  });

  test('an error names the instruction and prints its text', () => {
    expect(() => verifyProgram(tensor(2, { shape: [3] }), 'it')).toThrow(
      'it instruction 0 (y = add x c -> f32 [3]): the output has a wrong shape, expected [2], got [3]',
    );
  });
});
