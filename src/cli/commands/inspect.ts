import { Command } from 'commander';
import { type Inspection, inspectModel, inspectProgram } from '../../jobs/inspect.js';
import { addJsonOption, addModelOptions, type ModelOptions } from '../options.js';
import { print, printJson, short, table } from '../terminal.js';

export default addJsonOption(addModelOptions(new Command('inspect')))
  .description('show operators, shapes, multiply-accumulates, memory and what is not supported')
  .argument('<file>', 'model (.onnx or .tflite) or program, also with .gz')
  .action((path: string, options: ModelOptions & { json?: boolean }) => {
    const inspection = /\.program(\.gz)?$/.test(path)
      ? inspectProgram(path)
      : inspectModel(path, options.shape);
    if (options.json) printJson(inspection);
    else print(describe(inspection));
  });

function describeMemory({
  weightBytes,
  activationBytes,
  packedBytes,
  arenaBytes,
}: Inspection['memory']): string {
  const plain = `${short(weightBytes)}B weights, ${short(activationBytes)}B activations`;
  if (packedBytes === undefined || arenaBytes === undefined) return plain;
  return `${plain}; to run ${short(packedBytes)}B packed, ${short(arenaBytes)}B per worker`;
}

function describe(inspection: Inspection): string {
  const { operators, macs, parameters, memory, inputs, outputs, floatIslands, unsupported } = inspection;
  const port = ({ name, type, shape }: Inspection['inputs'][number]) =>
    `${name} ${type} [${shape.join(', ')}]`;
  const lines = [
    `inputs       ${inputs.map(port).join('; ')}`,
    `outputs      ${outputs.map(port).join('; ')}`,
    `operators    ${Object.entries(operators)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')}`,
    `MACs         ${short(macs)}`,
    `parameters   ${short(parameters)}`,
    `memory       ${describeMemory(memory)}`,
    `float only   ${floatIslands.map(({ node, operator }) => `${node} (${operator})`).join(', ') || 'none'}`,
  ];
  if (unsupported.length === 0) return [...lines, 'unsupported  none'].join('\n');
  const rows = unsupported.map(({ node, operator, reason }) => [node, operator, reason]);
  return [
    ...lines,
    `unsupported  ${rows.length} nodes`,
    '',
    table(['node', 'operator', 'reason'], rows),
  ].join('\n');
}
