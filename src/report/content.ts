/** What the report shows of each tensor: its distribution and the range of its format. */
import type { FormatsFile } from '../assign/formats-file.js';
import type { Statistics, TensorStatistics } from '../calibrate/statistics.js';
import { at, codeRange, formatText, stepSize } from '../formats/format.js';
import type { Program } from '../program/program.js';
import { reportConstants } from './constants.js';
import { explainFormat } from './explain.js';
import type { ReportTensor } from './report.js';

/** Bins in a chart: neighbours of finer histograms are added up. */
const MOST_CHART_BINS = 256;

/** One entry per tensor that has both a format and statistics, in the order of the program, each followed by the constants of its layer. */
export function reportTensors(
  program: Program,
  statistics: Statistics,
  formats: FormatsFile,
): ReportTensor[] {
  const constants = new Map(reportConstants(program, formats));
  const values = reportValues(program, statistics, formats);
  const ordered = values.flatMap((value) => {
    const own = constants.get(value.layer) ?? [];
    constants.delete(value.layer);
    return [value, ...own];
  });
  return [...ordered, ...[...constants.values()].flat()];
}

function reportValues(program: Program, statistics: Statistics, formats: FormatsFile): ReportTensor[] {
  const layers = new Map(
    program.instructions.map(({ output, node }) => [program.tensors[output].name, node]),
  );
  const names = new Set(program.tensors.map(({ name }) => name));
  return [...names].flatMap((name) => {
    const format = formats.tensors[name];
    const observed = statistics.tensors.get(name);
    if (format === undefined || observed === undefined) return [];
    const { low, high } = codeRange(format);
    const step = stepSize(format);
    const zeroPoint = at(format.zeroPoint, 0);
    return {
      name,
      kind: 'value',
      layer: layers.get(name) ?? '',
      format: formatText(format),
      low: (low - zeroPoint) * step,
      high: (high - zeroPoint) * step,
      step,
      minimum: observed.minimum,
      maximum: observed.maximum,
      zeros: observed.zeros / Math.max(1, observed.count),
      reason: explainFormat(formats, name),
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
