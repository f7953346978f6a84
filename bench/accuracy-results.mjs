/** The rows of bench/accuracy.mjs, in a file that is whole at any moment, each with what made it. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { root } from './shared-data.mjs';

const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

/** The package, and the last commit that changed its code; marked where the code differs from it. */
function describeCode() {
  const options = { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
  const git = (...words) => execFileSync('git', words, options).trim();
  const paths = ['src', 'assembly', 'proto', 'package-lock.json'];
  try {
    const changed = git('status', '--porcelain', '--', ...paths) !== '';
    return {
      version,
      commit: `${git('log', '-1', '--format=%h', '--', ...paths)}${changed ? ' changed' : ''}`,
    };
  } catch {
    return { version };
  }
}

const code = describeCode();

/** What a row depends on beside the data. */
export function describeMaking(network, configuration) {
  return { ...code, network, configuration };
}

/** Rows of a file, by network and configuration; those that do not say what made them are left behind. */
export function openResults(file) {
  const rows = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).filter(({ made }) => made) : [];
  const find = (network, configuration) =>
    rows.findIndex((row) => row.network === network && row.configuration === configuration);
  return {
    rows,
    /** The row, where the same code made it of the same network and configuration. */
    isCurrent(network, configuration, made) {
      const row = rows[find(network, configuration)];
      return row !== undefined && JSON.stringify(row.made) === JSON.stringify(made);
    },
    /** Adds a row, in the place of the last one of its network and configuration. */
    record(row) {
      const index = find(row.network, row.configuration);
      rows.splice(index < 0 ? rows.length : index, index < 0 ? 0 : 1, row);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(`${file}.part`, `[\n${rows.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`);
      renameSync(`${file}.part`, file);
    },
  };
}
