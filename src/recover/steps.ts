/** The steps that recover accuracy, in the order in which they run. */
export const RECOVERY_STEPS = ['correct', 'round'] as const;
/** `correct`: biases take the mean error of their channel. `round`: weights are rounded up or down for the inputs they meet. */
export type RecoveryStep = (typeof RECOVERY_STEPS)[number];

/** What a step did, measured on calibration samples that it has not seen. */
export interface RecoverySummary {
  readonly step: RecoveryStep;
  /** Signal to noise ratio of the outputs, in dB; null where they are exact. */
  readonly before: number | null;
  readonly after: number | null;
  /** False where the step was undone, as it did not gain. */
  readonly kept: boolean;
  readonly seconds: number;
}
