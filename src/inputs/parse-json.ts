import type { z } from 'zod';
import { InputError } from '../errors.js';

/**
 * Parses JSON text and checks it against a schema.
 * Throws one InputError naming `where` that lists everything that is wrong, in its message and in `issues`.
 */
export function parseJson<T>(schema: z.ZodType<T>, text: string, where: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError({ where, what: `is not JSON: ${(error as Error).message}`, cause: error });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join('.')}: ${message}` : message,
  );
  const issues = problems.map((problem) => `${where}: ${problem}`);
  throw new InputError({ where, what: problems.join('; '), issues });
}
