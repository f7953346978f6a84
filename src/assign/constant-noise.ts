/** What errors of constants do to the outputs. */
import type { Demand } from './demands.js';
import type { Gains } from './gains.js';
import type { Group } from './groups.js';
import type { Weigh } from './variables.js';

/** A node that reads a constant, by its output; `added`: the constant is a term of the result, not a factor. */
interface Reader {
  readonly output: string;
  readonly added: boolean;
}

/**
 * Weighs the errors of constants by name and number of elements: by measured gains, else by what the nodes that read them pass on.
 * `weightNoiseLeft`: what counts of the errors of weights.
 */
export function createConstantNoise(
  demands: readonly Demand[],
  groups: ReadonlyMap<string, Group>,
  gains: Gains,
  weightNoiseLeft: number,
): (name: string, elements: number, uses?: readonly Reader[]) => Weigh {
  const readers = findReaders(demands);
  const weights = new Set(
    demands.flatMap((demand) => (demand.kind === 'product' ? [demand.weights.name] : [])),
  );
  return (name, elements, uses = readers.get(name) ?? []) => {
    const counts = weights.has(name) ? weightNoiseLeft : 1;
    return (squares, power) => {
      const error = counts * squares;
      const gain = gains.ofConstant(name);
      if (gain !== undefined) return gain * error;
      return uses.reduce((sum, { output, added }) => {
        if (!groups.has(output)) return sum;
        const share = gains.share(output);
        if (!added) return sum + (power === 0 ? 0 : (share * error) / power);
        const mean = gains.meanSquare(output);
        return sum + (mean === 0 ? 0 : (share * error) / elements / mean);
      }, 0);
    };
  };
}

function findReaders(demands: readonly Demand[]): Map<string, Reader[]> {
  const readers = new Map<string, Reader[]>();
  const note = (name: string, output: string, added: boolean) =>
    readers.set(name, [...(readers.get(name) ?? []), { output, added }]);
  for (const demand of demands) {
    if (demand.kind === 'product') note(demand.weights.name, demand.output, false);
    if (demand.kind === 'slope') note(demand.slopes.name, demand.output, false);
    if (demand.kind === 'sum') for (const { name } of demand.constants) note(name, demand.output, true);
    if (demand.kind === 'multiplication')
      for (const { name } of demand.constants) note(name, demand.output, false);
  }
  return readers;
}
