/** Why a tensor has its format, in words. */
import type { FormatsFile, Move, Reason } from '../assign/formats-file.js';

const METHODS: Readonly<Record<Reason['method'], string>> = {
  leastSquares: 'least squared error',
  minmax: 'smallest range that holds every value',
  percentile: 'percentile of the values',
  entropy: 'least relative entropy',
  zeros: 'nothing but zeros seen',
};

/** Values that a tensor shares its format with and that are named; of more, the number. */
const MOST_NAMED = 3;

/** In one line; '' where the file says nothing of the tensor. */
export function explainFormat({ reasons, moves }: FormatsFile, name: string): string {
  const reason = reasons[name];
  if (reason === undefined) return '';
  const { method, sqnr, clipped, sources = [] } = reason;
  const predicted = sqnr === null ? 'nothing lost' : `${sqnr.toFixed(1)} dB predicted`;
  const outside = clipped === 0 ? 'none clipped' : `${Number((100 * clipped).toPrecision(2))} % clipped`;
  const own = moves.filter((move) => move.name === name);
  return [`${METHODS[method]}: ${predicted}, ${outside}`, ...shared(sources, name), ...moved(own)].join('; ');
}

function shared(sources: readonly string[], name: string): string[] {
  const others = sources.filter((source) => source !== name);
  if (others.length === 0) return [];
  const named = others.slice(0, MOST_NAMED).join(', ');
  const unnamed = others.length > MOST_NAMED ? ` and ${others.length - MOST_NAMED} more` : '';
  return [`format shared with ${named}${unnamed}`];
}

/** Channels that the same constraint moved are counted. */
function moved(moves: readonly Move[]): string[] {
  const causes = new Map<string, Move[]>();
  for (const move of moves) {
    const cause = move.node === '' ? move.constraint : `${move.constraint} at ${move.node}`;
    causes.set(cause, [...(causes.get(cause) ?? []), move]);
  }
  return [...causes].map(([cause, [{ channel, from, to }, ...others]]) => {
    if (channel === null) return `moved from ${from} to ${to} fraction bits by ${cause}`;
    return `${others.length === 0 ? 'one channel' : `${others.length + 1} channels`} moved by ${cause}`;
  });
}
