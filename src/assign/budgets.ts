/** The budgets of a profile as rows: bytes, bit operations and wide multiplications of the whole network. */
import type { Graph } from '../graph/graph.js';
import { rulesFor } from '../hardware/rules.js';
import type { Profile } from '../hardware/schema.js';
import { elementCount } from '../shape.js';
import type { Variables } from './constraints.js';
import type { Demand, ProductDemand } from './demands.js';
import { atLeast, atMost, type Choice, type Constraint, type Term, term } from './model.js';

/** What has a width. */
type Widths = Pick<Variables, 'value' | 'operand'> & {
  weights(name: string): { readonly cap: Choice } | undefined;
};

/** Multiplications of one node, and what is multiplied. */
interface Multiplications {
  readonly node: Demand['node'];
  readonly count: number;
  readonly operands: readonly Choice[];
}

/** All budgets that the profile gives, with the helpers that they need. */
export function collectBudgets(
  graph: Graph,
  demands: readonly Demand[],
  profile: Profile,
  variables: Widths,
): Constraint[] {
  const { weightBytes, activationBytes, bitOperations, wideMacShare } = profile.budgets;
  const constraints: Constraint[] = [];
  if (weightBytes !== undefined) constraints.push(weightBudget(demands, profile, variables, weightBytes));
  if (activationBytes !== undefined) {
    constraints.push(...activationBudgets(graph, demands, profile, variables, activationBytes));
  }
  if (bitOperations === undefined && wideMacShare === undefined) return constraints;
  const all = multiplications(graph, demands, profile, variables);
  if (bitOperations !== undefined) constraints.push(...operationBudget(all, bitOperations));
  if (wideMacShare !== undefined) constraints.push(...wideBudget(all, wideMacShare));
  return constraints;
}

/** Channels as the hardware fills them up. */
function filled(channels: number, { channelAlignment: { multiple, rule } }: Profile): number {
  return rule === 'pad' ? Math.ceil(channels / multiple) * multiple : channels;
}

/** Weights [O, C, ...] of a product, with channels filled up; single input channels, those of a depthwise product, stay single. */
function weightCount({ weights }: ProductDemand, profile: Profile): { outputs: number; depth: number } {
  const [outputs, channels = 1, ...kernel] = weights.tensor.shape;
  const depth = (channels === 1 ? 1 : filled(channels, profile)) * elementCount(kernel);
  return { outputs: filled(outputs, profile), depth };
}

function weightBudget(
  demands: readonly Demand[],
  profile: Profile,
  { weights }: Widths,
  limit: number,
): Constraint {
  const terms = new Map<string, Term>();
  let biases = 0;
  for (const demand of demands) {
    if (demand.kind !== 'product') continue;
    const { outputs, depth } = weightCount(demand, profile);
    if (demand.bias !== undefined) biases += outputs * rulesFor(profile, demand.node).bias.bits;
    const choices = weights(demand.weights.name);
    if (choices !== undefined) terms.set(demand.weights.name, term(choices.cap, outputs * depth, 'bits'));
  }
  const row = atMost(Math.floor(8 * limit) - biases, ...terms.values());
  return { rule: `budgets.weightBytes ${limit}`, alternatives: [row], budget: { limit, unit: 8 } };
}

/** One row for each node: what is read later, what it reads and what it writes. Values that are only renamed count once. */
function activationBudgets(
  graph: Graph,
  demands: readonly Demand[],
  profile: Profile,
  { value }: Widths,
  limit: number,
): Constraint[] {
  const roots = new Map<string, string>();
  const rootOf = (name: string) => roots.get(name) ?? name;
  const lives = new Map<string, { from: number; to: number }>();
  const use = (name: string, at: number) => {
    const root = rootOf(name);
    lives.set(root, { from: lives.get(root)?.from ?? at, to: at });
  };
  for (const { name } of graph.inputs) use(name, 0);
  for (const [at, { kind, inputs, output }] of demands.entries()) {
    if (kind === 'alias') roots.set(output, rootOf(inputs[0]));
    for (const name of [...inputs, output]) use(name, at);
  }
  for (const name of graph.outputs) if (lives.has(rootOf(name))) use(name, demands.length);
  const size = (name: string) => {
    const [batch, channels = 1, ...rest] = graph.types.get(name)?.shape ?? [0];
    return batch * filled(channels, profile) * elementCount(rest);
  };
  const rule = `budgets.activationBytes ${limit}`;
  return demands.map(({ node }, at): Constraint => {
    const terms = [...lives].flatMap(([name, { from, to }]) => {
      const choice = from <= at && at <= to ? value(name) : undefined;
      return choice === undefined ? [] : [term(choice, size(name), 'bits')];
    });
    const alternatives = [atMost(Math.floor(8 * limit), ...terms)];
    return { node, rule, alternatives, budget: { limit, unit: 8 } };
  });
}

function multiplications(
  { types }: Graph,
  demands: readonly Demand[],
  profile: Profile,
  { value, weights, operand }: Widths,
): Multiplications[] {
  const shapeOf = (name: string) => types.get(name)?.shape ?? [];
  const all: { demand: Demand; count: number; operands: (Choice | undefined)[] }[] = [];
  for (const demand of demands) {
    const output = shapeOf(demand.output);
    if (demand.kind === 'product') {
      const { outputs, depth } = weightCount(demand, profile);
      const positions = elementCount(output) / demand.weights.tensor.shape[0];
      const operands = [value(demand.inputs[0]), weights(demand.weights.name)?.cap];
      all.push({ demand, count: positions * outputs * depth, operands });
    } else if (demand.kind === 'multiplication' && demand.node.operator === 'MatMul') {
      const [first] = demand.node.inputs;
      const shape = demand.constants.find(({ name }) => name === first)?.tensor.shape ?? shapeOf(first);
      const operands = demand.node.inputs.map((name) => value(name) ?? operand(name));
      all.push({ demand, count: elementCount(output) * (shape.at(-1) ?? 1), operands });
    }
  }
  return all.map(({ demand: { node }, count, operands }) => {
    return { node, count, operands: operands.filter((choice) => choice !== undefined) };
  });
}

const hasWide = ({ states }: Choice) => states.some(({ bits }) => bits > 8);

/** A helper for each node that is 1 where either operand has more than 8 bits. */
function wideBudget(all: readonly Multiplications[], share: number): Constraint[] {
  const constraints: Constraint[] = [];
  const terms: Term[] = [];
  for (const { node, count, operands } of all) {
    const wide = operands.filter(hasWide);
    if (wide.length === 0) continue;
    const isWide = wide.some(({ states }) => states.every(({ bits }) => bits > 8));
    const states = (isWide ? [1] : [0, 1]).map((position) => ({ bits: 0, position }));
    const choice: Choice = { name: `${node.name}: wide`, states, kind: 'ordered', cost: () => 0 };
    for (const operand of wide) {
      constraints.push({ alternatives: [atLeast(0, term(choice), term(operand, -1, 'wide'))] });
    }
    terms.push(term(choice, count));
  }
  const total = all.reduce((sum, { count }) => sum + count, 0);
  const row = atMost(Math.floor(share * total), ...terms);
  const budget = { limit: share, unit: total, decimals: 4 };
  return [...constraints, { rule: `budgets.wideMacShare ${share}`, alternatives: [row], budget }];
}

/** A helper for each node whose states are pairs of the operands' widths. */
function operationBudget(all: readonly Multiplications[], limit: number): Constraint[] {
  const constraints: Constraint[] = [];
  const terms: Term[] = [];
  const widths = ({ states }: Choice) => [...new Set(states.map(({ bits }) => bits))];
  for (const { node, count, operands } of all) {
    if (operands.length < 2) continue;
    const [first, second] = operands;
    const states = widths(first).flatMap((bits) => widths(second).map((position) => ({ bits, position })));
    const choice: Choice = { name: `${node.name}: bits`, states, kind: 'bound', cost: () => 0 };
    const equal = (own: Term, other: Term) =>
      constraints.push({ alternatives: [{ terms: [own, other], min: 0, max: 0 }] });
    equal(term(choice, 1, 'bits'), term(first, -1, 'bits'));
    equal(term(choice), term(second, -1, 'bits'));
    terms.push(term(choice, count, 'product'));
  }
  return [
    ...constraints,
    {
      rule: `budgets.bitOperations ${limit}`,
      alternatives: [atMost(limit, ...terms)],
      budget: { limit, unit: 1 },
    },
  ];
}
