/** The rules of a profile that hold for one node. */
import type { Node } from '../graph/graph.js';
import { matchesGlob } from './glob.js';
import type { RuledOperator } from './operators.js';
import type { NodeRules, Profile } from './schema.js';
import type { Window } from './window-schema.js';

/** What holds for one node: the profile's rules, replaced field by field by those of its operator and of overrides. */
export type ResolvedRules = Pick<Profile, 'activations' | 'weights' | 'bias' | 'accumulator' | 'requantize'> &
  Pick<NodeRules, 'reciprocals' | 'slopes' | 'table'> & {
    readonly windows: Readonly<Record<string, Window>>;
  };

/** The rules for what no node computes: the inputs of a network. */
export function commonRules(profile: Profile): ResolvedRules {
  const { activations, weights, bias, accumulator, requantize } = profile;
  return { activations, weights, bias, accumulator, requantize, windows: {} };
}

export function rulesFor(
  profile: Profile,
  { name, operator }: Pick<Node, 'name' | 'operator'>,
): ResolvedRules {
  const own = profile.operators[operator as RuledOperator];
  const overrides = profile.overrides.filter(({ nodes }) => matchesGlob(nodes, name));
  return [...(own === undefined ? [] : [own]), ...overrides].reduce(replaceRules, commonRules(profile));
}

/** Rules of which those that `own` gives take the place, field by field. */
export function replaceRules(
  rules: ResolvedRules,
  own: NodeRules | Profile['overrides'][number],
): ResolvedRules {
  const windows = Object.entries({ ...rules.windows, ...own.windows });
  return {
    activations: { ...rules.activations, ...own.activations },
    weights: { ...rules.weights, ...own.weights },
    bias: own.bias ?? rules.bias,
    accumulator: { ...rules.accumulator, ...own.accumulator },
    requantize: replaceRequantize(rules.requantize, own.requantize),
    windows: Object.fromEntries(windows.filter((entry): entry is [string, Window] => entry[1] !== null)),
    reciprocals: own.reciprocals ?? rules.reciprocals,
    slopes: own.slopes ?? rules.slopes,
    table: own.table ?? rules.table,
  };
}

/** Another style has no multiplier, or one of its own. */
function replaceRequantize(
  rules: Profile['requantize'],
  own: NodeRules['requantize'],
): Profile['requantize'] {
  const multiplierBits = own?.style === undefined ? rules.multiplierBits : undefined;
  return { ...rules, multiplierBits, ...own };
}

/** The list of the profile that says that a node's operands have one format; undefined where none does. */
export function sharingField(
  profile: Pick<Profile, 'sharedFormat' | 'sharedInputs'>,
  { operator }: Pick<Node, 'operator'>,
): 'sharedFormat' | 'sharedInputs' | undefined {
  return (['sharedFormat', 'sharedInputs'] as const).find((field) =>
    profile[field].some((other) => other === operator),
  );
}
