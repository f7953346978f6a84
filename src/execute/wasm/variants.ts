/** Variants of the kernels: the same bytes by other instructions. Each is the plain kernels and what it adds to them. */
import { UsageError } from '../../errors.js';
import { readAsset } from '../../platform/assets.js';
import { type CompilerMode, compileIn } from '../../platform/v8-flags.js';
import type { Kernel } from './kernels.js';
import { type Memory, type Module, webAssembly } from './webassembly.js';

interface Variant {
  /** The modules that it consists of, and what V8 must be told to compile each. */
  readonly modules: readonly { readonly file: string; readonly modes: readonly CompilerMode[] }[];
}

const variants = {
  simd: { modules: [{ file: 'kernels.wasm', modes: [] }] },
} as const satisfies Record<string, Variant>;

export type VariantName = keyof typeof variants;

export const VARIANTS = Object.keys(variants) as readonly VariantName[];

export interface VariantOptions {
  /** Pins a variant; default: the fastest of those that pass their test. */
  readonly variant?: VariantName;
  /**
   * True: V8's flags may be set while kernels are compiled. All are then compiled at once, by the optimising compiler, and
   * variants that V8 only compiles under flags take part. Flags concern the whole process. Default false.
   */
  readonly v8Flags?: boolean;
}

/** Compiled kernels: they can be posted to workers, which share the code. */
export interface KernelSet {
  readonly variant: VariantName;
  readonly modules: readonly Module[];
}

/** The kernels of a variant, compiled once per thread. Throws a UsageError for a variant that there is not. */
export function loadKernels({ variant = 'simd', v8Flags = false }: VariantOptions = {}): KernelSet {
  if (!VARIANTS.includes(variant))
    throw new UsageError({
      where: 'variant',
      what: 'is unknown',
      expected: VARIANTS.join(', '),
      got: String(variant),
    });
  const { modules } = variants[variant];
  return {
    variant,
    modules: modules.map(({ file, modes }) => compile(file, v8Flags ? ['optimised', ...modes] : [])),
  };
}

const compiled = new Map<string, Module>();

function compile(file: string, modes: readonly CompilerMode[]): Module {
  const key = [file, ...modes].join(' ');
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const bytes = withName(readAsset(new URL(`./${file}`, import.meta.url)), key);
  const module = compileIn(modes, () => new webAssembly.Module(bytes));
  compiled.set(key, module);
  return module;
}

/** V8 keeps code by the bytes of its module: a custom section gives what is compiled in other modes bytes of its own. */
function withName(module: Uint8Array, text: string): Uint8Array {
  const name = new TextEncoder().encode(text);
  const bytes = new Uint8Array(module.length + name.length + 3);
  bytes.set(module);
  bytes.set([0, name.length + 1, name.length, ...name], module.length);
  return bytes;
}

export type Call = (...args: readonly number[]) => number | undefined;

/** The functions of a set of kernels on one memory. */
export function instantiate({ modules }: Pick<KernelSet, 'modules'>, memory: Memory): Record<Kernel, Call> {
  const exports = modules.map((module) => new webAssembly.Instance(module, { env: { memory } }).exports);
  return Object.assign({}, ...exports);
}
