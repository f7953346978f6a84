import { mkdirSync, readFileSync, writeFileSync, appendFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { badInput, type Made } from './bad-input-cases.js';
import { calibrationImages, dynafix, json, listAll, model, temporaryFolder } from './command-line.js';
test('probe', async () => {
  const folder = temporaryFolder();
  const path = (name: string) => join(folder, name);
  await json(['calibrate', model, '--data', calibrationImages, '-o', path('s.pb')]);
  const hardware = ['--hardware', 'generic-int8'];
  await json(['assign', model, '--statistics', path('s.pb'), ...hardware, '-o', path('f.json')]);
  await json(['compile', model, '--formats', path('f.json'), '-o', path('p.program')]);
  const made = {
    statistics: new Uint8Array(readFileSync(path('s.pb'))),
    formats: readFileSync(path('f.json'), 'utf8'),
    program: new Uint8Array(readFileSync(path('p.program'))),
  };
  for (const c of badInput(made)) {
    const cwd = temporaryFolder();
    for (const [n, content] of Object.entries(c.files ?? {})) { mkdirSync(dirname(join(cwd, n)), { recursive: true }); writeFileSync(join(cwd, n), content); }
    const before = listAll(cwd);
    const r = await dynafix(c.words, { cwd });
    const after = listAll(cwd).filter((f) => !before.includes(f));
    appendFileSync('/tmp/probe.txt', `## ${c.name} -> ${r.exit}${r.stdout ? ` STDOUT ${r.stdout.length}` : ''}${after.length ? ` LEFT ${after}` : ''}\n${r.stderr}`);
  }
});
