/** What was computed for an object, kept as long as the object lives: constants are measured once for many problems. */
export function remember<K extends object, T>(
  known: WeakMap<K, Map<string, T>>,
  of: K,
  key: string,
  compute: () => T,
): T {
  const entries = known.get(of) ?? new Map<string, T>();
  known.set(of, entries);
  const found = entries.get(key);
  if (found !== undefined) return found;
  const value = compute();
  entries.set(key, value);
  return value;
}
