/** Outputs of many samples as arrays with a leading axis: the batch axis where it is 1, else a new one. */
import type { Elements } from '../execute/executor.js';
import type { RunResult } from '../execute/ports.js';
import type { NamedArray } from '../inputs/npz.js';

function stack(arrays: readonly Elements[]): Elements {
  const [first] = arrays;
  const stacked = new (first.constructor as new (length: number) => Elements)(arrays.length * first.length);
  for (const [index, array] of arrays.entries())
    (stacked as Float32Array).set(array as Float32Array, index * first.length);
  return stacked;
}

/** `NAME` with real values and, where there are codes, `NAME.codes`. All results come from one program. */
export function stackOutputs(results: readonly RunResult[]): NamedArray[] {
  return results[0].outputs.flatMap(({ name, shape, codes }, port) => {
    const stacked = [results.length, ...(shape[0] === 1 ? shape.slice(1) : shape)];
    const values = { name, shape: stacked, data: stack(results.map(({ outputs }) => outputs[port].values)) };
    if (codes === undefined) return [values];
    const integers = stack(results.map(({ outputs }) => outputs[port].codes!));
    return [values, { name: `${name}.codes`, shape: stacked, data: integers }];
  });
}
