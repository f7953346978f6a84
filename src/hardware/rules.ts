/** The rules of a profile that hold for one operator. */
import type { HardwareProfile, OperatorRules, RuledOperator } from './schema.js';

/** What holds for one operator: the profile's rules, replaced field by field by those of the operator. */
export type ResolvedRules = Pick<
  HardwareProfile,
  'activations' | 'weights' | 'bias' | 'accumulator' | 'requantize'
> &
  Required<Pick<OperatorRules, 'positions' | 'shifts'>>;

export function rulesFor(profile: HardwareProfile, operator: string): ResolvedRules {
  const own = profile.operators[operator as RuledOperator] ?? {};
  return {
    activations: { ...profile.activations, ...own.activations },
    weights: { ...profile.weights, ...own.weights },
    bias: own.bias ?? profile.bias,
    accumulator: { ...profile.accumulator, ...own.accumulator },
    requantize: { ...profile.requantize, ...own.requantize },
    positions: own.positions ?? {},
    shifts: own.shifts ?? {},
  };
}
