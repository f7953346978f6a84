/** Data sets that a worker opens for one task stay open for the next. */
import { type Dataset, type DatasetSpec, openDataset } from './dataset.js';

let kept: { readonly key: string; readonly dataset: Dataset } | undefined;

/** The data set of a spec; the last one asked for is kept. */
export function keepDataset(spec: DatasetSpec): Dataset {
  const key = JSON.stringify(spec);
  if (kept?.key !== key) kept = { key, dataset: openDataset(spec) };
  return kept.dataset;
}
