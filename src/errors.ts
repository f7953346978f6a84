/**
 * Every error that dynafix throws on purpose. A message reads
 * `<where>: <what is wrong>, expected <x>, got <y>`; the same facts stand in fields, so that a program
 * can act on them without parsing text.
 */

/** The facts of an error. `where` names the place as a user knows it: a file, a node, an option. */
export interface Facts {
  readonly where: string;
  readonly what: string;
  readonly expected?: string;
  readonly got?: string;
  /** One line each; used only where all issues of one file are listed together. */
  readonly issues?: readonly string[];
  readonly cause?: unknown;
}

function message({ where, what, expected, got }: Facts): string {
  let text = `${where}: ${what}`;
  if (expected !== undefined) text += `, expected ${expected}`;
  if (got !== undefined) text += `, got ${got}`;
  return text.replace(/\s*\n\s*/g, ' ');
}

/** Base class. `exitCode` is what the command line exits with: 2 bad usage or input, 3 machine or dynafix. */
export class DynafixError extends Error {
  readonly code: string = 'DYNAFIX';
  readonly exitCode: 2 | 3 = 2;
  readonly where: string;
  readonly expected?: string;
  readonly got?: string;
  readonly issues: readonly string[];

  constructor(readonly facts: Facts) {
    super(message(facts), { cause: facts.cause });
    this.name = new.target.name;
    this.where = facts.where;
    this.expected = facts.expected;
    this.got = facts.got;
    this.issues = facts.issues ?? [];
  }
}

/** An unknown option, a missing argument, a value out of range. */
export class UsageError extends DynafixError {
  override readonly code = 'USAGE';
}

/** A model that cannot be read, is not valid ONNX, or uses what dynafix does not support. */
export class ModelError extends DynafixError {
  override readonly code = 'MODEL';
}

/** Sample data, labels or preprocessing that cannot be read or do not fit the model. */
export class InputError extends DynafixError {
  override readonly code = 'INPUT';
}

/** A number format or rounding that is not defined, or that cannot hold what it is asked to hold. */
export class FormatError extends DynafixError {
  override readonly code = 'FORMAT';
}

/** Hardware constraints that contradict each other or the network; its message names each of them. */
export class ConstraintError extends DynafixError {
  override readonly code = 'CONSTRAINT';
}

/** A program that is not well formed, or uses what this version does not execute. */
export class ProgramError extends DynafixError {
  override readonly code = 'PROGRAM';
}

/** The machine or dynafix failed: disk full, worker died, overflow trap, failed self-test. */
export class ExecutionError extends DynafixError {
  override readonly code = 'EXECUTION';
  override readonly exitCode = 3;
}

/** An error that only code which is seldom loaded can word: `word` throws it. */
export class DeferredError extends ExecutionError {
  constructor(
    facts: Facts,
    readonly word: () => Promise<never>,
  ) {
    super(facts);
  }
}

/** The error that a deferred one stands for; others as they are. */
export async function settleError(error: unknown): Promise<unknown> {
  if (!(error instanceof DeferredError)) return error;
  return error.word().catch((worded: unknown) => worded);
}

/** The work was cancelled through an AbortSignal. */
export class AbortedError extends DynafixError {
  override readonly code = 'ABORTED';
}

const classes = {
  DynafixError,
  UsageError,
  ModelError,
  InputError,
  FormatError,
  ConstraintError,
  ProgramError,
  ExecutionError,
  AbortedError,
};

/** The same error with its place, and that of its issues, inside another: the file, say. Other errors stay as they are. */
export function placeError(error: unknown, where: string): unknown {
  if (!(error instanceof DynafixError)) return error;
  const { name, facts } = error;
  const issues = facts.issues?.map((issue) => `${where}: ${issue}`);
  return fromPortable({ name, facts: { ...facts, where: `${where}: ${facts.where}`, issues } });
}

/** What `compute` gives; an ExecutionError that it ends with has its place inside another: the sample, say. */
export async function computeAt<T>(where: string, compute: () => T | Promise<T>): Promise<T> {
  try {
    return await compute();
  } catch (error) {
    throw error instanceof ExecutionError ? placeError(await settleError(error), where) : error;
  }
}

/** An error as plain data, to cross from a worker to the main thread. */
export interface PortableError {
  readonly name: string;
  readonly facts: Facts;
}

/** What is not a DynafixError is one of ours that slipped: an ExecutionError keeps its stack for a bug report. */
export function toPortable(error: unknown, where: string): PortableError {
  if (error instanceof DynafixError) return { name: error.name, facts: { ...error.facts, cause: undefined } };
  const text = error instanceof Error ? error.message : String(error);
  return { name: 'ExecutionError', facts: { where, what: `failed: ${text}`, cause: (error as Error).stack } };
}

export function fromPortable({ name, facts }: PortableError): DynafixError {
  return new (classes[name as keyof typeof classes] ?? ExecutionError)(facts);
}
