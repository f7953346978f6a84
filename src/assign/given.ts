/** Fraction bits that the profile gives, as constraints. */
import type { Given } from '../hardware/pins.js';
import type { ConstantChoices } from './constants.js';
import type { Variables } from './constraints.js';
import type { Demand } from './demands.js';
import type { Group } from './groups.js';
import { type Choice, type Constraint, term } from './model.js';

/** Each names the node that writes the value, or one that reads it. Of weights all channels have the position. */
export function givenConstraints(
  demands: readonly Demand[],
  groups: ReadonlyMap<string, Group>,
  { byName, biases }: ConstantChoices,
  { value, operand, weights, bias }: Variables,
): Constraint[] {
  const equal = (choice: Choice, { value: position, rule }: Given<number>, name: string): Constraint => {
    const touches = ({ node }: Demand) => node.outputs.includes(name) || node.inputs.includes(name);
    const row = { terms: [term(choice)], min: position, max: position };
    return {
      node: demands.find(touches)?.node,
      rule: `${rule} ${position} of "${name}"`,
      alternatives: [row],
    };
  };
  const constraints: Constraint[] = [];
  for (const { given, values } of new Set(groups.values())) {
    const choice = value(values[0]);
    if (given !== undefined && choice !== undefined) constraints.push(equal(choice, given, given.of));
  }
  for (const [name, { given }] of byName) {
    if (given === undefined) continue;
    for (const choice of [operand(name), weights(name)?.cap, weights(name)?.floor]) {
      if (choice !== undefined) constraints.push(equal(choice, given, name));
    }
  }
  for (const demand of demands) {
    if (demand.kind !== 'product' || demand.bias === undefined) continue;
    const given = biases.get(demand.node.name)?.given;
    const choice = bias(demand.node.name);
    if (given !== undefined && choice !== undefined) constraints.push(equal(choice, given, demand.bias.name));
  }
  return constraints;
}
