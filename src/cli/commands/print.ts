import { Command } from 'commander';
import { printGraph } from '../../graph/print.js';
import { loadModel } from '../../jobs/load-model.js';
import { isModel } from '../../jobs/read-graph.js';
import { readProgram } from '../../program/file.js';
import { printProgram } from '../../program/print.js';
import { addJsonOption, addModelOptions, type ModelOptions } from '../options.js';
import { print, printJson } from '../terminal.js';

export default addJsonOption(addModelOptions(new Command('print')))
  .description('print a model (after all passes) or a program as text')
  .argument('<file>', 'model or program')
  .action((path: string, options: ModelOptions & { json?: boolean }) => {
    const text = isModel(path)
      ? printGraph(loadModel(path, options.shape).graph)
      : printProgram(readProgram(path));
    if (options.json) printJson({ text });
    else print(text);
  });
