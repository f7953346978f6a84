/** Profiles without one of their rules: what hardware would be that does not have it. */
import type { RuledOperator } from '../hardware/operators.js';
import type { NodeRules, Profile } from '../hardware/schema.js';

export interface Lift {
  /** As prices name it. */
  readonly rule: string;
  readonly profile: Profile;
}

type Rules = NodeRules | Profile['overrides'][number];

/** The widest register. */
const WIDEST = 64;

/**
 * The profile without each of its rules that limits a network of these operators. Widths of codes are no rules here: nothing says
 * what would take their place.
 */
export function liftRules(profile: Profile, operators: ReadonlySet<string>): Lift[] {
  return [
    ...liftWindows(profile, operators),
    ...liftSharing(profile, operators),
    ...liftPins(profile),
    ...liftRegisters(profile),
    ...liftShapes(profile),
    ...liftBudgets(profile),
  ];
}

/** The profile whose rules, those of all nodes, of operators and of overrides, are changed alike. */
function changeRules(profile: Profile, change: <R extends Rules>(rules: R) => R): Profile {
  const { activations, weights, bias, accumulator } = profile;
  const {
    activations: a,
    weights: w,
    bias: b,
    accumulator: c,
  } = change({ activations, weights, bias, accumulator });
  return {
    ...profile,
    activations: { ...activations, ...a },
    weights: { ...weights, ...w },
    bias: b ?? bias,
    accumulator: { ...accumulator, ...c },
    operators: Object.fromEntries(
      Object.entries(profile.operators).map(([operator, rules]) => [operator, rules && change(rules)]),
    ),
    overrides: profile.overrides.map((rules) => change(rules)),
  };
}

function liftWindows(profile: Profile, operators: ReadonlySet<string>): Lift[] {
  const lifts: Lift[] = [];
  const visit = <R extends Rules>(rules: R, place: string, replace: (rules: R) => Profile) => {
    for (const [name, window] of Object.entries(rules.windows ?? {})) {
      for (const side of ['min', 'max'] as const) {
        const bound = window?.[side];
        if (!window || bound === undefined) continue;
        const left = { ...window, [side]: undefined };
        const isLeft = left.min !== undefined || left.max !== undefined;
        const windows = { ...rules.windows, [name]: isLeft ? left : null };
        const text = typeof bound === 'number' ? ` ${bound}` : '';
        lifts.push({
          rule: `windows.${name}.${side}${text} of ${place}`,
          profile: replace({ ...rules, windows }),
        });
      }
    }
  };
  for (const operator of operators) {
    const rules = profile.operators[operator as RuledOperator];
    if (rules === undefined) continue;
    visit(rules, operator, (changed) => ({
      ...profile,
      operators: { ...profile.operators, [operator]: changed },
    }));
  }
  for (const [index, rules] of profile.overrides.entries()) {
    visit(rules, `overrides.${index}`, (changed) => ({
      ...profile,
      overrides: profile.overrides.with(index, changed),
    }));
  }
  return lifts;
}

function liftSharing(profile: Profile, operators: ReadonlySet<string>): Lift[] {
  return (['sharedFormat', 'sharedInputs'] as const).flatMap((field) =>
    profile[field]
      .filter((operator) => operators.has(operator))
      .map((operator) => ({
        rule: `${field} of ${operator}`,
        profile: { ...profile, [field]: profile[field].filter((other) => other !== operator) },
      })),
  );
}

function liftPins(profile: Profile): Lift[] {
  return profile.pins.map(({ tensors }, index) => ({
    rule: `pins.${index} of ${tensors}`,
    profile: { ...profile, pins: profile.pins.toSpliced(index, 1) },
  }));
}

function liftRegisters(profile: Profile): Lift[] {
  const lifts: Lift[] = [];
  const all: readonly Rules[] = [profile, ...Object.values(profile.operators), ...profile.overrides];
  const bits = [...new Set(all.flatMap(({ accumulator }) => accumulator?.bits ?? []))];
  if (bits.some((width) => width < WIDEST)) {
    const widened = changeRules(profile, (rules) => ({
      ...rules,
      ...(rules.accumulator && { accumulator: { ...rules.accumulator, bits: WIDEST } }),
      ...(rules.bias?.position === 'accumulator' && { bias: { ...rules.bias, bits: WIDEST } }),
    }));
    lifts.push({ rule: `accumulator.bits ${bits.join(' or ')}`, profile: widened });
  }
  if (all.some(({ accumulator }) => accumulator?.proof === 'required')) {
    const emulated = changeRules(profile, (rules) => ({
      ...rules,
      ...(rules.accumulator && { accumulator: { ...rules.accumulator, proof: 'emulated' as const } }),
    }));
    lifts.push({ rule: 'accumulator.proof required', profile: emulated });
  }
  const own = all.flatMap(({ bias }) => (bias?.position === 'own' ? [bias.bits] : []));
  if (own.length > 0) {
    const register = profile.accumulator.bits;
    const joined = changeRules(profile, (rules) => ({
      ...rules,
      ...(rules.bias && { bias: { position: 'accumulator' as const, bits: register } }),
    }));
    lifts.push({ rule: `bias.position own in ${[...new Set(own)].join(' or ')} bits`, profile: joined });
  }
  return lifts;
}

/** Signs, the most negative code, scales of channels. */
function liftShapes(profile: Profile): Lift[] {
  const all: readonly Rules[] = [profile, ...Object.values(profile.operators), ...profile.overrides];
  const lift = (
    rule: string,
    isRuled: (rules: Rules) => boolean,
    change: <R extends Rules>(rules: R) => R,
  ) => (all.some(isRuled) ? [{ rule, profile: changeRules(profile, change) }] : []);
  return [
    ...lift(
      'activations.signed always',
      ({ activations }) => activations?.signed === 'always',
      (rules) => ({
        ...rules,
        ...(rules.activations && { activations: { ...rules.activations, signed: 'asNeeded' as const } }),
      }),
    ),
    ...lift(
      'activations.narrow',
      ({ activations }) => activations?.narrow === true,
      (rules) => ({
        ...rules,
        ...(rules.activations && { activations: { ...rules.activations, narrow: false } }),
      }),
    ),
    ...lift(
      'weights.narrow',
      ({ weights }) => weights?.narrow === true,
      (rules) => ({ ...rules, ...(rules.weights && { weights: { ...rules.weights, narrow: false } }) }),
    ),
    ...lift(
      'weights.perChannel false',
      ({ weights }) => weights?.perChannel === false,
      (rules) => ({ ...rules, ...(rules.weights && { weights: { ...rules.weights, perChannel: true } }) }),
    ),
  ];
}

function liftBudgets(profile: Profile): Lift[] {
  return Object.entries(profile.budgets).flatMap(([name, limit]) =>
    limit === undefined
      ? []
      : [
          {
            rule: `budgets.${name} ${limit}`,
            profile: { ...profile, budgets: { ...profile.budgets, [name]: undefined } },
          },
        ],
  );
}
