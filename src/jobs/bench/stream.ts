/** The yardstick of the machine and the moment: a stream of multiply-adds on registers, which no kernel can beat. */
import { createMemory, webAssembly } from '../../execute/wasm/webassembly.js';
import { readAsset } from '../../platform/assets.js';
import { compileIn } from '../../platform/v8-flags.js';

export type StreamKind = 'integers' | 'floats';

/** Products per turn of the loops in assembly/stream.ts. */
const products = { integers: 48 * 8, floats: 48 * 4 };

/**
 * A function that computes `count` products, rounded up to whole turns. `wide`: V8 compiles it to 256-bit operations; its flags are
 * those of the process.
 */
export function createStream(kind: StreamKind, wide = false): (count: number) => void {
  const bytes = readAsset(new URL('./stream.wasm', import.meta.url));
  const module = compileIn(wide ? ['optimised', 'revectorized'] : [], () => new webAssembly.Module(bytes));
  const { exports } = new webAssembly.Instance(module, { env: { memory: createMemory() } });
  const run = (exports as Record<StreamKind, (turns: number, address: number) => void>)[kind];
  // Many calls: V8 replaces baseline code between calls only.
  const turns = 2000;
  return (count) => {
    for (let done = 0; done < count; done += turns * products[kind]) run(turns, 4096);
  };
}
