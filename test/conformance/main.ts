/**
 * `npm run conformance -- [--vectors DIR] [--filter TEXT] [--cases] [--write]`: the table of every published case whose
 * path has the text; one line each with --cases; docs/conformance.md with --write.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { sharedFolder } from '../shared-folder.js';
import { scopeTable } from './scope.js';
import { findCases, isFailure, requireFolder, runCase, unknownFolders } from './suite.js';
import { conformanceTable } from './table.js';

const options = {
  vectors: { type: 'string', default: `${sharedFolder}/vectors` },
  filter: { type: 'string', default: '' },
  cases: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
} as const;

/** Exit code: 1 where a case in scope differs or a case cannot be read. */
export function runConformance(args: readonly string[]): number {
  const { vectors, filter, cases, write } = parseArgs({ args: [...args], options }).values;
  requireFolder(vectors);
  const chosen = findCases(vectors).filter(({ kind, name }) => `${kind.kind}/${name}`.includes(filter));
  const results = chosen.map((found) => {
    const result = runCase(found);
    const { kind, name, outcome } = result;
    const why = 'reason' in outcome ? `: ${outcome.reason}` : '';
    if (cases || isFailure(result)) console.log(`${outcome.status} ${kind}/${name}${why}`);
    return result;
  });
  const table = conformanceTable(results, unknownFolders(vectors));
  console.log(table);
  if (write) {
    const introduction = readFileSync(new URL('introduction.md', import.meta.url), 'utf8');
    const date = new Date().toISOString().slice(0, 10);
    const page = `${introduction}\n## Scope\n\n${scopeTable()}\n\n## Results of ${date}\n\n${table}\n`;
    writeFileSync(new URL('../../docs/conformance.md', import.meta.url), page);
  }
  return results.some(isFailure) ? 1 : 0;
}
