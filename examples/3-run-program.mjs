/** A program needs no model to run: `node examples/3-run-program.mjs`. */
import { createEngine, parseProgram } from 'dynafix';

const program = parseProgram(`
x = input fixed(8,4) [1,2]
w = constant fixed(8,3) [2,2] = 3 -5 7 1
y = gemm x w scaling=shift(3,halfEven) overflow=saturate accumulator=32 accumulatorOverflow=wrap provedBits=11 -> fixed(8,4) [1,2]
output y
`);
const engine = createEngine({ threads: 1 });
const session = engine.load(program);
const { outputs } = await session.run({ x: Int8Array.of(4, 2) });
console.log('codes', outputs[0].codes, 'values', outputs[0].values);
session.dispose();
await engine.dispose();
