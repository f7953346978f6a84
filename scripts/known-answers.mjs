/**
 * Draws small programs from the families of the tests until every kernel has run in several, and records what the kernels are called
 * with and what they must give: dist/execute/wasm/known-answers.bin. Outputs are those of the oracle. What packs weights and what counts
 * gives no output of a program: its bytes are those that were here when the outputs were right.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { runnerImport } from 'vite';
import { createOracle } from '../dist/execute/oracle/oracle.js';
import { reserveArena } from '../dist/execute/wasm/arenas.js';
import { COUNTER_BYTES } from '../dist/execute/wasm/counters.js';
import { encodeAnswers } from '../dist/execute/wasm/known-answers.js';
import { planProgram, prepareProgram } from '../dist/execute/wasm/prepare.js';
import { elementBytes } from '../dist/execute/wasm/prepared.js';
import { accessTensors } from '../dist/execute/wasm/tensor-access.js';
import { compileVariant, instantiate, kernelsOf, VARIANTS } from '../dist/execute/wasm/variants.js';
import { createMemory } from '../dist/execute/wasm/webassembly.js';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Answers per kernel of so many bytes at most, as far as the programs give them; else one of any size. */
const rules = [
  { enough: 3, most: 2 ** 12 },
  { enough: 1, most: 2 ** 18 },
];
/** Memory that an answer may take. */
const MOST_BYTES = 2 ** 20;
const DRAWS = 250;

/** Programs of one instruction with their inputs: codes at the ends of their ranges, sizes of every remainder. */
async function drawCases() {
  const load = async (name) => (await runnerImport(`${root}/test/execute/${name}.ts`)).module;
  const names = ['product', 'other', 'movement', 'arithmetic', 'wide'].map((name) => `wasm-${name}-cases`);
  const modules = await Promise.all(names.map(load));
  const draw = ({ families }) =>
    Object.values(families).flatMap((cases) => fc.sample(cases, { seed: 1, numRuns: DRAWS }));
  return { layers: (await load('known-layers')).layers, drawn: modules.flatMap(draw) };
}

/** Notes the calls of kernels that pack weights, which run while a program is prepared. */
function watchPacking(packing, onCall) {
  const { Instance } = WebAssembly;
  WebAssembly.Instance = function watched(module, imports) {
    const { exports } = new Instance(module, imports);
    const wrap = (name, call) =>
      packing.has(name)
        ? (...args) => {
            const memory = new Uint8Array(imports.env.memory.buffer);
            const before = memory.slice();
            const result = call(...args);
            onCall(name, args, before, memory);
            return result;
          }
        : call;
    const wrapped = Object.fromEntries(
      Object.entries(exports).map(([name, call]) => [name, wrap(name, call)]),
    );
    return { exports: wrapped };
  };
  return () => {
    WebAssembly.Instance = Instance;
  };
}

/** Runs of bytes that are not zero, with what little lies between them. */
function segmentsOf(bytes) {
  const segments = [];
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] === 0) continue;
    const last = segments.at(-1);
    if (last && i - last.end < 16) last.end = i + 1;
    else segments.push({ start: i, end: i + 1 });
  }
  return segments.map(({ start, end }) => ({ address: start, bytes: bytes.slice(start, end) }));
}

/** The segment from the first byte that differs to the last. */
function difference(before, after) {
  let start = 0;
  while (start < after.length && before[start] === after[start]) start++;
  let end = after.length;
  while (end > start && before[end - 1] === after[end - 1]) end--;
  return start === end ? [] : [{ address: start, bytes: after.slice(start, end) }];
}

const answers = [];
const counts = new Map();
let rule = rules[0];
const isWanted = (kernel) => (counts.get(kernel) ?? 0) < rule.enough;

function keep(answer) {
  const bytes = [...answer.before, ...answer.after].reduce((sum, segment) => sum + segment.bytes.length, 0);
  if (bytes > rule.most) return;
  answers.push(answer);
  for (const kernel of new Set(answer.calls.map((call) => call.kernel)))
    counts.set(kernel, (counts.get(kernel) ?? 0) + 1);
}

/** Keeps the answer of a program that runs a kernel which has too few yet, where no overflow traps. */
function record({ program, inputs }, kernels, counters) {
  const { steps } = planProgram(program, kernels.variant, { counters }).prepared;
  if (!steps.some(({ kernel }) => isWanted(kernel))) return;
  const memory = createMemory();
  const prepared = prepareProgram(program, memory, { kernels, counters });
  const arena = reserveArena(prepared, memory, 0, program.name);
  const end = arena + prepared.arenaBytes;
  if (end > MOST_BYTES) return;
  let expected;
  try {
    expected = createOracle(program).run(inputs);
  } catch {
    return;
  }
  const tensors = accessTensors(program, prepared, memory, arena);
  tensors.start(inputs);
  const all = new Uint8Array(memory.buffer, 0, end);
  const before = segmentsOf(all);
  const functions = instantiate(kernels, memory);
  const calls = prepared.steps.map(({ kernel, args, arena: relative }) => {
    return { kernel, args: args.map((arg, index) => ((relative >> index) & 1 ? arg + arena : arg)) };
  });
  for (const { kernel, args } of calls) functions[kernel](...args);
  const [{ tensor }] = program.outputs;
  const got = tensors.read(tensor);
  // The bits of what is not a number are those of the machine.
  if (got.some(Number.isNaN)) return;
  if (got.some((element, index) => !Object.is(element, expected[0][index])))
    throw new Error(`${program.instructions[0].op}: not what the oracle gives`);
  const { offset, length, kind, constant } = prepared.tensors[tensor];
  const places = [[offset + (constant ? 0 : arena), length * elementBytes(kind)]];
  for (const counter of prepared.counters)
    if (counter !== null) places.push([arena + counter, COUNTER_BYTES]);
  const after = places.map(([address, size]) => ({ address, bytes: all.slice(address, address + size) }));
  keep({ size: end, before, calls, after });
}

const { layers, drawn } = await drawCases();
for (const variant of VARIANTS) {
  const kernels = compileVariant(variant, true);
  const packing = new Set([...kernelsOf(variant)].filter((name) => /^(pack|winogradWeights)/.test(name)));
  const stop = watchPacking(packing, (kernel, args, before, after) => {
    const changed = difference(before, after);
    if (before.length <= MOST_BYTES && changed.length > 0 && isWanted(kernel))
      keep({ size: before.length, before: segmentsOf(before), calls: [{ kernel, args }], after: changed });
  });
  for (const each of rules) {
    rule = each;
    for (const one of variant === 'simd' ? [...layers, ...drawn] : layers)
      for (const counters of [false, true]) record(one, kernels, counters);
  }
  stop();
}
/** What only sessions of calibration and validation ask for; no program runs it. */
const others = new Set(['observe_f32_f64', 'compare_i16_f32', 'compare_i32_f32', 'compare_f32_f32']);
const missing = VARIANTS.flatMap((variant) => [...kernelsOf(variant)]).filter(
  (kernel) => !counts.has(kernel) && !others.has(kernel),
);
if (missing.length > 0) throw new Error(`no program runs ${[...new Set(missing)].join(', ')}`);
writeFileSync(`${root}/dist/execute/wasm/known-answers.bin`, encodeAnswers(answers));
