import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ProgramError } from '#src/errors.js';
import { createOracle } from '#src/execute/oracle/oracle.js';
import { parseProgram } from '#src/program/parse.js';
import { printProgram } from '#src/program/print.js';

const text = `program "two layers"
metadata producer = "a \\"test\\""
x = input fixed(8,4) [1,2]
w = constant fixed(8,3) [2,2] = 3 -5 1 1
a = gemm x w scaling=shift(3,halfEven) overflow=saturate accumulator=32 accumulatorOverflow=wrap -> fixed(8,4) [1,2] for MatMul "fc 1"
b = dequantize a -> f32 [1,2] as end
output b codes=a port=result
`;

test('a program in canonical form prints as it stands', () => {
  expect(printProgram(parseProgram(text))).toBe(text);
});

test('the parsed program has the parts that the text names', () => {
  const program = parseProgram(text);
  expect(program.name).toBe('two layers');
  expect(program.metadata).toEqual({ producer: 'a "test"' });
  expect(program.tensors[1].data).toEqual(Int8Array.of(3, -5, 1, 1));
  expect(program.instructions.map(({ name, node, operator }) => [name, node, operator])).toEqual([
    ['fc 1', 'fc 1', 'MatMul'],
    ['end', '', ''],
  ]);
  expect(program.outputs).toEqual([{ name: 'result', tensor: 3, codes: 2 }]);
});

test('what is float32 beside codes is marked, as a comment', () => {
  const tail = `${text}c = softmax b axis=1 -> f32 [1,2] for Softmax tail`;
  const printed = printProgram(parseProgram(tail.replace('output b codes=a port=result\n', '')));
  const marked = printed.split('\n').filter((line) => line.endsWith('# float island'));
  expect(marked).toEqual(['c = softmax b axis=1 -> f32 [1,2] for Softmax tail   # float island']);
  expect(printProgram(parseProgram(printed))).toBe(printed);
});

test('comments and spaces do not matter', () => {
  const loose = text.replace('x = input', '  x   =  input').replaceAll('\n', '  # "why"\r\n');
  expect(parseProgram(loose)).toStrictEqual(parseProgram(text));
});

test.each([
  ['x w', 'x v', /line 5: tensor: .*a tensor of a line above, got v/],
  ['gemm', 'gem', /line 5: instruction: .*quantize \| .*, got gem/],
  ['halfEven', 'nearest', /line 5: scaling: .*shift\(shift,rounding\) \| .*, got shift\(3,nearest\)/],
  ['scaling=shift(3,halfEven) ', '', /line 5: scaling: .*expected scaling=shift/],
  ['w scaling', 'w overflow=trap scaling', /line 5: overflow: .*one value/],
  ['w scaling', 'w speed=9 scaling', /line 5: speed: .*no such attribute/],
  ['shift(3,', 'shift(three,', /line 5: scaling: .*got shift\(three,halfEven\)/],
  ['-> fixed(8,4) [1,2] for', 'for', /line 5: gemm: .*-> FORMAT SHAPE/],
  ['fixed(8,4) [1,2] for', 'fixed(8) [1,2] for', /line 5: .*fixed\(8\)/],
  ['fixed(8,4) [1,2] for', 'fixed(8,4) 1x2 for', /line 5: shape: .*1x2/],
  ['for MatMul "fc 1"', 'for MatMul', /line 5: for: /],
  ['as end', 'as end end', /line 6: line: .*its end, got end/],
  ['3 -5 1 1', '3 -5 1', /line 4: constant: .*4 elements, got 3/],
  ['3 -5 1 1', '3 -5 1 128', /line 4: element: .*a code of 8 bits, got 128/],
  ['3 -5 1 1', '3 -5 1 1.5', /line 4: element: .*INTEGER, got 1.5/],
  ['a = gemm', 'x = gemm', /line 5: tensor: .*a name that is not taken, got x/],
  ['a = gemm', '"a = gemm', /line 5: /],
  ['output b', 'outputs b', /line 7: line: /],
  ['codes=a', 'codes=c', /line 7: tensor: /],
])('%s -> %s is refused with its line', (from, to, error) => {
  expect(() => parseProgram(text.replace(from, to), 'it')).toThrow(ProgramError);
  expect(() => parseProgram(text.replace(from, to), 'it')).toThrow(error);
});

describe('large constants', () => {
  const elements = Int8Array.from({ length: 65 }, (_, index) => index);
  const program = parseProgram(`
    x = input fixed(8,4) [65]
    c = constant fixed(8,4) [65] = ${elements.join(' ')}
    y = add x c scaling=shift(0,floor) overflow=saturate -> fixed(8,4) [65]
    output y
  `);
  const printed = printProgram(program);

  test('are printed as count and SHA-256 of their bytes', () => {
    // printf of the bytes 0..64 | sha256sum
    const digest = '4bfd2c8b6f1eec7a2afeb48b934ee4b2694182027e6d0fc075074f2fabb31781';
    expect(printed).toContain(`c = constant fixed(8,4) [65] = data 65 sha256:${digest}\n`);
  });

  test('are refused without their elements, or with others', () => {
    expect(() => parseProgram(printed)).toThrow(/constant "c": .*only their digest/);
    const others = new Map([['c', elements.with(3, 9)]]);
    expect(() => parseProgram(printed, 'it', { constants: others })).toThrow(/other elements/);
  });

  test('are taken from the options', () => {
    expect(parseProgram(printed, 'it', { constants: new Map([['c', elements]]) })).toStrictEqual(program);
  });
});

test('the example of docs/program.md is canonical and computes what it says', () => {
  const page = readFileSync(new URL('../../docs/program.md', import.meta.url), 'utf8');
  const [, example] = /```program\n([\s\S]*?)```/.exec(page)!;
  const program = parseProgram(example);
  const canonical = printProgram(program);
  const bare = example.replace(/ +#.*$/gm, '');
  expect(canonical).toBe(bare);
  // 4*3 = 12, 12/8 = 1.5 ties to even 2; 4*-5 = -20, -20/8 = -2.5 ties to even -2, which the clamp raises to 0.
  const [codes] = createOracle(program).run([Float32Array.of(0.25, 0)]);
  expect(Array.from(codes, Number)).toEqual([2, 0]);
});
