/** Bad input: exit code 2, clear lines, nothing on standard output, nothing left behind. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { badInput, type Made } from './bad-input-cases.js';
import { calibrationImages, dynafix, json, listAll, model, temporaryFolder } from './command-line.js';

async function make(): Promise<Made> {
  const folder = temporaryFolder();
  const path = (name: string) => join(folder, name);
  await json(['calibrate', model, '--data', calibrationImages, '-o', path('s.pb')]);
  const hardware = ['--hardware', 'generic-int8'];
  await json(['assign', model, '--statistics', path('s.pb'), ...hardware, '-o', path('f.json')]);
  await json(['compile', model, '--formats', path('f.json'), '-o', path('p.program')]);
  return {
    statistics: readFileSync(path('s.pb')),
    formats: readFileSync(path('f.json'), 'utf8'),
    program: readFileSync(path('p.program')),
  };
}
