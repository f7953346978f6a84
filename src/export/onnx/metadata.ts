/** What an exported model says beside its operators: formats and arithmetic as JSON, in metadata_props. */
import { formatText } from '../../formats/format.js';
import type { onnx } from '../../onnx/onnx.proto.js';
import { readPackageVersion } from '../../platform/package.js';
import type { Instruction } from '../../program/instructions.js';
import type { Program } from '../../program/program.js';

/** Fields of an instruction that say what is computed from what: the graph says that. */
const structure = new Set(['op', 'name', 'node', 'operator', 'inputs', 'output', 'indices']);

/**
 * `dynafix.formats`: of every tensor of codes its format, as formats.json has it, and as text. `dynafix.arithmetic`: of every
 * instruction its accumulator, requantisation, clamp and so on. `dynafix.*`: the facts of the program.
 */
export function metadataOf(program: Program, instructions: readonly Instruction[]): onnx.IModelProto {
  const { tensors, metadata } = program;
  const used = new Set(instructions.flatMap(({ inputs, output }) => [...inputs, output]));
  const formats = tensors.flatMap(({ name, format }, index) =>
    format === null || !used.has(index)
      ? []
      : [[name, inOrder({ ...format, text: formatText(format) })] as const],
  );
  const arithmetic = instructions.map(({ name, op, ...fields }) => {
    const rest = Object.entries(fields).filter(([key]) => !structure.has(key));
    return [name, inOrder({ op, ...Object.fromEntries(rest) })] as const;
  });
  const entries = {
    'dynafix.formats': JSON.stringify(Object.fromEntries(formats)),
    'dynafix.arithmetic': JSON.stringify(Object.fromEntries(arithmetic)),
    ...Object.fromEntries(Object.entries(metadata).map(([key, value]) => [`dynafix.${key}`, value])),
  };
  return {
    producerName: 'dynafix',
    producerVersion: readPackageVersion(),
    metadataProps: Object.entries(entries).map(([key, value]) => ({ key, value })),
  };
}

/** The same with fields in the order of their names: a program gives the text that its file gives. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([key, field]) => [key, inOrder(field)]));
}
