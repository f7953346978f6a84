/** The windows of a profile at the nodes of a graph: limits of sums of fraction bits and widths. */
import type { Node } from '../graph/graph.js';
import type { ResolvedRules } from '../hardware/rules.js';
import {
  type Affine,
  boundsOf,
  type Condition,
  type Term,
  type Window,
  windowTerms,
} from '../hardware/window-schema.js';
import type { Demand } from './demands.js';

/** Something with a position: a value, a constant, or the bias of a node that has fraction bits of its own. */
export interface Subject {
  readonly kind: 'value' | 'constant' | 'bias';
  /** Name of the value or constant; of the node for a bias. */
  readonly name: string;
}

/** A number that a format has: its fraction bits, its width, or the greatest or least fraction bits among several. */
export interface Variable {
  readonly kind: 'position' | 'width' | 'finest' | 'coarsest';
  /** One, but for `finest` and `coarsest`. */
  readonly subjects: readonly Subject[];
}

/** constant + the variables, each times its factor. */
export interface Sum {
  readonly constant: number;
  readonly parts: readonly { readonly factor: number; readonly variable: Variable }[];
}

/** One side of a window at one node: the sum is at most (`max`) or at least (`min`) the least or greatest of the bounds. */
export interface WindowLimit {
  readonly node: Node;
  /** As messages name it, e.g. `windows.shiftCut.max 16 of Conv`. */
  readonly rule: string;
  readonly sum: Sum;
  readonly side: 'min' | 'max';
  readonly of: 'least' | 'greatest';
  readonly bounds: readonly Sum[];
}

/** Operators around every node, which conditions ask for. */
export interface Neighbours {
  /** Operators that read the output of a demand. */
  readers(demand: Demand): ReadonlySet<string>;
  /** Operators that compute the inputs of a demand. */
  writers(demand: Demand): ReadonlySet<string>;
}

export function findNeighbours(demands: readonly Demand[]): Neighbours {
  const producers = new Map(demands.map(({ output, node }) => [output, node.operator]));
  const consumers = new Map<string, Set<string>>();
  for (const { inputs, node } of demands) {
    for (const input of inputs) {
      consumers.set(input, (consumers.get(input) ?? new Set<string>()).add(node.operator));
    }
  }
  return {
    readers: ({ output }) => consumers.get(output) ?? new Set(),
    writers: ({ inputs }) =>
      new Set(inputs.map((input) => producers.get(input)).filter((operator) => operator !== undefined)),
  };
}

/**
 * All limits of a demand. `isPlaced` says whether something has a format with fraction bits: a window that counts something
 * else, such as the weights of a product of two values or a bias at the accumulator's position, does not hold for the node.
 */
export function windowLimits(
  demand: Demand,
  { windows }: Pick<ResolvedRules, 'windows'>,
  neighbours: Neighbours,
  isPlaced: (subject: Subject) => boolean,
): WindowLimit[] {
  const limits: WindowLimit[] = [];
  for (const [name, window] of Object.entries(windows)) {
    if (!holds(window.when, demand, neighbours)) continue;
    const terms = windowTerms(window);
    for (const input of terms.has('input') || terms.has('inputBits') ? operandsOf(demand) : [undefined]) {
      for (const side of ['min', 'max'] as const) {
        const limit = limitOf(demand, name, window, side, input);
        if (limit !== undefined && subjectsOf(limit).every(isPlaced)) limits.push(limit);
      }
    }
  }
  return limits;
}

/** Value of a sum in one channel. */
export function evaluateSum(
  { constant, parts }: Sum,
  value: (variable: Variable, channel: number) => number,
  channel = 0,
): number {
  return parts.reduce((sum, { factor, variable }) => sum + factor * value(variable, channel), constant);
}

function limitOf(
  demand: Demand,
  name: string,
  window: Window,
  side: 'min' | 'max',
  input: Subject | undefined,
): WindowLimit | undefined {
  const bound = window[side];
  if (bound === undefined) return undefined;
  const sum = (affine: Affine): Sum => ({
    constant: affine.constant ?? 0,
    parts: Object.entries(affine.terms).flatMap(([term, factor]) =>
      variablesOf(demand, term as Term, input).map((variable) => ({ factor, variable })),
    ),
  });
  const { node } = demand;
  const text = typeof bound === 'number' ? ` ${bound}` : '';
  return {
    node,
    rule: `windows.${name}.${side}${text} of ${node.operator}`,
    sum: sum({ terms: window.terms }),
    side,
    of: typeof bound === 'object' && 'least' in bound ? 'least' : 'greatest',
    bounds: boundsOf(bound).map((entry) =>
      typeof entry === 'number' ? { constant: entry, parts: [] } : sum(entry),
    ),
  };
}

function variablesOf(demand: Demand, term: Term, input: Subject | undefined): Variable[] {
  const position = (subject: Subject): Variable => ({ kind: 'position', subjects: [subject] });
  const width = (subject: Subject): Variable => ({ kind: 'width', subjects: [subject] });
  const output: Subject = { kind: 'value', name: demand.output };
  const weights: Subject = {
    kind: 'constant',
    name: demand.kind === 'product' ? demand.weights.name : '',
  };
  switch (term) {
    case 'input':
      return [position(input!)];
    case 'inputBits':
      return [width(input!)];
    case 'inputs':
      return operandsOf(demand).map(position);
    case 'finestInput':
      return [{ kind: 'finest', subjects: operandsOf(demand) }];
    case 'coarsestInput':
      return [{ kind: 'coarsest', subjects: operandsOf(demand) }];
    case 'output':
      return [position(output)];
    case 'outputBits':
      return [width(output)];
    case 'weights':
      return [position(weights)];
    case 'weightsBits':
      return [width(weights)];
    case 'bias':
      return [position({ kind: 'bias', name: demand.node.name })];
  }
}

/** Inputs and constant operands; weights and slopes are none. */
function operandsOf(demand: Demand): Subject[] {
  const constants = 'constants' in demand ? demand.constants : [];
  return [
    ...demand.inputs.map((name): Subject => ({ kind: 'value', name })),
    ...constants.map(({ name }): Subject => ({ kind: 'constant', name })),
  ];
}

function subjectsOf({ sum, bounds }: WindowLimit): Subject[] {
  return [sum, ...bounds].flatMap(({ parts }) => parts.flatMap(({ variable }) => variable.subjects));
}

function holds(when: Condition | undefined, demand: Demand, neighbours: Neighbours): boolean {
  const readers = neighbours.readers(demand);
  const writers = neighbours.writers(demand);
  const some = (operators: readonly string[], found: ReadonlySet<string>) =>
    operators.some((operator) => found.has(operator));
  const { followedBy, notFollowedBy, fedBy, notFedBy } = when ?? {};
  return (
    (followedBy === undefined || some(followedBy, readers)) &&
    (notFollowedBy === undefined || !some(notFollowedBy, readers)) &&
    (fedBy === undefined || some(fedBy, writers)) &&
    (notFedBy === undefined || !some(notFedBy, writers))
  );
}
