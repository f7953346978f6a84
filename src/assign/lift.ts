/** Profiles without one of their rules: what hardware would be that does not have it. */
import type { RuledOperator } from '../hardware/operators.js';
import type { NodeRules, Override, Pin, Profile } from '../hardware/schema.js';
import type { Window } from '../hardware/window-schema.js';

/** A rule and how a profile becomes one without it; names and indices of other rules stay, so that several can be lifted. */
export interface Lift {
  /** As prices name it. */
  readonly rule: string;
  lift(profile: Profile): Profile;
}

type Rules = NodeRules | Override;
type Change = <R extends Rules>(rules: R) => R;

/** The rules of an operator or of an override. */
interface Place {
  readonly name: string;
  readonly rules: Rules;
  change(profile: Profile, change: Change): Profile;
}

/** The widest register. */
const WIDEST = 64;

/**
 * Each rule of the profile that limits a network of these operators and can be lifted. Widths that hold for all are none: nothing says
 * what would take their place.
 */
export function liftRules(profile: Profile, operators: ReadonlySet<string>): Lift[] {
  return [
    ...liftWindows(profile, operators),
    ...liftSharing(profile, operators),
    ...liftWidths(profile, operators),
    ...liftPins(profile),
    ...liftRegisters(profile),
    ...liftShapes(profile),
    ...liftAlignment(profile),
    ...liftBudgets(profile),
  ];
}

function placesOf({ operators: own, overrides }: Profile, operators: ReadonlySet<string>): Place[] {
  const places: Place[] = [];
  for (const name of operators) {
    const rules = own[name as RuledOperator];
    if (rules === undefined) continue;
    const change = (profile: Profile, change: Change): Profile => ({
      ...profile,
      operators: { ...profile.operators, [name]: change(profile.operators[name as RuledOperator]!) },
    });
    places.push({ name, rules, change });
  }
  for (const [index, rules] of overrides.entries()) {
    const change = (profile: Profile, change: Change): Profile => ({
      ...profile,
      overrides: profile.overrides.with(index, change(profile.overrides[index])),
    });
    places.push({ name: `overrides.${index}`, rules, change });
  }
  return places;
}

/** The profile whose rules, those of all nodes, of operators and of overrides, are changed alike. */
function changeRules(profile: Profile, change: Change): Profile {
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
  for (const { name: place, rules, change } of placesOf(profile, operators)) {
    for (const [name, window] of Object.entries(rules.windows ?? {})) {
      for (const side of ['min', 'max'] as const) {
        const bound = window?.[side];
        if (bound === undefined) continue;
        const text = typeof bound === 'number' ? ` ${bound}` : '';
        lifts.push({
          rule: `windows.${name}.${side}${text} of ${place}`,
          lift: (from) =>
            change(from, (own) => ({
              ...own,
              windows: { ...own.windows, [name]: withoutSide(own.windows?.[name], side) },
            })),
        });
      }
    }
  }
  return lifts;
}

/** Null where nothing is left of the window. */
function withoutSide(window: Window | null | undefined, side: 'min' | 'max'): Window | null {
  if (!window) return null;
  const left = { ...window, [side]: undefined };
  return left.min === undefined && left.max === undefined ? null : left;
}

function liftSharing(profile: Profile, operators: ReadonlySet<string>): Lift[] {
  return (['sharedFormat', 'sharedInputs'] as const).flatMap((field) =>
    profile[field]
      .filter((operator) => operators.has(operator))
      .map((operator) => ({
        rule: `${field} of ${operator}`,
        lift: (from) => ({ ...from, [field]: from[field].filter((other) => other !== operator) }),
      })),
  );
}

/** Widths of operators and overrides, instead of which those of the profile hold. */
export function liftWidths(profile: Profile, operators: ReadonlySet<string>): Lift[] {
  return placesOf(profile, operators).flatMap(({ name, rules, change }) =>
    (['activations', 'weights'] as const).flatMap((field): Lift[] => {
      const bits = rules[field]?.bits;
      if (bits === undefined) return [];
      return [
        {
          rule: `${field}.bits ${bits.join(' or ')} of ${name}`,
          lift: (from) => change(from, (own) => ({ ...own, [field]: withoutBits(own[field]) })),
        },
      ];
    }),
  );
}

function withoutBits(rules: object = {}): object {
  return Object.fromEntries(Object.entries(rules).filter(([field]) => field !== 'bits'));
}

function liftPins({ pins }: Profile): Lift[] {
  return pins.map(({ tensors }, index) => ({
    rule: `pins.${index} of ${tensors}`,
    lift: (profile) => ({ ...profile, pins: profile.pins.with(index, { tensors }) }),
  }));
}

/** Each field of each pin. */
export function liftPinFields({ pins }: Profile): (Lift & { readonly pin: Pin })[] {
  return pins.flatMap((pin, index) =>
    (['bits', 'signed', 'fractionBits'] as const)
      .filter((field) => pin[field] !== undefined)
      .map((field) => ({
        pin,
        rule: `pins.${index}.${field} ${pin[field]} of ${pin.tensors}`,
        lift: (profile) => ({
          ...profile,
          pins: profile.pins.with(index, { ...profile.pins[index], [field]: undefined }),
        }),
      })),
  );
}

function liftRegisters(profile: Profile): Lift[] {
  const lifts: Lift[] = [];
  const all: readonly Rules[] = [profile, ...Object.values(profile.operators), ...profile.overrides];
  const bits = [...new Set(all.flatMap(({ accumulator }) => accumulator?.bits ?? []))];
  if (bits.some((width) => width < WIDEST)) {
    const widen: Change = (rules) => ({
      ...rules,
      ...(rules.accumulator && { accumulator: { ...rules.accumulator, bits: WIDEST } }),
      ...(rules.bias?.position === 'accumulator' && { bias: { ...rules.bias, bits: WIDEST } }),
    });
    lifts.push({ rule: `accumulator.bits ${bits.join(' or ')}`, lift: (from) => changeRules(from, widen) });
  }
  if (all.some(({ accumulator }) => accumulator?.proof === 'required')) {
    const emulate: Change = (rules) => ({
      ...rules,
      ...(rules.accumulator && { accumulator: { ...rules.accumulator, proof: 'emulated' as const } }),
    });
    lifts.push({ rule: 'accumulator.proof required', lift: (from) => changeRules(from, emulate) });
  }
  const own = all.flatMap(({ bias }) => (bias?.position === 'own' ? [bias.bits] : []));
  if (own.length > 0) {
    const register = profile.accumulator.bits;
    const join: Change = (rules) => ({
      ...rules,
      ...(rules.bias && { bias: { position: 'accumulator' as const, bits: register } }),
    });
    const rule = `bias.position own in ${[...new Set(own)].join(' or ')} bits`;
    lifts.push({ rule, lift: (from) => changeRules(from, join) });
  }
  return lifts;
}

/** Signs, the most negative code, scales of channels. */
function liftShapes(profile: Profile): Lift[] {
  const all: readonly Rules[] = [profile, ...Object.values(profile.operators), ...profile.overrides];
  const lift = (rule: string, isRuled: (rules: Rules) => boolean, change: Change): Lift[] =>
    all.some(isRuled) ? [{ rule, lift: (from) => changeRules(from, change) }] : [];
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

function liftAlignment({ channelAlignment: { multiple } }: Profile): Lift[] {
  if (multiple === 1) return [];
  const none = { multiple: 1, rule: 'pad' as const };
  return [
    {
      rule: `channelAlignment.multiple ${multiple}`,
      lift: (profile) => ({ ...profile, channelAlignment: none }),
    },
  ];
}

function liftBudgets(profile: Profile): Lift[] {
  return Object.entries(profile.budgets).flatMap(([name, limit]) =>
    limit === undefined
      ? []
      : [
          {
            rule: `budgets.${name} ${limit}`,
            lift: (from) => ({ ...from, budgets: { ...from.budgets, [name]: undefined } }),
          },
        ],
  );
}
