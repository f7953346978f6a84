/** What there is to measure: files of a user, or the example and the layers that ship. */
import { basename } from 'node:path';
import { UsageError } from '../../errors.js';
import type { DatasetSpec } from '../../inputs/dataset.js';
import { packageFile } from '../../platform/package.js';
import { readProgram } from '../../program/file.js';
import { countMacs } from '../count-macs.js';
import { isModel } from '../read-graph.js';
import { layerGroups } from './layers.js';
import { moveGroups } from './moves.js';
import { networkGroup } from './network.js';
import type { WorkGroup } from './specification.js';
import { latencySubjects, programSubjects, type Settings, streamSubjects } from './subject-lists.js';

export interface GivenFiles {
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** Default: noise. */
  readonly data?: Omit<DatasetSpec, 'inputs'>;
}

/**
 * The works of an ONNX model or a program. Throws what reading the file throws, and a UsageError for a TFLite model, which
 * ONNX Runtime does not read.
 */
export function fileGroup(path: string, { shapes, data }: GivenFiles, settings: Settings): WorkGroup {
  const name = basename(path)
    .replace(/\.gz$/, '')
    .replace(/\.(onnx|program)$/, '');
  if (/\.tflite(\.gz)?$/.test(path)) {
    const expected = 'an ONNX model or a program, which `dynafix compile` makes of it';
    throw new UsageError({ where: path, what: 'cannot be measured', expected, got: 'a TFLite model' });
  }
  if (isModel(path))
    return networkGroup({ name, model: path, shapes, data, extras: ['load', 'memory'] }, settings);
  const program = readProgram(path);
  const macs = countMacs(program);
  const inputs = program.inputs.map(({ name, tensor }) => {
    return { name, type: 'float32' as const, shape: program.tensors[tensor].shape };
  });
  const stream = program.outputs.some(({ codes }) => codes >= 0) ? 'integers' : 'floats';
  return {
    works: [name],
    prepare: async () => {
      const samples = data && { ...data, inputs };
      const subjects = [
        ...programSubjects('dynafix/VARIANT', path, samples, settings),
        ...latencySubjects(path, samples, settings),
        ...streamSubjects(stream, macs, settings),
      ];
      return [{ name, unit: 'ms', macs, subjects }];
    },
  };
}

/** The works that need nothing but the package. */
export function shippedGroups(settings: Settings): WorkGroup[] {
  const file = (name: string) => packageFile(`examples/digits/${name}`);
  const data = { path: file('calibration-images-idx3-ubyte.gz') };
  const extras = ['load', 'memory'] as const;
  return [
    networkGroup({ name: 'digits', model: file('digits.onnx'), data, extras }, settings),
    ...layerGroups(settings),
    ...moveGroups(settings),
  ];
}
