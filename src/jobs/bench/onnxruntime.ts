/** ONNX Runtime, where it is installed: dynafix does not depend on it. */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { ExecutionError } from '../../errors.js';
import { openDataset } from '../../inputs/dataset.js';
import { noise } from './noise.js';
import type { OnnxRuntimeSpec } from './specification.js';
import { createTimer } from './timing.js';

/** What both packages offer. */
interface Runtime {
  readonly InferenceSession: {
    create(path: string, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: new (type: Tensor.Type, data: Tensor.DataType, dims: readonly number[]) => Tensor;
  readonly env: { wasm: { numThreads?: number } };
}

/** True where the package can be loaded. */
export function hasOnnxRuntime(name: OnnxRuntimeSpec['kind']): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** Seconds of one inference. Throws what ONNX Runtime throws for a model that it does not run. */
export async function openOnnxRuntime(spec: OnnxRuntimeSpec): Promise<() => Promise<number>> {
  const runtime: Runtime = await import(spec.kind);
  if (spec.kind === 'onnxruntime-web') runtime.env.wasm.numThreads = spec.threads;
  const session = await runtime.InferenceSession.create(spec.model, options(spec));
  const given = spec.data && openDataset(spec.data).load(0);
  const feeds = Object.fromEntries(
    session.inputMetadata.map((input, index) => {
      if (!input.isTensor) throw new ExecutionError({ where: `input "${input.name}"`, what: 'is no tensor' });
      const dims = input.shape.map((size) => (typeof size === 'number' && size > 0 ? size : 1));
      const data = given?.[index] ?? noise(input.type, dims);
      return [input.name, new runtime.Tensor(input.type, data, dims)];
    }),
  );
  const run = async (times: number) => {
    for (let i = 0; i < times; i++) await session.run(feeds);
  };
  return createTimer(run, 1);
}

function options({ kind, threads, exact }: OnnxRuntimeSpec): InferenceSession.SessionOptions {
  const errorsOnly = { logSeverityLevel: 3 } as const;
  if (kind === 'onnxruntime-web') return { ...errorsOnly, executionProviders: ['wasm'] };
  const extra = exact ? { session: { x64quantprecision: '1' } } : {};
  return { ...errorsOnly, intraOpNumThreads: threads, interOpNumThreads: 1, extra };
}
