import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConstraintError } from '#src/errors.js';
import { RULED_OPERATORS } from '#src/hardware/operators.js';
import { BUILT_IN_PROFILES, loadProfile, parseProfile } from '#src/hardware/profile.js';
import { rulesFor } from '#src/hardware/rules.js';
import { profileJsonSchema } from '#src/hardware/schema.js';
import { operators } from '#src/operators/index.js';

const shift = { terms: { input: 1, weights: 1, output: -1 }, min: 0, max: 16 };

/** The int8 profile with fields replaced. */
function changed(change: object): string {
  return JSON.stringify({ ...loadProfile('generic-int8'), ...change });
}

describe('built-in profiles', () => {
  test.each(BUILT_IN_PROFILES)('%s loads under its own name', (name) => {
    expect(loadProfile(name).name).toBe(name);
  });

  test('are what the documentation promises', () => {
    const int8 = loadProfile('generic-int8');
    expect(int8.activations).toEqual({ bits: [8], signed: 'always', narrow: false, zeroPoints: [] });
    expect(int8.weights).toEqual({ bits: [8], narrow: false, perChannel: true });
    expect(int8.bias).toEqual({ position: 'accumulator', bits: 32 });
    expect(int8.accumulator.bits).toBe(32);
    expect(int8.requantize).toEqual({ style: 'shift', rounding: 'halfEven', overflow: 'saturate' });
    const int16 = loadProfile('generic-int16');
    expect(int16.activations.bits).toEqual([16]);
    expect(int16.weights.bits).toEqual([16]);
    expect(int16.bias).toEqual({ position: 'accumulator', bits: 64 });
    expect(int16.accumulator.bits).toBe(64);
  });

  test('rules can be set for operators that are lowered, and only for these', () => {
    for (const name of RULED_OPERATORS) expect(operators.get(name)?.lower).toBeDefined();
  });
});

test('a file is a profile, and rules of an operator replace those for all field by field', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'dynafix-')), 'mine.json');
  writeFileSync(path, changed({ operators: { Conv: { accumulator: { bits: 40 }, windows: { shift } } } }));
  const profile = loadProfile(path);
  expect(rulesFor(profile, { name: 'a', operator: 'Conv' }).accumulator).toEqual({
    ...profile.accumulator,
    bits: 40,
  });
  expect(rulesFor(profile, { name: 'a', operator: 'Conv' }).windows).toEqual({ shift });
  expect(rulesFor(profile, { name: 'a', operator: 'Gemm' }).accumulator).toEqual(profile.accumulator);
});

interface ObjectSchema {
  readonly properties: object;
  readonly required: readonly string[];
  readonly additionalProperties: boolean;
}

test('the JSON Schema names every field and refuses others; all are required but where another profile is extended', () => {
  const schema = profileJsonSchema() as { then: ObjectSchema; else: ObjectSchema };
  const fields = Object.keys(loadProfile('generic-int8')).sort();
  expect(Object.keys(schema.else.properties).sort()).toEqual(fields);
  expect(schema.else.required.toSorted()).toEqual(fields.filter((field) => field !== '$schema'));
  expect(Object.keys(schema.then.properties).sort()).toEqual([...fields, 'extends'].sort());
  expect(schema.then.required).toEqual(['name', 'description']);
  expect(JSON.stringify(schema.then).match(/"required":/g)).toHaveLength(1);
  for (const { additionalProperties } of [schema.then, schema.else]) expect(additionalProperties).toBe(false);
});

describe('a profile that extends another', () => {
  test('is offered the names of all that can be extended, for editors', () => {
    const { then } = profileJsonSchema() as { then: { properties: { extends: object } } };
    expect(then.properties.extends).toMatchObject({ enum: BUILT_IN_PROFILES });
  });

  const extend = (change: object) =>
    parseProfile(JSON.stringify({ name: 'mine', description: 'Mine.', ...change }), 'mine.json');

  test('has its fields: objects are merged, anything else is replaced', () => {
    const base = loadProfile('dpu-int8');
    const weights = { bits: [4] };
    const operators = { Conv: { windows: { shiftCut: { max: 8 } } } };
    const { $schema: _, ...expected } = structuredClone({ ...base, name: 'mine', description: 'Mine.' });
    expected.weights.bits = [4];
    expected.operators.Conv!.windows!.shiftCut.max = 8;
    const { $schema, ...found } = extend({ extends: 'dpu-int8', weights, operators });
    expect(found).toEqual(expected);
  });

  test('may itself be extended', () => {
    expect(extend({ extends: 'dpu-mixed' }).operators).toEqual(loadProfile('dpu-int8').operators);
  });

  test.each(['mine.json', 8, '__proto__'])('of what is not built in is refused: %s', (name) => {
    expect(() => extend({ extends: name })).toThrow(ConstraintError);
    expect(() => extend({ extends: name })).toThrow(
      /^mine\.json: extends: no such profile, .*dpu-int8.*, got /,
    );
  });

  test('and has fields that do not exist is refused', () => {
    expect(() => extend({ extends: 'dpu-int8', weights: { bit: [4] } })).toThrow(/weights.*bit/);
  });
});

test('every field describes itself, for editors', () => {
  const silent: string[] = [];
  const collect = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return;
    const { properties } = value as { properties?: Record<string, { description?: string }> };
    for (const [name, field] of Object.entries(properties ?? {})) {
      if (field.description === undefined) silent.push(`${path}/${name}`);
    }
    for (const [name, entry] of Object.entries(value)) collect(entry, `${path}/${name}`);
  };
  collect(profileJsonSchema(), '');
  expect(silent).toEqual([]);
});

test('the documentation names every field and operator', () => {
  const text = readFileSync(new URL('../../docs/hardware.md', import.meta.url), 'utf8');
  const names = new Set<string>();
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('properties' in value) for (const name of Object.keys(value.properties as object)) names.add(name);
    for (const entry of Object.values(value)) collect(entry);
  };
  collect(profileJsonSchema());
  expect(names.size).toBeGreaterThan(30);
  const words = new Set(text.match(/[$\w]+/g));
  expect([...names, ...RULED_OPERATORS].filter((name) => !words.has(name))).toEqual([]);
});

test.each([
  ['an unknown key', { shiftWindow: {} }, 'Unrecognized key: "shiftWindow"'],
  [
    'an unknown operator',
    { operators: { Cnov: {} } },
    'operators: Unrecognized key: "Cnov", expected Conv | ConvTranspose | ',
  ],
  [
    'an unknown scale',
    { scales: 'powersOfTwo' },
    'scales: Invalid input: expected powerOfTwo | float32 | {"mantissaBits": INTEGER}, received "powersOfTwo"',
  ],
  [
    'a bound that is no number',
    { operators: { Conv: { windows: { shift: { ...shift, max: '16' } } } } },
    'operators.Conv.windows.shift.max: Invalid input: expected INTEGER | {"constant", "terms"} | ',
  ],
  [
    'an override that lifts a misspelt window',
    { operators: { Conv: { windows: { shift } } }, overrides: [{ nodes: '*', windows: { shft: null } }] },
    'overrides.0.windows.shft: lifts no window, expected shift',
  ],
  [
    'an override that lifts a window where there are none',
    { overrides: [{ nodes: '*', windows: { shift: null } }] },
    'overrides.0.windows.shift: lifts no window, expected none: there are no windows',
  ],
  ['a width of 40 bits', { weights: { bits: [40], narrow: false, perChannel: true } }, 'weights.bits.0: '],
  [
    'no width',
    { activations: { bits: [], signed: 'always', narrow: false, zeroPoints: [] } },
    'activations.bits: ',
  ],
  [
    'a width twice',
    { activations: { bits: [8, 8], signed: 'always', narrow: false, zeroPoints: [] } },
    'activations.bits: lists a width twice',
  ],
  [
    'a misspelt rounding',
    { conversions: { rounding: 'half', overflow: 'wrap' } },
    'conversions.rounding: Invalid input: expected floor | ceiling | ',
  ],
  [
    'a window upside down',
    { operators: { Conv: { windows: { shift: { ...shift, min: 17 } } } } },
    'operators.Conv.windows.shift: min is above max',
  ],
  [
    'a bias wider than the accumulator',
    { bias: { position: 'accumulator', bits: 48 } },
    'bias.bits: a bias of 48 bits does not fit an accumulator of 32 bits',
  ],
  [
    'an accumulator narrower than a product',
    { operators: { Conv: { accumulator: { bits: 12 }, bias: { position: 'own', bits: 8 } } } },
    'operators.Conv.accumulator.bits: 12 bits cannot hold a product of 16 bits',
  ],
  [
    'an incomplete loop nest',
    { operators: { Gemm: { accumulator: { order: ['inputChannel', 'row'] } } } },
    'operators.Gemm.accumulator.order: is no order of',
  ],
  [
    'a window without meaning',
    { operators: { Sigmoid: { windows: { shift } } } },
    'operators.Sigmoid.windows.shift: weights has no meaning for Sigmoid',
  ],
  [
    'a width of weights that there are none of',
    { operators: { MaxPool: { weights: { bits: [4] } } } },
    'operators.MaxPool.weights: has no meaning for MaxPool',
  ],
  ['another kind of value', { accumulator: 32 }, 'accumulator: '],
])('%s is one clear line', (_, change, message) => {
  let caught: Error | undefined;
  try {
    parseProfile(changed(change), 'mine.json');
  } catch (error) {
    caught = error as Error;
  }
  expect(caught?.name).toBe('ConstraintError');
  expect(caught?.message.startsWith(`mine.json: ${message}`)).toBe(true);
  expect(caught?.message).not.toContain('\n');
});

test('all problems are listed at once', () => {
  const text = changed({ name: '', weights: {}, extra: 1 });
  try {
    parseProfile(text, 'mine.json');
    expect.unreachable();
  } catch (error) {
    const { issues } = error as { issues: string[] };
    expect(issues.length).toBe(5);
    for (const issue of issues) expect(issue).toMatch(/^mine\.json: /);
  }
});

test('an override lifts windows of operators and of overrides before it', () => {
  const lifts = { nodes: 'b*', windows: { shift: null, own: null } };
  const gives = { nodes: '*', windows: { own: { terms: { input: 1 }, max: 9 } } };
  const operators = { Conv: { windows: { shift } } };
  const profile = parseProfile(changed({ operators, overrides: [gives, lifts] }), 'mine.json');
  expect(rulesFor(profile, { name: 'a', operator: 'Conv' }).windows).toEqual({ shift, ...gives.windows });
  expect(rulesFor(profile, { name: 'b', operator: 'Conv' }).windows).toEqual({});
  const early = changed({ operators, overrides: [lifts, gives] });
  expect(() => parseProfile(early, 'mine.json')).toThrow('overrides.0.windows.own: lifts no window');
});

test('what is no profile at all', () => {
  expect(() => parseProfile('{', 'mine.json')).toThrow(/^mine\.json: is not JSON/);
  expect(() => loadProfile('generic-int9')).toThrow('--hardware: no such profile, expected generic-int8');
  expect(() => loadProfile('./absent.json')).toThrow('./absent.json: cannot be read: no such file or folder');
});
