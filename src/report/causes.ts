/** Why a layer loses what it loses, in words: the one operand or result whose storage costs most, and what is wrong with it. */
import { clippedShare, expectedError, expectedErrors, signalPower } from '../assign/distribution.js';
import type { FormatsFile, Move } from '../assign/formats-file.js';
import type { Statistics, TensorCounts } from '../calibrate/statistics.js';
import { at, codeRange, type Format, stepSize } from '../formats/format.js';
import type { Instruction } from '../program/instructions.js';
import type { Program, ProgramTensor } from '../program/program.js';
import type { LayerSummary } from '../validate/summary.js';

export interface Cause {
  readonly kind:
    | 'accumulator'
    | 'clipping'
    | 'resolution'
    | 'shift window'
    | 'constraint'
    | 'outlier channel'
    | 'shared format';
  /** One sentence without a full stop. */
  readonly text: string;
}

/** A channel is an outlier where it reaches so many times as far as half of the channels. */
const OUTLIER = 8;

/** A format is too wide for a value where it was made for others that reach so many times as far. */
const SHARED = 2;

/** Less amplification of noise, in dB, is not told. */
const AMPLIFIED = 6;

interface Suspect {
  /** Power of the error of storing the values, relative to their own. */
  readonly noise: number;
  /** Whether they are the output of the layer, and not what it reads. */
  readonly output: boolean;
  readonly cause: Cause;
}

const short = (value: number) => String(Number(value.toPrecision(3)));
const sum = (suspects: readonly Suspect[]) => suspects.reduce((total, { noise }) => total + noise, 0);
const worst = (suspects: readonly Suspect[]) =>
  suspects.reduce<Suspect | undefined>((a, b) => (a !== undefined && a.noise >= b.noise ? a : b), undefined);

/** By layer; layers without codes or without any loss have none. */
export function findCauses(
  program: Program,
  statistics: Statistics,
  formats: FormatsFile,
  layers: readonly LayerSummary[],
): Readonly<Record<string, Cause>> {
  const suspects = new Map<string, Suspect[]>();
  for (const instruction of program.instructions) {
    const { node, output } = instruction;
    if (node === '' || program.tensors[output].format === null) continue;
    const own = suspectsOf(instruction, program, statistics, formats);
    suspects.set(node, [...(suspects.get(node) ?? []), ...own]);
  }
  return Object.fromEntries(
    layers.flatMap((layer) => {
      const cause = lostSums(layer) ?? mainCause(layer, suspects.get(layer.name) ?? []);
      return cause === undefined ? [] : [[layer.name, cause]];
    }),
  );
}

/** Storing the output explains the noise that was measured, or else the worst of what the layer reads does, as far as it is amplified. */
function mainCause({ isolatedSqnr }: LayerSummary, suspects: readonly Suspect[]): Cause | undefined {
  if (isolatedSqnr === null) return undefined;
  const measured = 10 ** (-isolatedSqnr / 10);
  const outputs = suspects.filter(({ output }) => output);
  const operands = suspects.filter(({ output }) => !output);
  const own = sum(outputs);
  const found = 2 * own >= measured || sum(operands) === 0 ? worst(outputs) : worst(operands);
  if (found === undefined || found.noise === 0) return undefined;
  const amplified = found.output ? 0 : 10 * Math.log10((measured - own) / sum(operands));
  if (amplified < AMPLIFIED) return found.cause;
  const { kind, text } = found.cause;
  return { kind, text: `${text}; the layer amplifies such noise by ${amplified.toFixed(1)} dB` };
}

/** Sums that a register does not hold cost more than any format. */
function lostSums({ wraps = 0, saturations = 0 }: LayerSummary): Cause | undefined {
  if (wraps + saturations === 0) return undefined;
  const happened = [
    ...(wraps > 0 ? [`wrapped ${wraps.toLocaleString('en')} times`] : []),
    ...(saturations > 0 ? [`saturated ${saturations.toLocaleString('en')} times`] : []),
  ];
  return { kind: 'accumulator', text: `its sums ${happened.join(' and ')}` };
}

function suspectsOf(
  { inputs, output }: Instruction,
  { tensors }: Program,
  statistics: Statistics,
  formats: FormatsFile,
): Suspect[] {
  return [...inputs, output].flatMap((index) => {
    const tensor = tensors[index];
    if (tensor.data !== undefined) return suspectConstant(tensor, formats);
    const observed = statistics.tensors.get(tensor.name);
    const what = index === output ? 'its output' : `its input ${tensor.name}`;
    if (observed === undefined) return [];
    const causes = suspectValue(observed, tensor.name, what, formats);
    return causes.map((cause) => ({ ...cause, output: index === output }));
  });
}

/** What storing a value costs by saturation, and by the size of its step. */
function suspectValue(
  observed: TensorCounts,
  name: string,
  what: string,
  { tensors, reasons, moves }: FormatsFile,
): Omit<Suspect, 'output'>[] {
  const format = tensors[name];
  const signal = signalPower(observed);
  if (format === undefined || signal === 0) return [];
  const range = rangeOf(format);
  const step = stepSize(format);
  const position = -Math.log2(step);
  const { rounding, saturation } = expectedErrors(observed, position, range);
  const total = rounding + saturation;
  const move = moves.find((entry) => entry.name === name);
  const best = move === undefined ? total : expectedError(observed, move.from, range);
  const moved = move !== undefined && 2 * best < total ? describeMove(move, what) : undefined;
  const deviation = Math.sqrt(signal / observed.count);
  const { minimum = 0, maximum = 0 } = reasons[name] ?? {};
  const reach = Math.max(maximum, -minimum);
  const clipped = short(100 * clippedShare(observed, position, range));
  const coarse =
    reach > SHARED * Math.max(observed.maximum, -observed.minimum)
      ? sharedFormat(reasons[name]?.sources ?? [], name, what, reach)
      : describeOutlier(reachOfChannels(observed), what);
  const resolution: Cause = {
    kind: 'resolution',
    text: `${what} has steps of ${short(step)} for values of ${short(deviation)} (root mean square)`,
  };
  return [
    {
      noise: saturation / signal,
      cause: moved ?? { kind: 'clipping', text: `${clipped} % of ${what} saturate` },
    },
    { noise: rounding / signal, cause: moved ?? coarse ?? resolution },
  ];
}

/** Codes counted from the zero point. */
function rangeOf(format: Format): { low: number; high: number } {
  const { low, high } = codeRange(format);
  const zero = at(format.zeroPoint, 0);
  return { low: low - zero, high: high - zero };
}

const reachOfChannels = ({ channelMinimum, channelMaximum }: TensorCounts) =>
  Array.from(channelMaximum, (most, channel) => Math.max(most, -channelMinimum[channel]));

function sharedFormat(sources: readonly string[], name: string, what: string, reach: number): Cause {
  const others = sources.filter((source) => source !== name);
  const named = others.length === 1 ? others[0] : `${others.length} others`;
  return {
    kind: 'shared format',
    text: `${what} shares its format with ${named} that reach ${short(reach)}`,
  };
}

/** One channel that makes the steps of all others large. Channels of nothing but zeros do not count. */
function describeOutlier(reaches: readonly number[], what: string): Cause | undefined {
  const sorted = reaches.filter((reach) => reach > 0).sort((a, b) => a - b);
  if (sorted.length < 4) return undefined;
  const middle = sorted[Math.floor(sorted.length / 2)];
  const most = sorted.at(-1)!;
  if (most < OUTLIER * middle) return undefined;
  const text = `channel ${reaches.indexOf(most)} of ${what} reaches ${short(most)}, half of the channels at most ${short(middle)}`;
  return { kind: 'outlier channel', text };
}

/** Weights and other constants: their error was measured when they were assigned. */
function suspectConstant({ name, shape, data, format }: ProgramTensor, formats: FormatsFile): Suspect[] {
  const reason = formats.reasons[name];
  if (format === null || reason === undefined || reason.sqnr === null) return [];
  const { sqnr, clipped } = reason;
  const what = `its weights ${name}`;
  const channels = shape[0] ?? 1;
  const moves = formats.moves.filter((move) => move.name === name);
  const concerned = moves.some(({ channel }) => channel === null) || 2 * moves.length >= channels;
  const moved = concerned && moves.length > 0 ? describeMove(moves[0], what, moves.length) : undefined;
  const outlier =
    format.axis === null ? describeOutlier(reachOfRows(data!, channels, stepSize(format)), what) : undefined;
  const saturated = clipped > 0 ? `, ${short(100 * clipped)} % saturate` : '';
  const text = `${what} keep ${sqnr.toFixed(1)} dB in ${format.bits} bits${saturated}`;
  return [
    { noise: 10 ** (-sqnr / 10), output: false, cause: moved ?? outlier ?? { kind: 'resolution', text } },
  ];
}

/** Largest absolute value of each output channel. */
function reachOfRows(data: NonNullable<ProgramTensor['data']>, channels: number, step: number): number[] {
  const size = data.length / channels;
  return Array.from({ length: channels }, (_, channel) => {
    let most = 0;
    for (let index = channel * size; index < (channel + 1) * size; index++)
      most = Math.max(most, Math.abs(Number(data[index])));
    return most * step;
  });
}

/** What moved fraction bits away from the best ones. */
function describeMove({ constraint, node, from, to, channel }: Move, what: string, count = 1): Cause {
  const kind = /^windows\.|shift/.test(constraint) ? 'shift window' : 'constraint';
  const which = channel === null ? what : `${count} channels of ${what}`;
  const where = node === '' ? '' : ` at ${node}`;
  return { kind, text: `${constraint}${where} moved ${which} from ${from} to ${to} fraction bits` };
}
