/** From a model file to a graph that is ready to be lowered. */
import { placeError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import { readModel } from '../onnx/read.js';
import { prepareGraph } from '../passes/index.js';
import { readBytes, sha256 } from '../platform/files.js';

export interface LoadedModel {
  /** The file's name, for messages. */
  readonly path: string;
  /** SHA-256 of the unpacked file. */
  readonly digest: string;
  /** After all passes, with the types of all values. */
  readonly graph: Graph;
}

/** Reads, checks and prepares a model. `shapes` replace the inputs' symbolic dimensions. */
export function loadModel(
  path: string,
  shapes: Readonly<Record<string, readonly number[]>> = {},
): LoadedModel {
  const { graph } = readModel(path, { shapes });
  const digest = sha256(readBytes(path));
  try {
    return { path, digest, graph: prepareGraph(graph).graph };
  } catch (error) {
    throw placeError(error, path);
  }
}
