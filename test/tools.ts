/** Programs that are not part of the repository and that some tests run: compilers, simulators, browsers. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { test } from 'vitest';

/** The first of these programs on the PATH. */
export function findTool(...names: readonly string[]): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((path) => existsSync(path));
}

/** A test that needs a program: skipped, by name, where there is none; a failure there under CI. */
export function toolTest(tool: string | undefined): typeof test {
  return (tool !== undefined || process.env.CI ? test : test.skip) as typeof test;
}
