import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { packageFile } from '../../platform/package.js';
import { addJsonOption, addRunOptions, type RunOptions } from '../options.js';
import quantize from './quantize.js';

interface Options extends RunOptions {
  readonly output?: string;
  readonly hardware: string;
}

export default addJsonOption(addRunOptions(new Command('demo')))
  .description('run the main job on the handwritten digits that ship with the package')
  .option('-o, --output <folder>', 'folder to write; default: a new temporary one')
  .option('--hardware <name|file>', 'built-in profile or JSON file', 'generic-int8')
  .action(async (options: Options) => {
    const folder = packageFile('examples/digits');
    const output = options.output ?? mkdtempSync(join(tmpdir(), 'dynafix-demo-'));
    const words = [
      join(folder, 'digits.onnx'),
      '--calibration',
      join(folder, 'calibration-images-idx3-ubyte.gz'),
      '--data',
      join(folder, 'test-images-idx3-ubyte.gz'),
      '--hardware',
      options.hardware,
      '--threads',
      String(options.threads),
      '--output',
      output,
    ];
    if (options.variant !== undefined) words.push('--variant', options.variant);
    if (options.v8Flags) words.push('--v8-flags');
    if (options.json) words.push('--json');
    await quantize.parseAsync(words, { from: 'user' });
  });
