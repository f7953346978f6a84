/** The part of the WebAssembly interface that is in use: the types of ECMAScript and of Node leave it out. */

/** A shared memory. It can be posted to workers. */
export interface Memory {
  readonly buffer: SharedArrayBuffer;
  /** Adds pages of 64 KiB and gives how many there were before; throws a RangeError where the machine or the maximum does not allow it. */
  grow(pages: number): number;
}

/** Compiled code. It can be posted to workers, which share it. */
export type Module = object;

interface Interface {
  readonly Memory: new (size: { initial: number; maximum: number; shared: true }) => Memory;
  readonly Module: new (bytes: Uint8Array) => Module;
  readonly Instance: new (
    module: Module,
    imports: { env: { memory: Memory } },
  ) => { readonly exports: object };
}

export const webAssembly = (globalThis as unknown as { readonly WebAssembly: Interface }).WebAssembly;

/** A shared memory as the kernels import it; it grows on demand up to 4 GiB. */
export function createMemory(): Memory {
  return new webAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
}
