import { Command } from 'commander';
import { type FormatsFile, readFormats } from '../../assign/formats-file.js';
import { compileProgram } from '../../compile/compile.js';
import { InputError, placeError } from '../../errors.js';
import { type LoadedModel, loadModel } from '../../jobs/load-model.js';
import { writeProgram } from '../../program/file.js';
import { constantBytes, type Program } from '../../program/program.js';
import { addJsonOption, addModelOptions, type ModelOptions } from '../options.js';
import { printJson, say, short } from '../terminal.js';

interface Options extends ModelOptions {
  readonly formats?: string;
  readonly output: string;
  readonly json?: boolean;
}

export default addJsonOption(addModelOptions(new Command('compile')))
  .description('compile a model and its formats to an integer program')
  .argument('<model>', '.onnx or .tflite, also with .gz')
  .option(
    '--formats <file>',
    'formats.json; without it the program has the formats that the model comes with, if any',
  )
  .requiredOption('-o, --output <file>', 'program file to write')
  .action((path: string, options: Options) => {
    const model = loadModel(path, options.shape);
    const formats = options.formats === undefined ? null : readFormatsOf(model, options.formats);
    const metadata = { model: model.digest, ...(formats && { hardware: formats.hardware }) };
    const program = compileWith(model, formats, metadata, options.formats);
    writeProgram(options.output, program);
    const facts = { instructions: program.instructions.length, constantBytes: constantBytes(program) };
    if (options.json) printJson(facts);
    else
      say(
        `${options.output}: ${facts.instructions} instructions, ${short(facts.constantBytes)}B of constants`,
      );
  });

/** Compiles; what cannot be compiled with formats names their file. */
function compileWith(
  { graph, formats: own }: LoadedModel,
  formats: FormatsFile | null,
  metadata: Readonly<Record<string, string>>,
  path = '',
): Program {
  try {
    return compileProgram(graph, formats ?? own, metadata);
  } catch (error) {
    throw formats === null ? error : placeError(error, path);
  }
}

/** Formats of another model would leave values in float32 unnoticed. */
function readFormatsOf({ digest }: LoadedModel, path: string): FormatsFile {
  const formats = readFormats(path);
  if (formats.model === digest) return formats;
  const what =
    '"model" is the digest of another model (formats of a refined network belong to the refined.onnx beside them)';
  throw new InputError({ where: path, what, expected: digest, got: formats.model });
}
