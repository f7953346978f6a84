/** A profile that says only how it differs from another. */

type Json = Readonly<Record<string, unknown>>;

/** `base` with the fields of `changes`: objects are merged field by field, anything else is replaced. */
export function mergeFields(base: Json, changes: Json): Json {
  const merged: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(changes)) {
    const before = Object.hasOwn(base, name) ? base[name] : undefined;
    merged[name] = isObject(before) && isObject(value) ? mergeFields(before, value) : value;
  }
  return merged;
}

/** The same JSON Schema with no field required, at any depth. */
export function withoutRequired(schema: Json): Json {
  const entries = Object.entries(schema).filter(
    ([name, value]) => name !== 'required' || !Array.isArray(value),
  );
  return Object.fromEntries(entries.map(([name, value]) => [name, withoutRequiredIn(value)]));
}

function withoutRequiredIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutRequiredIn);
  return isObject(value) ? withoutRequired(value) : value;
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
