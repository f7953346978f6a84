/** What the report shows of weights, biases and other constants: how their codes use the range of their format. */
import type { FormatsFile } from '../assign/formats-file.js';
import { codeRange, type Format, formatText, stepSize } from '../formats/format.js';
import type { Program, ProgramTensor } from '../program/program.js';
import { explainFormat } from './explain.js';
import type { ReportTensor } from './report.js';

/** Bins in a chart: of more codes, neighbours are counted together. */
const MOST_BINS = 256;

/** By layer, the constants of codes that it reads; look-up tables are none. */
export function reportConstants(
  { instructions, tensors }: Program,
  formats: FormatsFile,
): ReadonlyMap<string, readonly ReportTensor[]> {
  const layers = new Map<string, ReportTensor[]>();
  const seen = new Set<number>();
  for (const { op, node, inputs } of instructions) {
    for (const [position, input] of inputs.entries()) {
      const tensor = tensors[input];
      const { data, format, name } = tensor;
      if (data === undefined || format === null || op === 'lookup' || seen.has(input)) continue;
      seen.add(input);
      const entry: ReportTensor = {
        ...describeCodes(tensor, format),
        layer: node,
        kind: position === 2 ? 'bias' : 'weights',
        reason: explainFormat(formats, name),
      };
      layers.set(node, [...(layers.get(node) ?? []), entry]);
    }
  }
  return layers;
}

function describeCodes(
  { name, data }: ProgramTensor,
  format: Format,
): Omit<ReportTensor, 'layer' | 'kind' | 'reason'> {
  const { low, high } = codeRange(format);
  const codes = Array.from(data!, Number);
  const [minimum, maximum] = extremes(codes);
  const channels = typeof format.fractionBits === 'number' ? 1 : format.fractionBits.length;
  const [step, largestStep] = extremes(
    Array.from({ length: channels }, (_, channel) => stepSize(format, channel)),
  );
  return {
    name,
    format: shortFormat(format),
    low,
    high,
    step,
    ...(largestStep > step && { largestStep }),
    minimum,
    maximum,
    zeros: codes.filter((code) => code === 0).length / Math.max(1, codes.length),
    histogram: countCodes(codes, minimum, maximum),
  };
}

const extremes = (values: readonly number[]): [number, number] =>
  values.reduce(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [values[0] ?? 0, values[0] ?? 0],
  );

/** Bins of a power of two of codes, the first centred on the least code. */
function countCodes(codes: readonly number[], minimum: number, maximum: number): ReportTensor['histogram'] {
  const binWidth = 2 ** Math.max(0, Math.ceil(Math.log2((maximum - minimum + 1) / MOST_BINS)));
  const counts = new Array<number>(Math.floor((maximum - minimum) / binWidth) + 1).fill(0);
  for (const code of codes) counts[Math.floor((code - minimum) / binWidth)]++;
  return { binWidth, first: (minimum - 0.5) / binWidth, counts };
}

/** The text form, with the extremes of what differs among channels. */
function shortFormat(format: Format): string {
  const { fractionBits, mantissa } = format;
  if (typeof fractionBits === 'number') return formatText(format);
  const text = formatText({ ...format, fractionBits: 0, mantissa: 1, zeroPoint: 0, axis: null });
  const scales = typeof mantissa === 'number' && mantissa === 1 ? '' : `,mantissa=${rangeText(mantissa)}`;
  return text.replace(',0', `,${rangeText(fractionBits)}`).replace(')', `${scales})`);
}

function rangeText(field: number | readonly number[]): string {
  const [least, most] = extremes(typeof field === 'number' ? [field] : field);
  return least === most ? String(least) : `${least}..${most}`;
}
