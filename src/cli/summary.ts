/** A summary for people at a terminal. */
import type { Prediction, Prices } from '../assign/formats-file.js';
import type { RecoverySummary } from '../recover/steps.js';
import type { Summary } from '../validate/summary.js';
import { describePrices } from './prices.js';
import { short } from './terminal.js';

const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
const decibel = (value: number | null) => (value === null ? 'exact' : `${value.toFixed(1)} dB`);

/** How many of the worst layers are listed. */
const WORST = 5;

export function describeSummary(
  summary: Summary & { recovery?: readonly RecoverySummary[]; prediction?: Prediction; prices?: Prices },
): string {
  const { float, fixed, agreement, outputs, layers, size, memory, imagesPerSecond } = summary;
  const lines = [
    `samples      ${summary.samples} (${summary.hardware}, kernels ${summary.variant}, ${summary.threads} threads)`,
  ];
  if (float && fixed) {
    lines.push(`top-1        ${percent(float.top1)} float, ${percent(fixed.top1)} fixed`);
    lines.push(`top-5        ${percent(float.top5)} float, ${percent(fixed.top5)} fixed`);
    lines.push(`changed      ${summary.rightToWrong} right to wrong, ${summary.wrongToRight} wrong to right`);
  }
  if (agreement !== undefined) lines.push(`agreement    ${percent(agreement)}`);
  for (const { name, sqnr, maxError, tail } of outputs) {
    const place = tail ? ', before the float tail' : '';
    lines.push(
      `output       ${name}: SQNR ${decibel(sqnr)}, largest error ${maxError.toPrecision(3)}${place}`,
    );
  }
  lines.push(...describePrices(summary));
  for (const { step, before, after, kept } of summary.recovery ?? []) {
    const change = `${decibel(before)} to ${decibel(after)} on calibration samples`;
    lines.push(`recovery     ${step}: ${change}${kept ? '' : ', undone'}`);
  }
  const worst = layers
    .filter((layer) => layer.isolatedSqnr !== null)
    .sort((a, b) => a.isolatedSqnr! - b.isolatedSqnr!)
    .slice(0, WORST);
  for (const { name, operator, format, isolatedSqnr } of worst) {
    lines.push(`worst layer  ${name} (${operator}, ${format}): ${decibel(isolatedSqnr)} by itself`);
  }
  const islands = summary.floatIslands.map(({ node, operator }) => `${node} (${operator})`);
  lines.push(`float only   ${islands.join(', ') || 'none'}`);
  lines.push(`size         ${short(size.floatBytes)}B float, ${short(size.fixedBytes)}B fixed`);
  lines.push(
    `memory       ${short(memory.packedBytes)}B packed weights, ${short(memory.arenaBytes)}B per worker, of which ${short(memory.activationBytes)}B activations`,
  );
  lines.push(`speed        ${short(imagesPerSecond.float)}/s float, ${short(imagesPerSecond.fixed)}/s fixed`);
  if (summary.digest) lines.push(`digest       ${summary.digest}`);
  return lines.join('\n');
}
