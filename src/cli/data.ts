/** Data sets and labels from command-line options. */
import type { Graph, GraphInput } from '../graph/graph.js';
import { type DatasetSpec, openDataset } from '../inputs/dataset.js';
import { loadLabels } from '../inputs/labels.js';
import { loadPreprocess, parseRawType } from '../inputs/preprocess.js';
import type { Program } from '../program/program.js';
import type { DataOptions, LabelOptions } from './options.js';

/** Inputs of a program as a data set needs them. */
export function programInputs(program: Program): GraphInput[] {
  return program.inputs.map(({ name, tensor }) => ({
    name,
    type: 'float32',
    shape: program.tensors[tensor].shape,
  }));
}

/** The data set that `--data`, `--preprocess`, `--raw` and `--limit` describe. */
export function datasetSpec(
  inputs: readonly GraphInput[],
  { data, preprocess, raw, limit }: DataOptions,
): DatasetSpec {
  return {
    path: data,
    inputs,
    preprocess: preprocess === undefined ? undefined : loadPreprocess(preprocess),
    raw: raw === undefined ? undefined : parseRawType(raw),
    limit,
  };
}

/** The class of every sample; undefined where neither an option nor the data gives one. */
export function readLabels(spec: DatasetSpec, classes: number, options: LabelOptions): number[] | undefined {
  const { labels, labelPattern, labelOffset } = options;
  const folders = labels === 'folders';
  const source = { file: folders ? undefined : labels, folders, pattern: labelPattern, offset: labelOffset };
  return loadLabels(source, openDataset(spec), classes);
}

/** Number of classes that the first output of a network tells apart. */
export function classCount(graph: Graph): number {
  return graph.types.get(graph.outputs[0])?.shape[1] ?? Infinity;
}
