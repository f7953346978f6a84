/** From a model file of either kind to a graph, before any pass. */
import type { ModelFormats } from '../compile/model-formats.js';
import type { Graph } from '../graph/graph.js';
import { readModel } from '../onnx/read.js';
import { createSha256 } from '../platform/files.js';
import { readTflite } from '../tflite/read.js';

const MODEL = /\.(onnx|tflite)(\.gz)?$/;

/** True for the file names of models. */
export function isModel(path: string): boolean {
  return MODEL.test(path);
}

export interface FileGraph {
  readonly graph: Graph;
  /** Of a quantised TFLite file: its values and nodes must stay what they are. */
  readonly formats: ModelFormats | null;
  /** Counts of the operators as the file names them. */
  readonly operators: Readonly<Record<string, number>>;
  /** SHA-256 of the unpacked file and of its external data. */
  readonly digest: string;
}

/**
 * Reads an ONNX or TFLite file. `shapes` replace the sizes of inputs that the file leaves open. Throws an InputError, a
 * UsageError or a ModelError naming the file.
 */
export function readGraph(path: string, shapes: Readonly<Record<string, readonly number[]>> = {}): FileGraph {
  const hash = createSha256();
  const options = { shapes, onRead: hash.add };
  if (/\.tflite(\.gz)?$/.test(path)) return { ...readTflite(path, options), digest: hash.digest() };
  const { graph } = readModel(path, options);
  const operators: Record<string, number> = {};
  for (const { operator } of graph.nodes) operators[operator] = (operators[operator] ?? 0) + 1;
  return { graph, formats: null, operators, digest: hash.digest() };
}
