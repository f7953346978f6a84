/**
 * The library. It never prints, exits or installs signal handlers, nor sets V8 flags unless asked; idle workers do not keep the
 * process alive; every error it throws on purpose is a DynafixError.
 */
export { type AssignOptions, assignFormats } from './assign/assign.js';
export { type FormatsFile, readFormats, writeFormats } from './assign/formats-file.js';
export { type CalibrateOptions, calibrate } from './calibrate/calibrate.js';
export { readStatistics, writeStatistics } from './calibrate/file.js';
export { mergeStatistics } from './calibrate/merge.js';
export { noiseGains, type Sensitivity, saturationGains } from './calibrate/sensitivity.js';
export type { Statistics, TensorStatistics } from './calibrate/statistics.js';
export { compileProgram } from './compile/compile.js';
export type { ModelFormats } from './compile/model-formats.js';
export {
  AbortedError,
  ConstraintError,
  DynafixError,
  ExecutionError,
  FormatError,
  InputError,
  ModelError,
  ProgramError,
  UsageError,
} from './errors.js';
export type { Elements, Executor, InstructionCounters, Observer, Tensors } from './execute/executor.js';
export { type Difference, differenceText, lockstep } from './execute/lockstep.js';
export { createOracle } from './execute/oracle/oracle.js';
export type { Inputs, Output, RunResult } from './execute/ports.js';
export {
  createEngine,
  type Engine,
  type EngineOptions,
  type Runner,
  type Session,
  type SessionOptions,
} from './execute/wasm/engine.js';
export { createWasmExecutor, type ExecutorOptions } from './execute/wasm/executor.js';
export type { RuledOut } from './execute/wasm/select-variant.js';
export type { MemoryUse } from './execute/wasm/session.js';
export { type KernelSet, VARIANTS, type VariantName, type VariantOptions } from './execute/wasm/variants.js';
export { type CExport, exportC } from './export/c/files.js';
export {
  type ExportResults,
  exportModel,
  exportModels,
  type ModelExport,
  type ModelKind,
} from './export/onnx/write-exports.js';
export { exportVectors, type VectorsSpec, type VectorsSummary } from './export/vectors.js';
export { type Format, fixed, formatText } from './formats/format.js';
export { parseFormat } from './formats/parse.js';
export type { Overflow, Rounding } from './formats/rounding.js';
export type { Graph } from './graph/graph.js';
export { printGraph } from './graph/print.js';
export { loadProfile } from './hardware/profile.js';
export type { Profile } from './hardware/schema.js';
export { type Dataset, type DatasetSpec, openDataset } from './inputs/dataset.js';
export { loadLabels } from './inputs/labels.js';
export { loadPreprocess, type Preprocess } from './inputs/preprocess.js';
export { type DiffResult, diffSides } from './jobs/diff.js';
export type { SidesSpec } from './jobs/diff-sides.js';
export { type Inspection, inspectModel, inspectProgram } from './jobs/inspect.js';
export { type LoadedModel, loadModel } from './jobs/load-model.js';
export { type QuantizeOptions, type QuantizeSummary, quantize } from './jobs/quantize.js';
export { type RunSummary, runSamples } from './jobs/run.js';
export type { RunOptions } from './platform/pool.js';
export { decodeProgram, encodeProgram, readProgram, writeProgram } from './program/file.js';
export { parseProgram } from './program/parse.js';
export { printProgram } from './program/print.js';
export type { Program } from './program/program.js';
export type { FloatSample, FloatSamples } from './validate/reference.js';
export type { Summary } from './validate/summary.js';
export { type ValidateOptions, validate } from './validate/validate.js';
