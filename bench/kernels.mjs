/**
 * Single layers on one thread, rounding included, against the stream of the moment: `node bench/kernels.mjs [filter]`.
 * Medians over interleaved rounds; "share" is the median of the layer's speed over the stream's, measured on both sides of it.
 */
import { createMemory } from '../dist/execute/wasm/executor.js';
import { prepareProgram, reserveArena } from '../dist/execute/wasm/prepare.js';
import { loadKernels } from '../dist/execute/wasm/select-variant.js';
import { instantiate } from '../dist/execute/wasm/variants.js';
import { layer } from './layers.mjs';
import { compileStreams, median } from './stream.mjs';

const rows = [
  ...['int8', 'int16x8', 'int16', 'float'].flatMap((kind) => [
    ['3x3', 56, 64, 64, 3, 1, kind],
    ['3x3', 28, 128, 128, 3, 1, kind],
    ['3x3', 14, 256, 256, 3, 1, kind],
    ['3x3', 7, 512, 512, 3, 1, kind],
    ['1x1', 56, 64, 256, 1, 1, kind],
    ['1x1', 56, 256, 64, 1, 1, kind],
    ['1x1', 14, 1024, 256, 1, 1, kind],
    ['1x1', 7, 2048, 512, 1, 1, kind],
    ['first 7x7/2', 224, 3, 64, 7, 2, kind],
    ['first 3x3/2', 224, 3, 32, 3, 2, kind],
    ['fully connected', 1, 2048, 1000, 1, 1, kind],
    ['depthwise', 112, 32, 32, 3, 1, kind, true],
    ['depthwise/2', 112, 96, 96, 3, 2, kind, true],
    ['depthwise', 56, 144, 144, 3, 1, kind, true],
    ['depthwise', 14, 384, 384, 3, 1, kind, true],
    ['depthwise', 7, 960, 960, 3, 1, kind, true],
  ]),
];

function bind({ program, macs }) {
  const memory = createMemory();
  const prepared = prepareProgram(program, memory);
  const arena = reserveArena(prepared, memory, 0, 'bench');
  const functions = instantiate(loadKernels(), memory);
  const { offset, length, kind } = prepared.tensors[program.inputs[0].tensor];
  const input = new (kind === 'i16' ? Int16Array : Float32Array)(memory.buffer, arena + offset, length);
  for (let i = 0; i < length; i++) input[i] = ((i * 2654435761) >>> 24) - 128;
  const calls = prepared.steps.map(({ kernel, args, arena: mask }) => [
    functions[kernel],
    args.map((arg, index) => ((mask >> index) & 1 ? arg + arena : arg)),
  ]);
  const run = () => {
    for (const [call, args] of calls) call(...args);
  };
  return { run, macs };
}

const streams = compileStreams();
const filter = new RegExp(process.argv[2] ?? '');
console.log('layer'.padEnd(40), 'GMAC/s median  best   share of the stream');
for (const [name, size, channels, outputs, kernel, stride, kind, depthwise] of rows) {
  const title = `${kind} ${name} ${size}x${size}x${channels} -> ${outputs}`;
  if (!filter.test(title)) continue;
  const { run, macs } = bind(layer({ size, channels, outputs, kernel, stride, kind, depthwise }));
  const stream = kind === 'float' ? streams.floats : streams.integers;
  const turns = Math.max(1, Math.round(8e7 / macs));
  for (let i = 0; i < 3 * turns; i++) run();
  await new Promise((resolve) => setTimeout(resolve, 20));
  const speeds = [];
  const shares = [];
  for (let round = 0; round < 11; round++) {
    const before = stream();
    const start = performance.now();
    for (let i = 0; i < turns; i++) run();
    const speed = (macs * turns) / (performance.now() - start) / 1e6;
    speeds.push(speed);
    shares.push(speed / ((before + stream()) / 2));
  }
  const cells = [median(speeds), Math.max(...speeds)].map((speed) => speed.toFixed(1).padStart(7));
  console.log(title.padEnd(40), ...cells, `${(100 * median(shares)).toFixed(0).padStart(12)} %`);
}
