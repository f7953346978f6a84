/**
 * `npm run conformance -- [--vectors DIR] [--filter TEXT] [--cases]`: the table of every published case whose path has
 * the text; one line each with --cases.
 */
import { parseArgs } from 'node:util';
import { sharedFolder } from '../shared-folder.js';
import { findCases, isFailure, requireFolder, runCase, unknownFolders } from './suite.js';
import { conformanceTable } from './table.js';

/** Exit code: 1 where a case in scope differs or a case cannot be read. */
export function runConformance(args: readonly string[]): number {
  const options = {
    vectors: { type: 'string' },
    filter: { type: 'string' },
    cases: { type: 'boolean' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const vectors = values.vectors ?? `${sharedFolder}/vectors`;
  requireFolder(vectors);
  const chosen = findCases(vectors).filter(({ kind, name }) =>
    `${kind.kind}/${name}`.includes(values.filter ?? ''),
  );
  const results = chosen.map((found) => {
    const result = runCase(found);
    const { kind, name, outcome } = result;
    const why = 'reason' in outcome ? `: ${outcome.reason}` : '';
    if (values.cases || isFailure(result)) console.log(`${outcome.status} ${kind}/${name}${why}`);
    return result;
  });
  console.log(conformanceTable(results, unknownFolders(vectors)));
  return results.some(isFailure) ? 1 : 0;
}
