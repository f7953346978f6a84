/** Products of matrices on the engine's kernels and workers. */
import type { Engine } from '../execute/wasm/engine.js';
import type { Program } from '../program/program.js';

/** Blocks of rows per thread, so that threads end at about the same time. */
const BLOCKS_PER_THREAD = 2;

/** a [rows, depth] times b [depth, columns], both in memory that threads share; sums in float32 in ascending order. */
export async function multiplyMatrices(
  engine: Engine,
  a: Float32Array<SharedArrayBuffer>,
  b: Float32Array<SharedArrayBuffer>,
  depth: number,
): Promise<Float32Array<SharedArrayBuffer>> {
  const rows = a.length / depth;
  const columns = b.length / depth;
  const block = Math.ceil(rows / (BLOCKS_PER_THREAD * engine.threads));
  const session = engine.load(matmulProgram(block, depth, columns));
  const product = sharedFloats(rows * columns);
  // The last block reaches back over the one before it, so that all have one size.
  const starts = Array.from({ length: Math.ceil(rows / block) }, (_, index) =>
    Math.min(index * block, rows - block),
  );
  try {
    await Promise.all(
      starts.map(async (start) => {
        const part = a.subarray(start * depth, (start + block) * depth);
        const { outputs } = await session.run([part, b]);
        product.set(outputs[0].values, start * columns);
      }),
    );
  } finally {
    session.dispose();
  }
  return product;
}

function matmulProgram(rows: number, depth: number, columns: number): Program {
  const shapes = { a: [rows, depth], b: [depth, columns], product: [rows, columns] };
  return {
    name: 'product of matrices',
    tensors: Object.entries(shapes).map(([name, shape]) => ({ name, shape, format: null })),
    instructions: [
      { op: 'matmul', name: 'product', node: '', operator: '', inputs: [0, 1], output: 2, arithmetic: null },
    ],
    inputs: [
      { name: 'a', tensor: 0 },
      { name: 'b', tensor: 1 },
    ],
    outputs: [{ name: 'product', tensor: 2, codes: -1 }],
    metadata: {},
  };
}

/** Float32 in memory that threads share. */
export function sharedFloats(length: number): Float32Array<SharedArrayBuffer> {
  return new Float32Array(new SharedArrayBuffer(4 * length));
}
