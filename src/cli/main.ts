#!/usr/bin/env node
/**
 * The command line. Exit codes: 0 done, 1 a check failed, 2 bad usage or input, 3 the machine or dynafix failed,
 * 130 interrupted. Errors are one line on standard error.
 */
import { Command, CommanderError } from 'commander';
import { AbortedError, DynafixError } from '../errors.js';
import { reason } from '../platform/files.js';
import { readPackageVersion } from '../platform/package.js';
import { assign } from './commands/assign.js';
import { bench } from './commands/bench.js';
import { calibrate } from './commands/calibrate.js';
import { compile } from './commands/compile.js';
import { demo } from './commands/demo.js';
import { diff } from './commands/diff.js';
import { exportCommand } from './commands/export.js';
import { inspect } from './commands/inspect.js';
import { printCommand } from './commands/print.js';
import { quantize } from './commands/quantize.js';
import { run } from './commands/run.js';
import { validate } from './commands/validate.js';
import { say } from './terminal.js';

/** Runs the command line with the arguments after `node` and the script. Returns the exit code. */
async function main(arguments_: readonly string[]): Promise<number> {
  const program = new Command('dynafix')
    .description('Bit-exact fixed-point simulation of neural networks')
    .version(readPackageVersion());
  for (const command of [
    inspect,
    calibrate,
    assign,
    compile,
    quantize,
    run,
    validate,
    diff,
    printCommand,
    exportCommand,
    bench,
    demo,
  ]) {
    program.addCommand(command);
  }
  for (const command of [program, ...program.commands, ...exportCommand.commands]) {
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
