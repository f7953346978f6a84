/** The shared data in tests. */
import { existsSync } from 'node:fs';
import { test } from 'vitest';
import { sharedFolder } from './shared-folder.js';

/** Path of a file in the shared data. */
export function shared(path: string): string {
  return `${sharedFolder}/${path}`;
}

/**
 * A test that needs shared data: skipped, by name, where the folder is absent; a failure there under CI.
 */
export const sharedTest = test.runIf(existsSync(sharedFolder) || process.env.CI);
