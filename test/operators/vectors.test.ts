/**
 * Shape inference and constant folding against the ONNX project's published cases.
 *
 * In scope: every case of tensors whose nodes are all operators of the table. Types are always compared. Values
 * are compared where every node can be folded, all inputs being given as constants; folding may refuse only
 * element types that it has no arithmetic for (`uncomputable`) and Pad in other modes than constant.
 */
import { expect } from 'vitest';
import { ModelError } from '#src/errors.js';
import type { Tensor, TensorType } from '#src/graph/tensor.js';
import { operators } from '#src/operators/index.js';
import { elementCount } from '#src/shape.js';
import { sharedTest } from '../shared.js';
import { type Case, listCases, readCase } from './vectors.js';

const uncomputable = /^(string|float16|bfloat16|float8|float4|complex)/;

/** Operators without a published case. */
const withoutCase = ['GlobalLpPool'];

interface Result {
  readonly types: ReadonlyMap<string, TensorType>;
  readonly values: ReadonlyMap<string, Tensor>;
  readonly refused: readonly string[];
}

function evaluate({ nodes, inputs, opset }: Case): Result {
  const types = new Map<string, TensorType>(inputs);
  const values = new Map(inputs);
  const refused: string[] = [];
  for (const node of nodes) {
    const operator = operators.get(node.operator)!;
    const inputTypes = node.inputs.map((name) => types.get(name));
    const tensors = node.inputs.map((name) => values.get(name));
    const outputs = operator.infer(node, inputTypes, (index) => tensors[index], opset);
    const known = node.inputs.every((name) => name === '' || values.has(name));
    let results: Tensor[] = [];
    try {
      if (operator.foldTypes) results = operator.foldTypes(node, inputTypes, outputs);
      else if (operator.fold && known) results = operator.fold(node, tensors, outputs, opset);
    } catch (error) {
      if (!(error instanceof ModelError)) throw error;
      refused.push(error.message);
    }
    node.outputs.forEach((name, i) => {
      types.set(name, outputs[i]);
      if (results[i]) values.set(name, results[i]);
    });
  }
  return { types, values, refused };
}

/** Operators whose published values were rounded on the way. */
const rounding = /^(Elu|Erf|Exp|Gelu|Log|Pow|Reduce\w+|Selu|Sigmoid|Softplus|Tanh)$/;

/** Elements equal to the last bit, but for those of functions and of sums and products of many. */
function compareValues({ name, nodes }: Case, got: Tensor, expected: Tensor): void {
  const [actual, wanted] = [got, expected].map(({ data }) => Array.from(data as Iterable<unknown>));
  const tolerance = nodes.some(({ operator }) => rounding.test(operator)) ? 1e-5 : 0;
  const isEqual = (a: unknown, b: unknown) =>
    a === b || Object.is(a, b) || Math.abs(Number(a) - Number(b)) <= tolerance * Math.abs(Number(b));
  expect(actual.length, name).toBe(elementCount(expected.shape));
  const differs = wanted.findIndex((value, i) => !isEqual(actual[i], value));
  expect(differs, `${name}: first element that differs`).toBe(-1);
}

sharedTest('infers the types and folds the values of the published cases', () => {
  const counts = { typed: 0, folded: 0, refused: 0, outOfScope: 0 };
  const covered = new Set<string>();
  const failures: string[] = [];
  for (const name of [
    ...listCases('node'),
    ...listCases('simple'),
    ...listCases('pytorch-operator'),
    ...listCases('pytorch-converted'),
  ]) {
    const example = readCase(name);
    const known = example?.nodes.every(({ operator, domain }) => domain === '' && operators.has(operator));
    if (!example || !known) {
      counts.outOfScope++;
      continue;
    }
    try {
      const { types, values, refused } = evaluate(example);
      for (const [output, expected] of example.outputs) {
        const { type, shape } = types.get(output)!;
        expect({ type, shape }, name).toEqual({ type: expected.type, shape: expected.shape });
        const value = values.get(output);
        if (!value) continue;
        compareValues(example, value, expected);
        counts.folded++;
      }
      if (refused.length > 0) {
        const type = [...types.values()].some(({ type }) => uncomputable.test(type));
        const modes = example.nodes.map(({ attributes }) => attributes.mode?.value ?? 'constant');
        expect(type || modes.some((mode) => mode !== 'constant'), `${name}: ${refused[0]}`).toBe(true);
        counts.refused++;
      }
      counts.typed++;
      for (const { operator } of example.nodes) covered.add(operator);
    } catch (error) {
      failures.push(`${name}: ${(error as Error).message}`);
    }
  }
  console.log(`published cases: ${JSON.stringify(counts)}`);
  expect(failures).toEqual([]);
  const standard = [...operators.values()].filter(({ domain }) => domain === undefined);
  expect(standard.map(({ name }) => name).filter((name) => !covered.has(name))).toEqual(withoutCase);
});
