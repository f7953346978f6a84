/** Models of QONNX, some beside `test_data_set_N` folders. */
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Kind } from './kind.js';
import { dataSetsIn, runDataSets } from './onnx.js';

export const qonnxModels: Kind = {
  kind: 'qonnx',
  find: (folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.onnx'))
      .sort(),
  run(folder, name) {
    const path = `${folder}/${name}`;
    return runDataSets(name, path, dataSetsIn(dirname(path)));
  },
};
