/** Formats from an assignment: what the choices of the model say about every value and constant. */
import type { ConstantChoice, ConstantChoices } from './constants.js';
import type { ProductDemand } from './demands.js';
import type { Assignment, State } from './model.js';
import { createPosition } from './positions.js';
import type { Problem, ProblemInputs } from './problem.js';

export interface Placement {
  /** Width and fraction bits of values; undefined for values that stay float32. */
  value(name: string): State | undefined;
  readonly constants: ConstantChoices;
}

/** Every channel of weights takes its best position within what cap, floor and the registers of all its readers leave. */
export function placeFormats(
  { demands, groups, constants }: ProblemInputs,
  { variables, limits }: Problem,
  assignment: Assignment,
): Placement {
  const products = demands.filter((demand): demand is ProductDemand => demand.kind === 'product');
  const value = (name: string) => {
    const choice = groups.has(name) ? variables.value(name) : undefined;
    return choice?.states[assignment.get(choice)!];
  };
  const placed = (choice: ConstantChoice, bits: number, positions: readonly number[]): ConstantChoice => ({
    ...choice,
    format: { ...choice.format, bits },
    position: createPosition(choice.position.name, positions),
  });
  const place = (name: string, choice: ConstantChoice): ConstantChoice => {
    const weights = variables.weights(name);
    if (weights === undefined) {
      const operand = variables.operand(name)!;
      const { bits, position } = operand.states[assignment.get(operand)!];
      return placed(choice, bits, [position]);
    }
    const { bits, position: cap } = weights.cap.states[assignment.get(weights.cap)!];
    const floorIndex = assignment.get(weights.floor);
    const floor = floorIndex === undefined ? -Infinity : weights.floor.states[floorIndex].position;
    const most = products
      .filter((demand) => demand.weights.name === name)
      .map(({ node, inputs }) => limits.get(node.name)?.limits(value(inputs[0])!))
      .filter((limit) => limit !== undefined);
    const positions = weights.errors.get(bits)!.best.map((best, channel) => {
      const capped = most.reduce((limit, at) => Math.min(limit, at[channel]), Math.min(best, cap));
      return Math.max(floor, capped);
    });
    return placed(choice, bits, positions);
  };
  const biases = [...constants.biases].map(([node, choice]) => {
    const bias = variables.bias(node)!;
    const { bits, position } = bias.states[assignment.get(bias)!];
    return [node, placed(choice, bits, [position])] as const;
  });
  return {
    value,
    constants: {
      byName: new Map([...constants.byName].map(([name, choice]) => [name, place(name, choice)])),
      biases: new Map(biases),
    },
  };
}
