/** What the report shows of each tensor: its calibrated distribution and the range of its format. */
import type { FormatsFile } from '../assign/formats-file.js';
import type { Statistics, TensorStatistics } from '../calibrate/statistics.js';
import { at, codeRange, formatText, stepSize } from '../formats/format.js';
import type { Program } from '../program/program.js';
import type { ReportTensor } from './report.js';

/** Bins in a chart: neighbours of finer histograms are added up. */
const MOST_CHART_BINS = 256;

/** One entry per tensor that has both a format and statistics, in the order of the program. */
export function reportTensors(
  program: Program,
  statistics: Statistics,
  formats: FormatsFile,
): ReportTensor[] {
  const layers = new Map(
    program.instructions.map(({ output, node }) => [program.tensors[output].name, node]),
  );
  return [...statistics.tensors].flatMap(([name, observed]) => {
    const format = formats.tensors[name];
    if (format === undefined) return [];
    const { low, high } = codeRange(format);
    const real = (code: number) => (code - at(format.zeroPoint, 0)) * stepSize(format);
    return {
      name,
      layer: layers.get(name) ?? '',
      format: formatText(format),
      low: real(low),
      high: real(high),
      reason: explain(formats, name),
      histogram: chartHistogram(observed),
    };
  });
}

function chartHistogram({ histogram }: TensorStatistics): ReportTensor['histogram'] {
  const { counts } = histogram;
  let { first, exponent } = histogram;
  let bins = Array.from(counts);
  while (bins.length > MOST_CHART_BINS) {
    const start = Math.floor(first / 2);
    const halved = new Array<number>(Math.floor((first + bins.length - 1) / 2) - start + 1).fill(0);
    for (const [index, count] of bins.entries()) halved[Math.floor((first + index) / 2) - start] += count;
    bins = halved;
    first = start;
    exponent++;
  }
  return { binWidth: 2 ** exponent, first, counts: bins };
}

/** Why a tensor has its format, in words. */
function explain({ reasons, moves }: FormatsFile, name: string): string {
  const reason = reasons[name];
  if (reason === undefined) return '';
  const moved = moves
    .filter((move) => move.name === name)
    .map(
      (move) => `moved from ${move.from} to ${move.to} fraction bits by ${move.constraint} at ${move.node}`,
    );
  const sources =
    reason.sources === undefined
      ? []
      : [`shared with ${reason.sources.filter((source) => source !== name).join(', ')}`];
  const predicted = reason.sqnr === null ? 'nothing lost' : `${reason.sqnr.toFixed(1)} dB predicted`;
  return [
    `${reason.method}, ${predicted}, ${(100 * reason.clipped).toPrecision(2)} % clipped`,
    ...sources,
    ...moved,
  ].join('; ');
}
