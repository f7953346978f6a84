import { Command } from 'commander';
import { exportC } from '../../export/c/files.js';
import { exportModel, type ModelKind } from '../../export/onnx/write-exports.js';
import { exportVectors } from '../../export/vectors.js';
import { loadProgram } from '../../jobs/load-program.js';
import { datasetSpec, programInputs } from '../data.js';
import {
  addDataOptions,
  addJsonOption,
  addModelOptions,
  type DataOptions,
  type ModelOptions,
  patternOption,
  wholeNumber,
} from '../options.js';
import { createProgress, printJson, say } from '../terminal.js';

interface COptions extends ModelOptions {
  readonly output: string;
  readonly name?: string;
  readonly json?: boolean;
}

const c = addJsonOption(addModelOptions(new Command('c')))
  .description('write a program as one self-contained C99 file, with a header')
  .argument('<file>', 'program or model')
  .requiredOption('-o, --output <folder>', 'folder to write')
  .option('--name <name>', "C identifier of the network; default: the program's name")
  .action((path: string, options: COptions) => {
    const facts = exportC(loadProgram(path, options.shape), options.output, options.name);
    if (options.json) printJson(facts);
    else say(`${facts.files.join(', ')}: ${facts.entry}`);
  });

interface VectorOptions extends ModelOptions, DataOptions {
  readonly output: string;
  readonly layers: RegExp;
  readonly word?: number;
  readonly json?: boolean;
}

const vectorsCommand = new Command('vectors')
  .description('write operands, scalings and expected outputs of every instruction as memories and C headers')
  .argument('<file>', 'program or model')
  .requiredOption('-o, --output <folder>', 'folder to write')
  .addOption(patternOption('--layers <pattern>', 'regular expression on the names of the instructions'))
  .option('--word <bits>', 'width of the words of .hex files; default: one element each', wholeNumber(8));

const vectors = addJsonOption(addModelOptions(addDataOptions(vectorsCommand))).action(
  (path: string, options: VectorOptions) => {
    const program = loadProgram(path, options.shape);
    const { output: folder, layers, word: wordBits } = options;
    const spec = datasetSpec(programInputs(program), options);
    const progress = createProgress('export');
    try {
      const summary = exportVectors(program, spec, { folder, layers, wordBits }, progress.update);
      progress.stop();
      if (options.json) printJson(summary);
      else say(`${folder}: ${summary.instructions} instructions, ${summary.samples} samples`);
    } finally {
      progress.stop();
    }
  },
);

interface ModelExportOptions extends ModelOptions {
  readonly output: string;
  readonly json?: boolean;
}

/** A command that writes one ONNX model. */
function modelCommand(kind: ModelKind, description: string): Command {
  return addJsonOption(addModelOptions(new Command(kind)))
    .description(description)
    .argument('<file>', 'program or model')
    .requiredOption('-o, --output <file>', 'model to write, .onnx or .onnx.gz')
    .action((path: string, options: ModelExportOptions) => {
      const facts = exportModel(loadProgram(path, options.shape), kind, options.output);
      if (options.json) printJson(facts);
      else say(`${facts.file}: ${facts.inputs.join(', ')} -> ${facts.outputs.join(', ')}`);
    });
}

const qdq = modelCommand('qdq', 'write a program as an ONNX model of QuantizeLinear and DequantizeLinear');
const integer = modelCommand(
  'integer',
  'write a program as an ONNX model of integer operators, from codes to codes',
);

export default new Command('export')
  .description('write a program for firmware, RTL and other runtimes')
  .addCommand(vectors)
  .addCommand(c)
  .addCommand(qdq)
  .addCommand(integer);
