#!/usr/bin/env node
/**
 * The command line. Exit codes: 0 done, 1 a check failed, 2 bad usage or input, 3 the machine or dynafix failed,
 * 130 interrupted. Errors are one line on standard error.
 */
import { Command, CommanderError } from 'commander';
import { AbortedError, DynafixError } from '../errors.js';
import { reason } from '../platform/files.js';
import { readPackageVersion } from '../platform/package.js';
import { say } from './terminal.js';

/** The commands in the order of the help. Only the one that is called is loaded: all take three times as long as the shortest. */
const COMMANDS: Readonly<Record<string, () => Promise<{ readonly default: Command }>>> = {
  inspect: () => import('./commands/inspect.js'),
  calibrate: () => import('./commands/calibrate.js'),
  assign: () => import('./commands/assign.js'),
  compile: () => import('./commands/compile.js'),
  quantize: () => import('./commands/quantize.js'),
  run: () => import('./commands/run.js'),
  validate: () => import('./commands/validate.js'),
  diff: () => import('./commands/diff.js'),
  print: () => import('./commands/print.js'),
  export: () => import('./commands/export.js'),
  bench: () => import('./commands/bench.js'),
  demo: () => import('./commands/demo.js'),
};

/** Runs the command line with the arguments after `node` and the script. Returns the exit code. */
async function main(arguments_: readonly string[]): Promise<number> {
  const program = new Command('dynafix')
    .description('Bit-exact fixed-point simulation of neural networks')
    .version(readPackageVersion());
  const [name] = arguments_;
  const loaders = Object.hasOwn(COMMANDS, name) ? [COMMANDS[name]] : Object.values(COMMANDS);
  for (const load of loaders) program.addCommand((await load()).default);
  for (const command of [program, ...program.commands.flatMap((own) => [own, ...own.commands])]) {
    command.exitOverride().configureOutput({ outputError: (text) => say(oneLine(text)) });
  }
  try {
    await program.parseAsync(arguments_, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return report(error);
  }
}

/** Commander's message, which may suggest a spelling on a line of its own. */
function oneLine(text: string): string {
  return text
    .trim()
    .replace(/^error: /, 'dynafix: ')
    .replaceAll('\n', ' ');
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof AbortedError) return 130;
  if (error instanceof DynafixError) {
    for (const line of error.issues.length > 0 ? error.issues : [error.message]) say(`dynafix: ${line}`);
    return error.exitCode;
  }
  say(
    `dynafix: internal error: ${error instanceof Error ? error.message.replaceAll('\n', ' ') : String(error)}`,
  );
  if (process.env.DYNAFIX_DEBUG) say(String((error as Error).stack));
  return 3;
}

/** A reader such as `head` may go away: then there is nobody left to print for. A full disk is a failure. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  say(`dynafix: standard output: cannot be written: ${reason(error)}`);
  process.exit(3);
});
process.exitCode = await main(process.argv.slice(2));
