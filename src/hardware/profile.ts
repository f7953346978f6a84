/** Hardware profiles: built in by name, or from a JSON file. */
import { ConstraintError } from '../errors.js';
import { readAsset } from '../platform/assets.js';
import { readText } from '../platform/files.js';
import { findContradictions } from './contradictions.js';
import { type Profile, profileSchema } from './schema.js';

export type { Profile } from './schema.js';

export const BUILT_IN_PROFILES = [
  'generic-int8',
  'generic-mixed',
  'generic-int16',
  'dpu-int8',
  'dpu-mixed',
  'dpu-int16',
  'kneron-int8',
  'kneron-mixed',
  'kneron-int16',
  'tflite-int8',
  'tflite-int8-single',
  'tflite-mixed',
  'tflite-int16x8',
  'cmsis-nn',
  'onnx-qlinear',
  'fpga',
] as const;

/**
 * The profile of a built-in name, or in a JSON file. Throws an InputError where the file cannot be read, and
 * a ConstraintError that lists everything wrong with the profile.
 */
export function loadProfile(nameOrPath: string): Profile {
  const builtIn = BUILT_IN_PROFILES.find((name) => name === nameOrPath);
  if (builtIn !== undefined) {
    const bytes = readAsset(new URL(`./profiles/${builtIn}.json`, import.meta.url));
    return parseProfile(new TextDecoder().decode(bytes), builtIn);
  }
  if (!/[./\\]/.test(nameOrPath)) {
    const expected = `${BUILT_IN_PROFILES.join(', ')} or a JSON file`;
    throw new ConstraintError({ where: '--hardware', what: 'no such profile', expected, got: nameOrPath });
  }
  return parseProfile(readText(nameOrPath), nameOrPath);
}

/** Checks the JSON text of a profile; `where` names it in errors, which are ConstraintErrors. */
export function parseProfile(text: string, where: string): Profile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ConstraintError({ where, what: `is not JSON: ${(cause as Error).message}`, cause });
  }
  const result = profileSchema.safeParse(value);
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
