/** Variants of the kernels: the same bytes by other instructions. Each is the plain kernels and what it adds to them. */
import { readAsset } from '../../platform/assets.js';
import { type CompilerMode, compileIn, flagsOf, hasFlag, isCompilerMode } from '../../platform/v8-flags.js';
import { type Kernel, kernels } from './kernels.js';
import { type Memory, type Module, webAssembly } from './webassembly.js';

interface KernelModule {
  readonly file: string;
  /** What V8 must be told to compile it as it is meant. */
  readonly modes: readonly CompilerMode[];
  readonly kernels: readonly Kernel[];
}

const simd256: KernelModule = {
  file: 'simd256.wasm',
  modes: ['revectorized'],
  kernels: ['convolutionTiles_i16_i8_i32', 'convolutionTiles_i16_i16_i32'],
};
const relaxed: KernelModule = {
  file: 'relaxed.wasm',
  modes: ['relaxed'],
  kernels: ['convolutionQuads_u8_i8_i32', 'narrow_i16_u8'],
};
const relaxed256: KernelModule = {
  file: 'relaxed256.wasm',
  modes: ['relaxed', 'revectorized'],
  kernels: ['convolutionTiles_u8_i8_i32'],
};
const dot: KernelModule = {
  file: 'dot.wasm',
  modes: ['relaxed', 'fused'],
  kernels: ['convolutionDots_u8_i8_i32', 'narrow_i16_u8'],
};
const dot256: KernelModule = {
  file: 'dot256.wasm',
  modes: ['relaxed', 'fused', 'revectorized'],
  kernels: ['convolutionTiles_u8_i8_i32'],
};

/** What counts or measures, in every variant: no part of the code of the others. */
const counting: KernelModule = {
  file: 'counting.wasm',
  modes: [],
  kernels: [
    'accumulateCounted_i16_i32_i64',
    'compare_i16_f32',
    'compare_i32_f32',
    'compare_f32_f32',
    'countSums_i32',
    'countSums_i64',
    'rescaleCounted_i32_i16',
    'rescaleCounted_i64_i16',
    'rescaleCounted_i32_i32',
    'rescaleCounted_i64_i32',
  ],
};

/** All other kernels. */
const plain: KernelModule = {
  file: 'kernels.wasm',
  modes: [],
  kernels: (Object.keys(kernels) as Kernel[]).filter(
    (name) =>
      ![counting, simd256, relaxed, relaxed256, dot, dot256].some(({ kernels }) => kernels.includes(name)),
  ),
};

/** Variants and the modules that they consist of. */
const variants = {
  simd: [plain, counting],
  relaxed: [plain, counting, relaxed],
  simd256: [plain, counting, simd256],
  relaxed256: [plain, counting, simd256, relaxed, relaxed256],
  dot: [plain, counting, dot],
  dot256: [plain, counting, simd256, dot, dot256],
} as const satisfies Record<string, readonly KernelModule[]>;

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

/** Compiles a variant, once per thread; with V8's flags where `v8Flags` allows. Throws what the engine throws. */
export function compileVariant(variant: VariantName, v8Flags: boolean): KernelSet {
  const modules = variants[variant].map((module) =>
    compile(module.file, v8Flags ? flaggedModes(module) : []),
  );
  return { variant, modules };
}

/** V8's flags that `v8Flags` sets while kernels are compiled: those of the pinned variant, else of all that are tried. */
export function v8FlagsOf(pinned?: VariantName): readonly string[] {
  const tried = pinned === undefined ? VARIANTS.filter(isOffered) : [pinned];
  return flagsOf(tried.flatMap((variant) => variants[variant].flatMap(flaggedModes)));
}

function flaggedModes({ modes }: KernelModule): readonly CompilerMode[] {
  return ['optimised', ...modes];
}

/** False where this V8 does not compile a variant as it is meant. */
export function isOffered(variant: VariantName): boolean {
  return variants[variant].every(({ modes }) => modes.every(isCompilerMode));
}

/** True where this V8 compiles a variant as it is meant only with flags. */
export function wantsFlags(variant: VariantName): boolean {
  return variants[variant].some(({ modes }) => modes.some(hasFlag));
}

/** The kernels that a variant can call. */
export function kernelsOf(variant: VariantName): ReadonlySet<Kernel> {
  return new Set(variants[variant].flatMap((module) => module.kernels));
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

/** The functions of a variant; those that it lacks are absent. */
export type Kernels = Record<Kernel, Call>;

/** The functions of a set of kernels on one memory. */
export function instantiate({ modules }: Pick<KernelSet, 'modules'>, memory: Memory): Kernels {
  const exports = modules.map((module) => new webAssembly.Instance(module, { env: { memory } }).exports);
  return Object.assign({}, ...exports);
}
