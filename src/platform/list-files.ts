/** Files of a folder or glob, in an order that is the same on every machine. */
import { basename, dirname } from 'node:path';
import { globSync, isDynamicPattern } from 'tinyglobby';
import { InputError } from '../errors.js';
import { fileExists, isFolder } from './files.js';

export interface FileList {
  /** The folder that names are relative to. */
  readonly root: string;
  /** Relative to `root`, with `/` between folders, ordered by code point. */
  readonly names: readonly string[];
}

/** Texts in the order of their code points, which is the order of their UTF-8 bytes. */
export function sortByCodePoint(texts: Iterable<string>): string[] {
  return Array.from(texts, (text) => Buffer.from(text))
    .sort(Buffer.compare)
    .map(String);
}

/**
 * Lists what `path` stands for: one file, every file below a folder (hidden ones left out), or the matches of a glob,
 * relative to the folder before its first wildcard. Throws an InputError where there is no such path or no match.
 */
export function listFiles(path: string): FileList {
  if (isFolder(path)) return { root: path, names: search(path, '**/*') };
  if (fileExists(path)) return { root: dirname(path), names: [basename(path)] };
  const parts = (process.platform === 'win32' ? path.replaceAll('\\', '/') : path).split('/');
  const dynamic = parts.findIndex((part) => isDynamicPattern(part));
  if (dynamic < 0) throw new InputError({ where: path, what: 'cannot be read: no such file or folder' });
  const root = dynamic === 0 ? '.' : parts.slice(0, dynamic).join('/') || '/';
  const names = search(root, parts.slice(dynamic).join('/'));
  if (names.length === 0) throw new InputError({ where: path, what: 'the pattern matches no file' });
  return { root, names };
}

function search(root: string, pattern: string): string[] {
  return sortByCodePoint(globSync(pattern, { cwd: root, expandDirectories: false }));
}
