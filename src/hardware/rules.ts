/** The rules of a profile that hold for one operator. */
import type { OperatorRules, Profile, RuledOperator } from './schema.js';

/** What holds for one operator: the profile's rules, replaced field by field by those of the operator. */
export type ResolvedRules = Pick<Profile, 'activations' | 'weights' | 'bias' | 'accumulator' | 'requantize'> &
  Required<Pick<OperatorRules, 'positions' | 'shifts'>> &
  Pick<OperatorRules, 'reciprocals' | 'table'>;

export function rulesFor(profile: Profile, operator: string): ResolvedRules {
  const own = profile.operators[operator as RuledOperator] ?? {};
  return {
    activations: { ...profile.activations, ...own.activations },
    weights: { ...profile.weights, ...own.weights },
    bias: own.bias ?? profile.bias,
    accumulator: { ...profile.accumulator, ...own.accumulator },
    requantize: { ...profile.requantize, ...own.requantize },
    positions: own.positions ?? {},
    shifts: own.shifts ?? {},
    reciprocals: own.reciprocals,
    table: own.table,
  };
}
