/** Hardware profiles: built in by name, or from a JSON file. */
import { ConstraintError } from '../errors.js';
import { readAsset } from '../platform/assets.js';
import { readText } from '../platform/files.js';
import { BUILT_IN_PROFILES } from './built-in.js';
import { findContradictions } from './contradictions.js';
import { isObject, mergeFields } from './extend.js';
import { type Profile, profileSchema } from './schema.js';

export { BUILT_IN_PROFILES } from './built-in.js';
export type { Profile } from './schema.js';

/**
 * The profile of a built-in name, or in a JSON file. Throws an InputError where the file cannot be read, and
 * a ConstraintError that lists everything wrong with the profile.
 */
export function loadProfile(nameOrPath: string): Profile {
  if (isBuiltIn(nameOrPath)) return parseProfile(readBuiltIn(nameOrPath), nameOrPath);
  if (!/[./\\]/.test(nameOrPath)) throw unknownProfile('--hardware', nameOrPath, ' or a JSON file');
  return parseProfile(readText(nameOrPath), nameOrPath);
}

/**
 * Checks the JSON text of a profile, which may extend a built-in one; `where` names it in errors, which are
 * ConstraintErrors.
 */
export function parseProfile(text: string, where: string): Profile {
  const result = profileSchema.safeParse(extendProfile(parseJson(text, where), where));
  const problems = result.success
    ? findContradictions(result.data)
    : result.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  if (result.success && problems.length === 0) return result.data;
  const issues = problems.map(
    ({ path, message }) => `${where}: ${path === '' ? message : `${path}: ${message}`}`,
  );
  const what = problems
    .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
    .join('; ');
  throw new ConstraintError({ where, what, issues });
}

/** The value of a profile with that of the built-in one that it extends. */
function extendProfile(value: unknown, where: string): unknown {
  if (!isObject(value) || value.extends === undefined) return value;
  const { extends: name, ...changes } = value;
  if (!isBuiltIn(name)) throw unknownProfile(`${where}: extends`, name, '');
  const base = extendProfile(parseJson(readBuiltIn(name), name), name);
  return mergeFields(base as Record<string, unknown>, changes);
}

function isBuiltIn(name: unknown): name is (typeof BUILT_IN_PROFILES)[number] {
  return (BUILT_IN_PROFILES as readonly unknown[]).includes(name);
}

function readBuiltIn(name: (typeof BUILT_IN_PROFILES)[number]): string {
  return new TextDecoder().decode(readAsset(new URL(`./profiles/${name}.json`, import.meta.url)));
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ConstraintError({ where, what: `is not JSON: ${(cause as Error).message}`, cause });
  }
}

function unknownProfile(where: string, name: unknown, others: string): ConstraintError {
  const expected = `${BUILT_IN_PROFILES.join(', ')}${others}`;
  return new ConstraintError({ where, what: 'no such profile', expected, got: String(name) });
}
