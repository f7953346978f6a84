/**
 * One-operator TFLite models of TFLite Micro's SEANet: `OPERATOR/NAME.tflite` with `NAME_inputK_TYPE.csv` and
 * `NAME_golden_TYPE.csv`, lists of codes.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { compileProgram } from '#src/compile/compile.js';
import { ModelError } from '#src/errors.js';
import type { Elements } from '#src/execute/executor.js';
import { inspectModel } from '#src/jobs/inspect.js';
import { loadModel } from '#src/jobs/load-model.js';
import { runCodes } from './codes-case.js';
import type { Kind, Outcome } from './kind.js';

const types = { int8: Int8Array, uint8: Uint8Array, int16: Int16Array, int32: Int32Array } as const;

/** The integers of a CSV file whose name ends in their type; undefined where there is none. */
function readCsv(folder: string, stem: string): Elements | undefined {
  for (const [type, array] of Object.entries(types)) {
    const path = `${folder}/${stem}_${type}.csv`;
    if (!existsSync(path)) continue;
    const numbers = readFileSync(path, 'utf8')
      .split(/[\s,]+/)
      .filter((text) => text !== '')
      .map(Number);
    if (numbers.some((number) => !Number.isInteger(number)))
      throw new Error(`${path}: holds what is no integer`);
    return array.from(numbers);
  }
  return undefined;
}

function runModel(path: string): Outcome {
  const folder = dirname(path);
  const stem = basename(path, '.tflite');
  const golden = readCsv(folder, `${stem}_golden`);
  if (golden === undefined) return { status: 'outside', reason: 'published without expected outputs' };
  try {
    const { graph, formats } = loadModel(path);
    const program = compileProgram(graph, formats);
    const inputs = program.inputs.map((_, index) => {
      const elements = readCsv(folder, `${stem}_input${index}`);
      if (elements === undefined) throw new Error(`${path}: has no input ${index}`);
      return elements;
    });
    return runCodes(program, inputs, golden);
  } catch (error) {
    if (error instanceof ModelError) return { status: 'refused', reason: error.message };
    throw error;
  }
}

export const seanetModels: Kind = {
  kind: 'tflite-micro/seanet',
  find: (folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.tflite'))
      .sort(),
  run(folder, name) {
    const path = `${folder}/${name}`;
    const operators = Object.keys(inspectModel(path).operators).map((operator) => `tflite::${operator}`);
    return { operators: operators.join('+'), outcome: runModel(path) };
  },
};
