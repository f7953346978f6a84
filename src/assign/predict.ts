/** What an assignment is expected to do. */
import { codeRange } from '../formats/format.js';
import type { Problem, ProblemInputs } from './problem.js';
import type { Solution } from './solve.js';
import { valueNoise } from './variables.js';

/**
 * Predicted noise at the outputs, relative to their power. The cost of a solution is that, unless another method than least squares
 * says which positions of values are best.
 */
export function predictNoise(
  { groups, gains, options }: ProblemInputs,
  { variables }: Problem,
  { assignment, cost }: Solution,
): number {
  if (options.method === 'leastSquares') return cost;
  let noise = cost;
  for (const group of new Set(groups.values())) {
    const choice = variables.value(group.values[0])!;
    const index = assignment.get(choice)!;
    const { bits, position } = choice.states[index];
    noise += valueNoise(group, position, codeRange({ ...group.format, bits }), gains) - choice.cost(index);
  }
  return noise;
}
