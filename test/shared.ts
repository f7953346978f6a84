/** The shared data folder: real networks, labelled inputs and reference vectors that are not part of the repository. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'vitest';

const folder =
  process.env.DYNAFIX_SHARED_DATA ?? fileURLToPath(new URL('../../shared/data', import.meta.url));

/** Path of a file in the shared data. */
export function shared(path: string): string {
  return `${folder}/${path}`;
}

/**
 * A test that needs shared data: skipped, by name, where the folder is absent; a failure there under CI.
 */
export const sharedTest = (existsSync(folder) || process.env.CI ? test : test.skip) as typeof test;
