/** The ONNX models that a program is written as. */
import { ProgramError } from '../../errors.js';
import type { Model } from '../../onnx/model.js';
import { writeModel } from '../../onnx/write.js';
import { makeFolder } from '../../platform/files.js';
import type { Program } from '../../program/program.js';
import { integerModel } from './integer-model.js';
import { qdqModel } from './qdq-model.js';

/** The model of each kind; each throws a ProgramError where the kind cannot say what the program computes. */
export const MODEL_KINDS = { qdq: qdqModel, integer: integerModel } as const satisfies Record<
  string,
  (program: Program) => Model
>;
export type ModelKind = keyof typeof MODEL_KINDS;

const kinds = Object.keys(MODEL_KINDS) as ModelKind[];
const fileOf = (kind: ModelKind) => `model.${kind}.onnx`;

/** The names that exportModels writes. */
export const EXPORT_FILES: readonly string[] = kinds.map(fileOf);

/** What was written, or the one reason why nothing was. */
export type ExportResult = { readonly file: string } | { readonly reason: string };
export type ExportResults = Readonly<Record<ModelKind, ExportResult>>;

export interface ModelExport {
  readonly file: string;
  /** How often each operator occurs. */
  readonly operators: Readonly<Record<string, number>>;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** Writes one model. Throws a ProgramError naming the instruction that is in the way. */
export function exportModel(program: Program, kind: ModelKind, file: string): ModelExport {
  const model = MODEL_KINDS[kind](program);
  writeModel(file, model);
  const { nodes, inputs, outputs } = model.graph;
  const operators: Record<string, number> = {};
  for (const { operator } of nodes) operators[operator] = (operators[operator] ?? 0) + 1;
  return { file, operators, inputs: inputs.map(({ name }) => name), outputs };
}

/** Writes `model.KIND.onnx` of every kind into a folder, where the kind can say what the program computes. */
export function exportModels(program: Program, folder: string): ExportResults {
  makeFolder(folder);
  const results = kinds.map((kind) => [kind, exportOrReason(program, kind, fileOf(kind), folder)]);
  return Object.fromEntries(results) as ExportResults;
}

function exportOrReason(program: Program, kind: ModelKind, file: string, folder: string): ExportResult {
  try {
    exportModel(program, kind, `${folder}/${file}`);
    return { file };
  } catch (error) {
    if (error instanceof ProgramError) return { reason: error.message };
    throw error;
  }
}
