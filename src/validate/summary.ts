/** What `summary.json` holds: the result of comparing a program with its float model over a data set. */

import type { FloatIsland } from '../program/float-islands.js';

/** Shares 0..1 of samples whose label is the first, or among the first five, of the network's choices. */
export interface Accuracy {
  readonly top1: number;
  readonly top5: number;
}

export interface OutputSummary {
  readonly name: string;
  /** 10 log10(sum x^2 / sum (x - x')^2) in dB over all samples and elements; null when exact. */
  readonly sqnr: number | null;
  /** Largest |x - x'|. */
  readonly maxError: number;
}

export interface LayerSummary extends OutputSummary {
  /** The ONNX operator of the node that the layer is named by. */
  readonly operator: string;
  /** Text form of the output's format; 'float32' for a float island. */
  readonly format: string;
  /** The same with float inputs, only this layer fixed; null when exact. */
  readonly isolatedSqnr: number | null;
  /** Share of the output's values that lay outside the range before saturation; of the float values where nothing is requantised. */
  readonly clipped: number;
  /** The accumulator, bias included; absent without products. Bits, sign included: proved for the weights (0: not), reached. */
  readonly accumulatorBits?: { readonly proved: number; readonly observed: number };
  /** How often a register wrapped or was saturated, over all samples. */
  readonly wraps?: number;
  readonly saturations?: number;
  /** Least and greatest sum, and the bits that the register has above them. */
  readonly minimum?: number;
  readonly maximum?: number;
  readonly headroomBits?: number;
}

export interface Summary {
  readonly samples: number;
  readonly calibration?: { readonly samples: number; readonly disjoint: boolean };
  /** Absent without labels. */
  readonly float?: Accuracy;
  readonly fixed?: Accuracy;
  readonly rightToWrong?: number;
  readonly wrongToRight?: number;
  /** Share of samples with the same arg-max; only for one output of shape [1,C] or [1,C,1,1]. */
  readonly agreement?: number;
  /** |x - x'| of the output of the class that the float network chooses (a probability after a Softmax), over all samples. */
  readonly topChange?: { readonly median: number; readonly largest: number };
  /** Taken on the last tensor before a float tail, such as Softmax; `tail`: there is one. */
  readonly outputs: readonly (OutputSummary & { readonly tail?: true })[];
  /** Empty where only outputs were compared. */
  readonly layers: readonly LayerSummary[];
  /** What the fixed program computes in float32. */
  readonly floatIslands: readonly FloatIsland[];
  readonly size: { readonly floatBytes: number; readonly fixedBytes: number };
  /**
   * Of the fixed program where it only runs: constants as kernels take them, once for all workers; activations of one run, and the
   * arena that each worker keeps for them and for what kernels need beside them.
   */
  readonly memory: {
    readonly packedBytes: number;
    readonly activationBytes: number;
    readonly arenaBytes: number;
  };
  /** Of each step; `float` and `fixed` are the executors' own time, divided by the number of threads at work. */
  readonly seconds: {
    readonly calibrate?: number;
    readonly assign?: number;
    readonly prices?: number;
    readonly recover?: number;
    readonly compile?: number;
    readonly float: number;
    readonly fixed: number;
  };
  readonly imagesPerSecond: { readonly float: number; readonly fixed: number };
  readonly threads: number;
  readonly variant: string;
  readonly hardware: string;
  /** SHA-256 over the output codes of all samples; absent for a float model. */
  readonly digest?: string;
}
