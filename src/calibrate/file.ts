/** The statistics file: proto/statistics.proto. Equal statistics have equal bytes. */
import { InputError } from '../errors.js';
import { readBytes, sha256, writeFile } from '../platform/files.js';
import { fromHex, hex } from './hex.js';
import { binOf, fitExponent, LEAST_EXPONENT } from './histogram.js';
import { decodeSensitivity, encodeSensitivity, findContradiction } from './sensitivity-file.js';
import { STATISTICS_VERSION, type Statistics, type TensorStatistics } from './statistics.js';
import { dynafix } from './statistics.proto.js';

/** The last field of the file: tag and length, then the checksum of everything before. */
const CHECKSUM_FIELD = Uint8Array.of((15 << 3) | 2, 32);

function checksumField(content: Uint8Array): Uint8Array {
  return Uint8Array.of(...CHECKSUM_FIELD, ...fromHex(sha256(content)));
}

export function encodeStatistics({
  model,
  preprocess,
  samples,
  tensors,
  sensitivity,
}: Statistics): Uint8Array {
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  const content = dynafix.Statistics.encode({
    version: STATISTICS_VERSION,
    model: fromHex(model),
    preprocess,
    samples: samples.map(fromHex),
    tensors: sorted.map(([name, tensor]) => encodeTensor(name, tensor)),
    sensitivity: sensitivity && encodeSensitivity(sensitivity),
  }).finish();
  const field = checksumField(content);
  const bytes = new Uint8Array(content.length + field.length);
  bytes.set(content);
  bytes.set(field, content.length);
  return bytes;
}

/** Throws an InputError naming `where` unless the bytes are whole, of a known version and consistent. */
export function decodeStatistics(bytes: Uint8Array, where = 'statistics'): Statistics {
  const refuse = (what: string, expected?: string, got?: string): never => {
    throw new InputError({ where, what, expected, got });
  };
  const end = bytes.length - checksumField(bytes.subarray(0, 0)).length;
  const checksum = checksumField(bytes.subarray(0, Math.max(0, end)));
  if (!checksum.every((byte, index) => bytes[end + index] === byte)) {
    refuse('is not a whole statistics file: the checksum at its end does not match');
  }
  let message: dynafix.Statistics;
  try {
    message = dynafix.Statistics.decode(bytes.subarray(0, end));
  } catch (cause) {
    throw new InputError({ where, what: 'is not a statistics file', cause });
  }
  const { version, preprocess } = message;
  if (version !== STATISTICS_VERSION) {
    refuse('has another version', String(STATISTICS_VERSION), String(version));
  }
  const samples = message.samples.map(hex);
  if (samples.some((sample, index) => index > 0 && samples[index - 1] >= sample)) {
    refuse('does not list its samples in ascending order');
  }
  const tensors = new Map<string, TensorStatistics>();
  for (const tensor of message.tensors) {
    const statistics = decodeTensor(tensor);
    const problem = findInconsistency(statistics);
    if (problem !== undefined) refuse(`value "${tensor.name}" ${problem}`);
    tensors.set(tensor.name ?? '', statistics);
  }
  const statistics = { model: hex(message.model), preprocess, samples, tensors };
  if (!message.sensitivity) return statistics;
  const sensitivity = decodeSensitivity(message.sensitivity);
  const problem = findContradiction(sensitivity, samples);
  if (problem !== undefined) refuse(`has sensitivities ${problem}`);
  return { ...statistics, sensitivity };
}

export function readStatistics(path: string): Statistics {
  return decodeStatistics(readBytes(path), path);
}

export function writeStatistics(path: string, statistics: Statistics): void {
  writeFile(path, encodeStatistics(statistics));
}

function encodeTensor(name: string, tensor: TensorStatistics): dynafix.ITensorStatistics {
  return {
    name,
    count: tensor.count,
    zeros: tensor.zeros,
    exponent: tensor.histogram.exponent,
    first: tensor.histogram.first,
    counts: Array.from(tensor.histogram.counts),
    minimum: Array.from(tensor.channelMinimum),
    maximum: Array.from(tensor.channelMaximum),
    sums: tensor.channelSums.map(integerBytes),
  };
}

function decodeTensor(tensor: dynafix.ITensorStatistics): TensorStatistics {
  const channelMinimum = Float32Array.from(tensor.minimum ?? []);
  const channelMaximum = Float32Array.from(tensor.maximum ?? []);
  return {
    count: Number(tensor.count ?? 0),
    zeros: Number(tensor.zeros ?? 0),
    minimum: channelMinimum.reduce((a, b) => Math.min(a, b), channelMinimum[0]),
    maximum: channelMaximum.reduce((a, b) => Math.max(a, b), channelMaximum[0]),
    histogram: {
      exponent: tensor.exponent ?? 0,
      first: tensor.first ?? 0,
      counts: Float64Array.from(tensor.counts ?? [], Number),
    },
    channelMinimum,
    channelMaximum,
    channelSums: (tensor.sums ?? []).map(integer),
  };
}

/** What is wrong with statistics that some other program wrote; undefined for sound ones. */
function findInconsistency(statistics: TensorStatistics): string | undefined {
  const { count, zeros, minimum, maximum, histogram, channelMinimum, channelMaximum } = statistics;
  const { exponent, first, counts } = histogram;
  const channels = statistics.channelSums.length;
  if (channels === 0 || channelMinimum.length !== channels || channelMaximum.length !== channels) {
    return 'has not one minimum, maximum and sum per channel';
  }
  if (!channelMinimum.every(Number.isFinite) || !channelMaximum.every(Number.isFinite)) {
    return 'has extremes that are not finite';
  }
  if (channelMinimum.some((low, channel) => low > channelMaximum[channel])) {
    return 'has a minimum above its maximum';
  }
  const total = counts.reduce((sum, entry) => sum + entry, 0);
  if (total !== count || !Number.isSafeInteger(count) || count % channels !== 0 || zeros > count) {
    return 'has counts that contradict each other';
  }
  if (exponent !== fitExponent(LEAST_EXPONENT, minimum, maximum)) return 'has bins of the wrong width';
  const last = first + counts.length - 1;
  if (count > 0 && (binOf(minimum, exponent) !== first || binOf(maximum, exponent) !== last)) {
    return 'has extremes outside of its histogram';
  }
  return undefined;
}

/** Two's complement in the fewest bytes, least significant first; none for 0. */
function integerBytes(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest < -128n || rest > 127n; rest >>= 8n) bytes.push(Number(rest & 255n));
  if (value !== 0n) bytes.push(Number(rest & 255n));
  return Uint8Array.from(bytes);
}

function integer(bytes: Uint8Array): bigint {
  if (bytes.length === 0) return 0n;
  const reversed = Array.from(bytes).reverse();
  const unsigned = BigInt(`0x${hex(Uint8Array.from(reversed))}`);
  return BigInt.asIntN(bytes.length * 8, unsigned);
}
