/**
 * Inputs and outputs published with the ONNX model zoo: `NAME/N/{input,output}_0.pb`. The model lies in the folder NAME or
 * among the shared models, where a trailing operator set number (`super_resolution_10`) may be left out.
 */
import { existsSync, readdirSync } from 'node:fs';
import { sharedFolder } from '../shared-folder.js';
import type { Kind } from './kind.js';
import { runDataSets } from './onnx.js';
import { network } from './onnx-case.js';

const models = `${sharedFolder}/models`;

/** The name of a model file or a folder without what either spells as it likes. */
const plainName = (path: string) =>
  path
    .replace(/^.*\//, '')
    .replace(/\.onnx(\.gz)?$/, '')
    .replace(/[-_]/g, '');

function findModel(folder: string, name: string): string | undefined {
  const own = modelFiles(`${folder}/${name}`)[0];
  if (own !== undefined) return own;
  const wanted = [name, name.replace(/_\d+$/, '')].map(plainName);
  const found = wanted.map((plain) => modelFiles(models).find((file) => plainName(file) === plain));
  return found.find((file) => file !== undefined);
}

function modelFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => /\.onnx(\.gz)?$/.test(file)).map((file) => `${folder}/${file}`);
}

export const zooPairs: Kind = {
  kind: 'onnx-zoo',
  find: (folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('/output_0.pb'))
      .map((file) => file.replace(/\/output_0\.pb$/, ''))
      .sort(),
  run(folder, name) {
    const model = findModel(folder, name.split('/')[0]);
    if (model === undefined)
      return { operators: '', outcome: { status: 'unknown', reason: 'the model is not published with it' } };
    return runDataSets(name, model, [`${folder}/${name}`], network);
  },
};
