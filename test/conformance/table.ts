/** The results as Markdown, as docs/conformance.md keeps them. */
import type { Result, Status } from './suite.js';

const statuses: readonly Status[] = ['passed', 'mismatch', 'unreadable', 'refused', 'outside', 'unknown'];

/** Counts per kind, and what stands behind everything that did not pass. */
export function conformanceTable(results: readonly Result[], unknown: readonly string[]): string {
  const kinds = [...new Set(results.map(({ kind }) => kind))];
  const rows = [...kinds.map((kind) => [kind, results.filter((result) => result.kind === kind)] as const)];
  const lines = [
    `| vectors | cases | ${statuses.join(' | ')} |`,
    `| --- | ${['', ...statuses].map(() => '---:').join(' | ')} |`,
    ...rows.map(([kind, own]) => row(kind, own)),
    row('all', results),
  ];
  for (const status of statuses.slice(1)) lines.push(...reasons(results, status));
  if (unknown.length > 0) lines.push('', `Folders of no known kind: ${unknown.join(', ')}`);
  return lines.join('\n');
}

function row(kind: string, results: readonly Result[]): string {
  const counts = statuses.map((status) => results.filter(({ outcome }) => outcome.status === status).length);
  return `| ${kind} | ${results.length} | ${counts.join(' | ')} |`;
}

/** Cases of one status by their reason. */
function reasons(results: readonly Result[], status: Status): string[] {
  const byReason = new Map<string, Result[]>();
  for (const result of results) {
    if (result.outcome.status !== status) continue;
    const { reason } = result.outcome as { reason: string };
    byReason.set(reason, [...(byReason.get(reason) ?? []), result]);
  }
  if (byReason.size === 0) return [];
  const isScope = status === 'outside' || status === 'unknown';
  const lines = [...byReason].map(([reason, own]) => {
    const names = isScope ? [...new Set(own.map(({ operators }) => operators))] : own.map(({ name }) => name);
    const shown = names.length > 6 ? [...names.slice(0, 6), '...'] : names;
    return `| ${reason} | ${own.length} | ${shown.join(', ')} |`;
  });
  return [
    '',
    `| ${status} | cases | ${isScope ? 'operators' : 'names'} |`,
    '| --- | ---: | --- |',
    ...lines.sort(),
  ];
}
