/** What the report shows of each tensor: its calibrated distribution and the range of its format. */
import type { FormatsFile, Reason } from '../assign/formats-file.js';
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
      layer: layers.get(name) ?? '',
      format: formatText(format),
      low: (low - zeroPoint) * step,
      high: (high - zeroPoint) * step,
      step,
      minimum: observed.minimum,
      maximum: observed.maximum,
      zeros: observed.zeros / Math.max(1, observed.count),
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

const METHODS: Readonly<Record<Reason['method'], string>> = {
  leastSquares: 'least squared error',
  minmax: 'smallest range that holds every value',
  percentile: 'percentile of the values',
  entropy: 'least relative entropy',
  zeros: 'nothing but zeros seen',
};

/** Values that a tensor shares its format with and that are named; of more, the number. */
const MOST_NAMED = 3;

/** Why a tensor has its format, in words. */
function explain({ reasons, moves }: FormatsFile, name: string): string {
  const reason = reasons[name];
  if (reason === undefined) return '';
  const { method, sqnr, clipped, sources = [] } = reason;
  const predicted = sqnr === null ? 'nothing lost' : `${sqnr.toFixed(1)} dB predicted`;
  const outside = clipped === 0 ? 'none clipped' : `${Number((100 * clipped).toPrecision(2))} % clipped`;
  const moved = moves
    .filter((move) => move.name === name)
    .map(
      ({ from, to, constraint, node }) =>
        `moved from ${from} to ${to} fraction bits by ${constraint} at ${node}`,
    );
  return [`${METHODS[method]}: ${predicted}, ${outside}`, ...shared(sources, name), ...moved].join('; ');
}

function shared(sources: readonly string[], name: string): string[] {
  const others = sources.filter((source) => source !== name);
  if (others.length === 0) return [];
  const named = others.slice(0, MOST_NAMED).join(', ');
  const unnamed = others.length > MOST_NAMED ? ` and ${others.length - MOST_NAMED} more` : '';
  return [`format shared with ${named}${unnamed}`];
}
