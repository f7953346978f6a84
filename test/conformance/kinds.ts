/** All kinds of cases. To add one: its file, and its entry in `kinds`. */
import { existsSync, readdirSync } from 'node:fs';
import { cmsisCases } from './cmsis-nn.js';
import { gemmlowpProducts } from './gemmlowp.js';
import type { Kind } from './kind.js';
import { lightNetworks, modelFolders } from './onnx.js';
import { zooPairs } from './onnx-zoo.js';
import { qonnxModels } from './qonnx.js';
import { seanetModels } from './seanet.js';

const kinds: readonly Kind[] = [zooPairs, qonnxModels, cmsisCases, seanetModels, gemmlowpProducts];

/** The kinds of a folder of vectors: ONNX's are as many as `onnx` has folders of models. */
export function kindsOf(vectors: string): Kind[] {
  const present = kinds.filter(({ kind }) => existsSync(`${vectors}/${kind}`));
  return [...onnxKinds(`${vectors}/onnx`), ...present];
}

function onnxKinds(folder: string): Kind[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return entries.map(({ name }) => (name === 'light' ? lightNetworks : modelFolders(`onnx/${name}`)));
}
