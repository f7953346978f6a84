/** Walks a folder of vectors, runs every case and sums up. */
import { existsSync, readdirSync } from 'node:fs';
import type { Kind, Outcome, Report } from './kind.js';
import { kindsOf } from './kinds.js';

export type Result = { readonly kind: string; readonly name: string } & (
  | Report
  /** A case whose files cannot be read. */
  | { readonly operators: ''; readonly outcome: { readonly status: 'unreadable'; readonly reason: string } }
);

export type Status = Outcome['status'] | 'unreadable';

export interface Found {
  readonly kind: Kind;
  readonly folder: string;
  readonly name: string;
}

/** Every case below a folder of vectors, in order. */
export function findCases(vectors: string): Found[] {
  return kindsOf(vectors).flatMap((kind) => {
    const folder = `${vectors}/${kind.kind}`;
    return kind.find(folder).map((name) => ({ kind, folder, name }));
  });
}

/** Folders of vectors that no kind reads. */
export function unknownFolders(vectors: string): string[] {
  const known = kindsOf(vectors).map(({ kind }) => kind.split('/')[0]);
  return readdirSync(vectors, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !known.includes(entry.name))
    .map(({ name }) => name)
    .sort();
}

/** Runs a case; reasons do not name the folder. */
export function runCase({ kind, folder, name }: Found): Result {
  const place = { kind: kind.kind, name };
  const plain = (reason: string) => reason.replaceAll(`${folder}/`, '');
  try {
    const { operators, outcome } = kind.run(folder, name);
    if (!('reason' in outcome)) return { ...place, operators, outcome };
    return { ...place, operators, outcome: { ...outcome, reason: plain(outcome.reason) } };
  } catch (error) {
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { ...place, operators: '', outcome: { status: 'unreadable', reason: plain(reason) } };
  }
}

/** True where the run must end with an error. */
export function isFailure({ outcome }: Result): boolean {
  return outcome.status === 'mismatch' || outcome.status === 'unreadable';
}

/** Throws where the folder is missing. */
export function requireFolder(vectors: string): void {
  if (!existsSync(vectors)) throw new Error(`${vectors}: no such folder`);
}
