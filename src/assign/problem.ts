/** The whole choice of formats for a network as one model. */

import type { Graph } from '../graph/graph.js';
import { rulesFor } from '../hardware/rules.js';
import type { Profile } from '../hardware/schema.js';
import { collectBudgets } from './budgets.js';
import { createConstantNoise } from './constant-noise.js';
import type { ConstantChoices } from './constants.js';
import { collectConstraints, type Variables } from './constraints.js';
import type { Demand, ProductDemand } from './demands.js';
import { createFitsChoice, followRows, type ProductLimits, productLimits } from './fits.js';
import type { MethodOptions } from './fraction-bits.js';
import type { Gains } from './gains.js';
import { givenConstraints } from './given.js';
import type { Group } from './groups.js';
import { atMost, type Choice, type Constraint, type Model, term } from './model.js';
import {
  createOperandChoice,
  createValueChoice,
  createWeightChoices,
  type WeightChoices,
} from './variables.js';

/** A model and how to read its assignments. */
export interface Problem {
  readonly model: Model;
  readonly variables: Variables;
  /** What the formats of each product's input leave to its weights, by node. */
  readonly limits: ReadonlyMap<string, ProductLimits>;
  /** What these limits cost, by node. */
  readonly fits: ReadonlyMap<string, Choice>;
}

export interface ProblemOptions extends MethodOptions {
  /** What counts of the noise of rounded weights, as a share of its power: see `AssignOptions`. */
  readonly weightNoiseLeft: number;
}

export interface ProblemInputs {
  readonly graph: Graph;
  readonly demands: readonly Demand[];
  readonly profile: Profile;
  readonly groups: ReadonlyMap<string, Group>;
  readonly constants: ConstantChoices;
  readonly gains: Gains;
  readonly options: ProblemOptions;
}

export function createProblem(inputs: ProblemInputs): Problem {
  const { demands, profile, groups } = inputs;
  const values = new Map([...new Set(groups.values())].map((group) => [group, valueChoice(group, inputs)]));
  const { weights, operands, biases } = constantChoices(inputs);
  const used = new Set<Choice>([...values.values(), ...operands.values(), ...biases.values()]);
  for (const { cap } of weights.values()) used.add(cap);
  const variables: Variables = {
    value: (name) => values.get(groups.get(name)!),
    operand: (name) => operands.get(name),
    weights: (name) => weights.get(name),
    bias: (node) => biases.get(node),
  };
  const constraints = [
    ...givenConstraints(demands, groups, inputs.constants, variables),
    ...collectConstraints(demands, profile, variables),
    ...collectBudgets(inputs.graph, demands, profile, variables),
  ];
  for (const { alternatives } of constraints) {
    for (const { terms } of alternatives) for (const { choice } of terms) used.add(choice);
  }
  for (const { cap, floor } of weights.values()) {
    if (!used.has(floor)) continue;
    constraints.push({ alternatives: [atMost(0, term(floor), term(cap, -1))] });
    constraints.push({
      alternatives: [{ terms: [term(floor, 1, 'bits'), term(cap, -1, 'bits')], min: 0, max: 0 }],
    });
  }
  const limits = new Map<string, ProductLimits>();
  const fits = new Map<string, Choice>();
  for (const demand of demands) {
    if (demand.kind !== 'product') continue;
    const found = limitProduct(demand, inputs, variables, used);
    if (found === undefined) continue;
    limits.set(demand.node.name, found.limits);
    if (found.fits !== undefined) fits.set(demand.node.name, found.fits);
    constraints.push(...found.constraints);
  }
  for (const constraint of operandWidths(demands, variables)) constraints.push(constraint);
  return { model: { choices: [...used], constraints }, variables, limits, fits };
}

function valueChoice(group: Group, { gains, options }: ProblemInputs): Choice {
  return createValueChoice(group, gains, options);
}

/** What is chosen for the constants, weighed by what their errors do to the outputs. */
function constantChoices({ demands, groups, constants, gains, options }: ProblemInputs) {
  const products = new Set(
    demands.flatMap((demand) => (demand.kind === 'product' ? [demand.weights.name] : [])),
  );
  const weigh = createConstantNoise(demands, groups, gains, options.weightNoiseLeft);
  const weights = new Map<string, WeightChoices>();
  const operands = new Map<string, Choice>();
  for (const [name, choice] of constants.byName) {
    const weighed = weigh(name, choice.values.length);
    if (products.has(name)) weights.set(name, createWeightChoices(name, choice, options.method, weighed));
    else operands.set(name, createOperandChoice(name, choice, options.method, weighed));
  }
  const biases = new Map<string, Choice>();
  for (const demand of demands) {
    const choice = constants.biases.get(demand.node.name);
    if (demand.kind !== 'product' || choice === undefined) continue;
    const { name } = demand.bias!;
    const weighed = weigh(name, choice.values.length, [{ output: demand.output, added: true }]);
    biases.set(demand.node.name, createOperandChoice(name, choice, options.method, weighed));
  }
  return { weights, operands, biases };
}

function limitProduct(
  demand: ProductDemand,
  { profile, groups }: ProblemInputs,
  { value, weights }: Variables,
  used: Set<Choice>,
): { limits: ProductLimits; fits: Choice | undefined; constraints: Constraint[] } | undefined {
  const input = value(demand.inputs[0]);
  const choices = weights(demand.weights.name);
  if (input === undefined || choices === undefined) return undefined;
  const { node } = demand;
  const rules = rulesFor(profile, node);
  const [{ best }] = choices.errors.values();
  const found = productLimits(demand, rules, best.length, groups.get(demand.inputs[0])!.format);
  if (found === undefined) return undefined;
  const constraints = found
    .rows(choices, input, used)
    .map((row): Constraint => ({ node, rule: found.rule, alternatives: [row] }));
  const fits = createFitsChoice(node.name, input, choices, found.limits);
  if (fits !== undefined) {
    used.add(fits);
    for (const row of followRows(fits, input, choices)) constraints.push({ alternatives: [row] });
  }
  return { limits: found, fits, constraints };
}

/** Constant operands are as wide as the values that they make. */
export function operandWidths(
  demands: readonly Demand[],
  { value, operand }: Pick<Variables, 'value' | 'operand'>,
): Constraint[] {
  return demands.flatMap((demand) => {
    if (demand.kind !== 'sum' && demand.kind !== 'multiplication') return [];
    const output = value(demand.output);
    if (output === undefined) return [];
    return demand.constants.flatMap(({ name }) => {
      const choice = operand(name);
      if (choice === undefined) return [];
      return [
        { alternatives: [{ terms: [term(choice, 1, 'bits'), term(output, -1, 'bits')], min: 0, max: 0 }] },
      ];
    });
  });
}
