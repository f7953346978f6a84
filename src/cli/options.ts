/** Options that several commands share, and their checks. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { METHODS, type Method, PERCENTILE } from '../assign/fraction-bits.js';
import { SENSITIVITY_SAMPLES } from '../calibrate/sensitivity.js';
import { VARIANTS, type VariantName } from '../execute/wasm/variants.js';
import { machineThreads } from '../platform/machine-threads.js';

/** A whole number of at least `minimum`. */
export function wholeNumber(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= minimum) return value;
    throw new InvalidArgumentError(`Expected a whole number of at least ${minimum}.`);
  };
}

/** `INPUT=1,3,224,224`, repeatable. */
function collectShape(text: string, shapes: Record<string, number[]> = {}): Record<string, number[]> {
  const match = /^(.+)=(\d+(?:,\d+)*)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Expected INPUT=1,3,224,224.');
  return { ...shapes, [match[1]]: match[2].split(',').map(Number) };
}

export interface ModelOptions {
  readonly shape?: Record<string, number[]>;
}

export function addModelOptions(command: Command): Command {
  return command.option(
    '--shape <input=dims>',
    'shape of an input with symbolic dimensions; repeatable',
    collectShape,
  );
}

export interface DataOptions {
  readonly data: string;
  readonly preprocess?: string;
  readonly raw?: string;
  readonly limit?: number;
}

/** `required`: whether the command can do without `--data`. */
export function addDataOptions(command: Command, required = true): Command {
  return command
    .addOption(new Option('--data <path>', 'folder, glob or file with samples').makeOptionMandatory(required))
    .option('--preprocess <file|name>', 'preprocessing as JSON or by name')
    .option('--raw <json>', 'type and shape of raw .bin samples, {"type":"int8","shape":[1,49,10]}')
    .option('--limit <n>', 'only the first n samples in file-name order', wholeNumber(1));
}

export interface LabelOptions {
  readonly labels?: string;
  readonly labelPattern?: string;
  readonly labelOffset: number;
}

export function addLabelOptions(command: Command): Command {
  return command
    .option(
      '--labels <file>',
      '"file label" text, idx labels, or "folders" for folder names; default: labels in the data',
    )
    .option('--label-pattern <regexp>', 'label as the first group of a match on the file name')
    .option(
      '--label-offset <n>',
      'added to every label, for networks with a background class',
      wholeNumber(0),
      0,
    );
}

export interface MethodOptions {
  readonly method: Method;
  readonly percentile: number;
}

export function addMethodOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--method <name>', 'how ranges are chosen').choices(METHODS).default('leastSquares'),
    )
    .option('--percentile <share>', 'share of the values that --method percentile holds', share, PERCENTILE);
}

/** A number above 0 and of at most 1. */
function share(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 1) return value;
  throw new InvalidArgumentError('Expected a number above 0 and of at most 1.');
}

export function addSensitivityOption(command: Command): Command {
  return command.option(
    '--sensitivity <n>',
    'samples on which the effect of noise in each value and constant is measured',
    wholeNumber(0),
    SENSITIVITY_SAMPLES,
  );
}

export interface RunOptions {
  readonly threads: number;
  readonly variant?: VariantName;
  readonly v8Flags?: boolean;
  readonly json?: boolean;
}

export function addRunOptions(command: Command): Command {
  return command
    .option('--threads <n>', 'worker threads', wholeNumber(1), machineThreads())
    .addOption(new Option('--variant <name>', 'pin a kernel variant').choices(VARIANTS))
    .option(
      '--v8-flags',
      "let V8's flags be set while kernels are compiled: more variants, no baseline code",
    );
}

export function addJsonOption(command: Command): Command {
  return command.option('--json', 'print one JSON document on standard output');
}

/** A regular expression on names; everything matches the default. */
export function patternOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser(parsePattern).default(/./u, 'all');
}

/** A regular expression. */
function parsePattern(text: string): RegExp {
  try {
    return new RegExp(text, 'u');
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
}
