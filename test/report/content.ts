/** Contents of reports made by hand. */
import type { ReportContent, ReportTensor } from '#src/report/report.js';
import type { LayerSummary } from '#src/validate/summary.js';

export function makeLayer(name: string, overrides: Partial<LayerSummary> = {}): LayerSummary {
  return {
    name,
    operator: 'Conv',
    format: 'fixed(8,0)',
    sqnr: 30,
    isolatedSqnr: 40,
    maxError: 0.5,
    clipped: 0,
    ...overrides,
  };
}

/** The tensor of a layer: 8 bits, one step 1, its values between -100 and 100. */
export function makeTensor(layer: string, overrides: Partial<ReportTensor> = {}): ReportTensor {
  return {
    name: `${layer}.out`,
    kind: 'value',
    layer,
    format: 'fixed(8,0)',
    low: -128,
    high: 127,
    step: 1,
    minimum: -100,
    maximum: 100,
    zeros: 0,
    reason: 'made by hand',
    histogram: { binWidth: 4, first: -25, counts: new Array<number>(50).fill(1000) },
    ...overrides,
  };
}

export function makeContent(
  layers: readonly LayerSummary[],
  tensors: readonly ReportTensor[],
  title = 'network',
): ReportContent {
  return {
    title,
    tensors,
    summary: {
      samples: 1,
      outputs: [{ name: 'output', sqnr: 30, maxError: 0.5 }],
      layers,
      floatIslands: [{ node: 'tail', operator: 'Softmax' }],
      memory: { packedBytes: 2000, activationBytes: 500, arenaBytes: 600 },
      size: { floatBytes: 4000, fixedBytes: 1000 },
      seconds: { float: 1, fixed: 1 },
      imagesPerSecond: { float: 1, fixed: 1 },
      threads: 1,
      variant: 'simd',
      hardware: 'generic-int8',
    },
  };
}
