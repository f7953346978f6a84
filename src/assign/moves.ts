/** What the constraints moved away from its best position, and which of them holds it there. */
import type { Move } from './formats-file.js';
import { type Assignment, type Choice, type Constraint, holds, type Model } from './model.js';
import type { Placement } from './placement.js';
import type { Problem, ProblemInputs } from './problem.js';

/** Everything that does not have its best position, in the order of the model. */
export function explainMoves(
  { demands, groups }: ProblemInputs,
  { model, variables, limits }: Problem,
  assignment: Assignment,
  placement: Placement,
): Move[] {
  const moves: Move[] = [];
  const note = (
    name: string,
    channel: number | null,
    from: number,
    to: number,
    cause: Constraint | undefined,
  ) => {
    if (from === to) return;
    const { node, rule } = cause ?? {};
    moves.push({ name, channel, from, to, node: node?.name ?? '', constraint: rule ?? 'what others need' });
  };
  const explain = (name: string, choice: Choice) => {
    const index = assignment.get(choice)!;
    const { bits, position } = choice.states[index];
    const best = choice.states.findIndex((state) => state.bits === bits);
    note(name, null, choice.states[best].position, position, causeOf(model, assignment, choice, best));
  };
  for (const group of new Set(groups.values())) explain(group.values[0], variables.value(group.values[0])!);
  for (const [name, { position }] of placement.constants.byName) {
    const weights = variables.weights(name);
    if (weights === undefined) {
      explain(name, variables.operand(name)!);
      continue;
    }
    const { cap, floor, errors } = weights;
    const { bits } = cap.states[assignment.get(cap)!];
    const { best } = errors.get(bits)!;
    const above = causeOf(model, assignment, cap, assignment.get(cap)! - 1);
    const below = assignment.has(floor)
      ? causeOf(model, assignment, floor, assignment.get(floor)! - 1)
      : undefined;
    const readers = demands.filter((demand) => demand.kind === 'product' && demand.weights.name === name);
    for (const [channel, to] of position.bits.entries()) {
      const from = best[channel];
      const limit = cap.states[assignment.get(cap)!].position;
      const cause = to > from ? below : to < Math.min(from, limit) ? undefined : above;
      if (cause !== undefined || to === from) {
        note(name, position.bits.length === 1 ? null : channel, from, to, cause);
        continue;
      }
      const reader = readers.find(({ node, inputs }) => {
        const most = limits.get(node.name)?.limits(placement.value(inputs[0])!);
        return most !== undefined && most[channel] === to;
      });
      const node = reader?.node ?? readers[0].node;
      const rule = limits.get(node.name)?.rule ?? '';
      note(name, position.bits.length === 1 ? null : channel, from, to, { node, rule, alternatives: [] });
    }
  }
  for (const [node, { position }] of placement.constants.biases)
    explain(position.name, variables.bias(node)!);
  return moves;
}

/** The first constraint that another state of one choice would break. */
function causeOf(
  model: Model,
  assignment: Assignment,
  choice: Choice,
  index: number,
): Constraint | undefined {
  if (index < 0 || index === assignment.get(choice)) return undefined;
  const changed = new Map(assignment).set(choice, index);
  const broken = model.constraints.filter(
    (constraint) =>
      constraint.alternatives.some(({ terms }) => terms.some((term) => term.choice === choice)) &&
      !holds(constraint, changed),
  );
  return broken.find(({ rule }) => rule !== undefined) ?? broken[0];
}
