/**
 * The ladder of designs for the innermost loop of int8 and int16 products, the rejected ones too: `node bench/ladder.mjs [filter]`. Every
 * rung multiplies the same 240 x 240 matrices to sums of 32 bits and is checked against plain sums. bench/ladder.md keeps the figures.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { median } from '../dist/jobs/bench/rows.js';
import { createStream } from '../dist/jobs/bench/stream.js';
import { root } from './shared-data.mjs';

/** A multiple of every tile. */
const SIZE = 240;
const ROUNDS = 15;
const range = (count) => Array.from({ length: count }, (_, index) => index);

/** Loops over tiles of `rows` x `columns` sums; panels of A and B follow one another, C is row by row. */
function tiles(name, rows, columns, body) {
  return `export function ${name}(a0: usize, b0: usize, c0: usize, K: i32, N: i32): void {
  const row: usize = <usize>N << 2;
  for (let n = 0; n < N; n += ${columns}) {
    for (let m = 0; m < N; m += ${rows}) {
      let a = a0 + <usize>(m * K * 2);
      let b = b0 + <usize>(n * K * 2);
      let c = c0 + <usize>m * row + (<usize>n << 2);
${body}
    }
  }
}`;
}

const each = (rows, vectors, write) =>
  range(rows)
    .flatMap((i) => range(vectors).map((j) => write(i, j)))
    .join('\n');

/** Pairs of i16 along K: a splat of A against vectors of B. `pairs` of them per turn. */
function pairTile(name, rows, columns, pairs, product) {
  const vectors = columns / 4;
  const turn = range(pairs).flatMap((pair) => [
    ...range(vectors).map((j) => `const b${pair}_${j} = v128.load(b, ${(pair * columns + j * 4) * 4});`),
    ...range(rows).flatMap((i) => [
      `const a${pair}_${i} = v128.load32_splat(a, ${(pair * rows + i) * 4});`,
      ...range(vectors).map(
        (j) => `c${i}_${j} = ${product(`c${i}_${j}`, `a${pair}_${i}`, `b${pair}_${j}`)};`,
      ),
    ]),
  ]);
  const body = `${each(rows, vectors, (i, j) => `let c${i}_${j} = i32x4.splat(0);`)}
for (let k = 0; k < K; k += ${2 * pairs}) {
${turn.join('\n')}
a += ${pairs * rows * 4}; b += ${pairs * columns * 4};
}
${each(rows, vectors, (i, j) => `v128.store(c + row * ${i}, c${i}_${j}, ${j * 16});`)}`;
  return { source: tiles(name, rows, columns, body), rows, columns, run: 2 };
}

/** Eight of K in the lanes of both operands, a horizontal sum at the end. */
function horizontalTile(name, rows, columns) {
  const turn = [
    ...range(rows).map((i) => `const x${i} = v128.load(a, ${i * 16});`),
    ...range(columns).flatMap((j) => [
      `const y${j} = v128.load(b, ${j * 16});`,
      ...range(rows).map((i) => `c${i}_${j} = i32x4.add(c${i}_${j}, i32x4.dot_i16x8_s(x${i}, y${j}));`),
    ]),
  ];
  const body = `${each(rows, columns, (i, j) => `let c${i}_${j} = i32x4.splat(0);`)}
for (let k = 0; k < K; k += 8) {
${turn.join('\n')}
a += ${rows * 16}; b += ${columns * 16};
}
${each(rows, columns, (i, j) => `store<i32>(c + row * ${i}, sum(c${i}_${j}), ${j * 4});`)}`;
  return { source: tiles(name, rows, columns, body), rows, columns, run: 8 };
}

const dot = (sum, x, y) => `i32x4.add(${sum}, i32x4.dot_i16x8_s(${x}, ${y}))`;
const extended = (sum, x, y) =>
  `i32x4.add(${sum}, i32x4.add(i32x4.extmul_low_i16x8_s(${x}, ${y}), i32x4.extmul_high_i16x8_s(${x}, ${y})))`;

const scalar = `let sum = 0;
for (let k = 0; k < K; k++) { sum += <i32>load<i16>(a) * <i32>load<i16>(b); a += 2; b += 2; }
store<i32>(c, sum);`;

/** What each rung is, from the plainest up; `exact` is false where lanes are summed in another order, for its speed alone. */
const ladder = [
  ['scalar', 'one sum at a time', { source: tiles('scalar', 1, 1, scalar), rows: 1, columns: 1, run: 1 }],
  ['extended', '4 x 8, extended products', { ...pairTile('extended', 4, 8, 1, extended), exact: false }],
  ['horizontal', '4 x 2, lanes along K, horizontal sums', horizontalTile('horizontal', 4, 2)],
  ['unrolled', '4 x 8, four pairs per turn', pairTile('unrolled', 4, 8, 4, dot)],
  ['tile3x12', '3 x 12, one pair per turn', pairTile('tile3x12', 3, 12, 1, dot)],
  ['tile2x8', '2 x 8, one pair per turn', pairTile('tile2x8', 2, 8, 1, dot)],
  ['tile4x16', '4 x 16, one pair per turn', pairTile('tile4x16', 4, 16, 1, dot)],
  ['tile4x8', '4 x 8, one pair per turn', pairTile('tile4x8', 4, 8, 1, dot)],
  ['tile2x16', '2 x 16, one pair per turn', pairTile('tile2x16', 2, 16, 1, dot)],
];

const horizontalSum = `@inline function sum(v: v128): i32 {
  return i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3);
}`;

function compile() {
  mkdirSync(`${root}/build`, { recursive: true });
  const sources = ladder.map(([, , { source }]) => source);
  writeFileSync(`${root}/build/ladder.ts`, [horizontalSum, ...sources].join('\n'));
  const options = [
    '--enable',
    'simd',
    '--runtime',
    'stub',
    '--initialMemory',
    '64',
    '--noAssert',
    '-O3',
    '--config',
    'none',
  ];
  const words = ['build/ladder.ts', '-o', 'build/ladder.wasm', ...options];
  execFileSync(`${root}/node_modules/.bin/asc`, words, { cwd: root });
  return new WebAssembly.Instance(new WebAssembly.Module(readFileSync(`${root}/build/ladder.wasm`))).exports;
}

/** Panels of `rows` rows: [rows of panel][K / run][row][run]. */
function pack(matrix, rows, run, depth, target) {
  let place = 0;
  for (let panel = 0; panel < SIZE; panel += rows)
    for (let k = 0; k < depth; k += run)
      for (let row = panel; row < panel + rows; row++)
        for (let i = k; i < k + run; i++) target[place++] = matrix[row * depth + i];
}

const element = (index) => ((Math.imul(index + 1, 2654435761) >>> 24) & 255) - 128;
const a = Int16Array.from({ length: SIZE * SIZE }, (_, index) => element(index));
const b = Int16Array.from({ length: SIZE * SIZE }, (_, index) => element(index + 77777));

function expected(m, n) {
  let sum = 0;
  for (let k = 0; k < SIZE; k++) sum += a[m * SIZE + k] * b[n * SIZE + k];
  return sum;
}

const exports = compile();
const stream = createStream('integers');
const macs = SIZE ** 3;
const ROOM = 2 ** 19;
const [left, right, sums] = [1, 2, 3].map((part) => part * ROOM);
const { buffer } = exports.memory;
const chosen = ladder.filter(([name, title]) => new RegExp(process.argv[2] ?? '').test(`${name} ${title}`));
console.log(
  `Node ${process.version}\n\n| design | GMAC/s, median | best | % of the dot stream |\n| --- | --- | --- | --- |`,
);
for (const [name, title, { rows, columns, run, exact = true }] of chosen) {
  pack(a, rows, run, SIZE, new Int16Array(buffer, left, ROOM / 2));
  pack(b, columns, run, SIZE, new Int16Array(buffer, right, ROOM / 2));
  const once = () => exports[name](left, right, sums, SIZE, SIZE);
  const turns = name === 'scalar' ? 1 : 4;
  const until = performance.now() + 300;
  while (performance.now() < until) once();
  const speeds = [];
  const shares = [];
  for (let round = 0; round < ROUNDS; round++) {
    const time = (work) => {
      const start = performance.now();
      work();
      return (macs * turns) / (performance.now() - start) / 1e6;
    };
    const yardstick = time(() => stream(macs * turns));
    const speed = time(() => {
      for (let i = 0; i < turns; i++) once();
    });
    speeds.push(speed);
    shares.push((100 * speed) / yardstick);
  }
  const results = new Int32Array(buffer, sums, SIZE * SIZE);
  for (let i = 0; exact && i < SIZE * SIZE; i += 7)
    if (results[i] !== expected(Math.floor(i / SIZE), i % SIZE))
      throw new Error(`${name}: element ${i} is wrong`);
  const figures = [median(speeds), Math.max(...speeds)].map((value) => value.toFixed(1));
  console.log(`| ${title} | ${figures.join(' | ')} | ${median(shares).toFixed(0)} |`);
}
