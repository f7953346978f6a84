/** Which variant serves: each is tested against known answers and timed before it is used. */
import { ExecutionError, UsageError } from '../../errors.js';
import { reserveArena } from './arenas.js';
import { createInstance } from './instance.js';
import { answersRight } from './known-answers.js';
import { prepareProgram } from './prepare.js';
import { timedLayers } from './timed-layer.js';
import {
  compileVariant,
  isOffered,
  type KernelSet,
  VARIANTS,
  type VariantName,
  type VariantOptions,
  wantsFlags,
} from './variants.js';
import { createMemory } from './webassembly.js';

/** A variant that does not serve, and why. */
export interface RuledOut {
  readonly variant: VariantName;
  readonly reason: string;
}

export interface LoadedKernels extends KernelSet {
  /** Variants that were tried and failed. */
  readonly ruledOut: readonly RuledOut[];
}

const loaded = new Map<string, LoadedKernels>();

/**
 * The kernels of the variant that is pinned, or of the fastest, once per thread. Throws a UsageError where the pinned variant is unknown
 * or does not serve.
 */
export function loadKernels({ variant, v8Flags = false }: VariantOptions = {}): LoadedKernels {
  const key = `${variant} ${v8Flags}`;
  let kernels = loaded.get(key);
  if (kernels === undefined) {
    kernels = variant === undefined ? chooseFastest(v8Flags) : pin(variant, v8Flags);
    loaded.set(key, kernels);
  }
  return kernels;
}

function pin(variant: VariantName, v8Flags: boolean): LoadedKernels {
  if (!VARIANTS.includes(variant))
    throw new UsageError({
      where: 'variant',
      what: 'is unknown',
      expected: VARIANTS.join(', '),
      got: String(variant),
    });
  const kernels = testVariant(variant, v8Flags);
  if ('modules' in kernels) return { ...kernels, ruledOut: [] };
  const available = VARIANTS.filter((name) => 'modules' in testVariant(name, v8Flags));
  const what = `cannot serve: ${kernels.reason}`;
  const others = available.join(', ');
  const expected = !v8Flags && wantsFlags(variant) ? `--v8-flags (v8Flags: true), or ${others}` : others;
  throw new UsageError({ where: 'variant', what, expected, got: variant });
}

/** Without V8's flags the plain kernels serve: to test the others on all their code and to time them takes a tenth of a second. */
function chooseFastest(v8Flags: boolean): LoadedKernels {
  if (!v8Flags) return pin('simd', v8Flags);
  const tested = VARIANTS.filter(isOffered).map((variant) => testVariant(variant, v8Flags));
  const serving = tested.filter((one) => 'modules' in one);
  const ruledOut = tested.filter((one) => 'reason' in one);
  if (serving.length === 0)
    throw new ExecutionError({
      where: 'kernels',
      what: 'no variant passes its test',
      got: ruledOut.map(({ variant, reason }) => `${variant} ${reason}`).join('; '),
    });
  const times = timeVariants(serving, TIMED);
  return { ...serving[times.indexOf(Math.min(...times))], ruledOut };
}

/** Compiles a variant and compares it with the known answers, on the code that serves. */
function testVariant(variant: VariantName, v8Flags: boolean): KernelSet | RuledOut {
  let kernels: KernelSet;
  try {
    kernels = compileVariant(variant, v8Flags);
  } catch (error) {
    if (!v8Flags && wantsFlags(variant)) return { variant, reason: "does not compile without V8's flags" };
    return { variant, reason: `does not compile here (${(error as Error).message})` };
  }
  let correct = answersRight(kernels);
  // Without flags V8 runs baseline code first. What variants add is tested on the optimised code too.
  if (!v8Flags && variant !== 'simd') {
    timeVariants([kernels], WARM_UP);
    correct &&= answersRight(kernels);
  }
  return correct ? kernels : { variant, reason: 'gives a wrong answer' };
}

/** Milliseconds of runs after which V8's optimised code serves where flags do not make it serve at once, and of those that are timed. */
const WARM_UP = 38;
const TIMED = 10;

/**
 * Milliseconds that each set of kernels takes for two layers of middling size: the least of runs that take turns for as long as
 * `milliseconds` for each.
 */
function timeVariants(sets: readonly KernelSet[], milliseconds: number): number[] {
  const layers = timedLayers();
  const runs = sets.map((kernels) => {
    const parts = layers.map(({ program, inputs }) => {
      const memory = createMemory();
      const prepared = prepareProgram(program, memory, { kernels });
      const arena = reserveArena(prepared, memory, 0, program.name);
      const { run } = createInstance(program, prepared, kernels, memory, arena);
      return () => run(inputs);
    });
    return () => {
      for (const run of parts) run();
    };
  });
  const best = runs.map(() => Number.POSITIVE_INFINITY);
  const end = performance.now() + milliseconds * sets.length;
  for (let now = performance.now(); now < end; )
    for (const [index, run] of runs.entries()) {
      run();
      const then = performance.now();
      best[index] = Math.min(best[index], then - now);
      now = then;
    }
  return best;
}
