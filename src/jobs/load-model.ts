/** From a model file to a graph that is ready to be lowered. */
import type { StatisticsHeader } from '../calibrate/statistics.js';
import type { ModelFormats } from '../compile/model-formats.js';
import { placeError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import type { DatasetSpec } from '../inputs/dataset.js';
import { prepareModel } from '../lift/prepare.js';
import { readGraph } from './read-graph.js';

export interface LoadedModel {
  /** The file's name, for messages. */
  readonly path: string;
  /** SHA-256 of the unpacked file and of its external data. */
  readonly digest: string;
  /** After all passes, with the types of all values. */
  readonly graph: Graph;
  /** What a model that comes quantised says itself; null for a float model. */
  readonly formats: ModelFormats | null;
}

/**
 * Reads, checks and prepares a model. `shapes` replace the inputs' symbolic dimensions. Throws a ModelError or an
 * InputError naming the file.
 */
export function loadModel(
  path: string,
  shapes: Readonly<Record<string, readonly number[]>> = {},
): LoadedModel {
  const { graph, formats, digest } = readGraph(path, shapes);
  try {
    const prepared = prepareModel(graph, formats);
    return { path, digest, graph: prepared.graph, formats: prepared.formats };
  } catch (error) {
    throw placeError(error, path);
  }
}

/** What statistics of a model over a data set hold for. */
export function statisticsHeader({ digest }: LoadedModel, { preprocess }: DatasetSpec): StatisticsHeader {
  return { model: digest, preprocess: JSON.stringify(preprocess ?? null) };
}
