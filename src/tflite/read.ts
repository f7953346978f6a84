/** Reads TFLite models. */
import type { ModelFormats } from '../compile/model-formats.js';
import { DynafixError, ModelError, UsageError } from '../errors.js';
import type { Graph, GraphInput } from '../graph/graph.js';
import { nodesBehind } from '../graph/order.js';
import { verifyGraph } from '../graph/verify.js';
import { readBytes } from '../platform/files.js';
import { converters } from './converters.js';
import { decodeTables, type ModelTables } from './file.js';
import { createGraphWriter, finishGraph } from './graph-writer.js';
import { liftQuantization } from './lift.js';

/** A TFLite model as a graph of ONNX's operators. */
export interface TfliteModel {
  /** In real values: a quantised tensor stands for what its codes mean. */
  readonly graph: Graph;
  /** What the codes of the graph are and how they are computed; null for a model without any. */
  readonly formats: ModelFormats | null;
  /** How often the file has each of TFLite's operators. */
  readonly operators: Readonly<Record<string, number>>;
}

export interface ReadOptions {
  /** Shapes of inputs by name, where the file declares that a size may change. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** Called with the bytes of the unpacked file. */
  readonly onRead?: (bytes: Uint8Array) => void;
}

/**
 * Reads a `.tflite` or `.tflite.gz` file. Throws an InputError where the file cannot be read, a UsageError where given
 * shapes do not fit, a ModelError where the model is not valid.
 */
export function readTflite(path: string, options: ReadOptions = {}): TfliteModel {
  const bytes = readBytes(path);
  options.onRead?.(bytes);
  return decodeTflite(bytes, path, options);
}

/** Decodes a model, which `where` names in errors. */
export function decodeTflite(
  bytes: Uint8Array,
  where: string,
  { shapes = {} }: ReadOptions = {},
): TfliteModel {
  try {
    return convert(decodeTables(bytes), shapes);
  } catch (error) {
    if (!(error instanceof DynafixError)) throw error;
    const facts = { ...error.facts, where: error.where === 'model' ? where : `${where}: ${error.where}` };
    throw error instanceof UsageError ? new UsageError(facts) : new ModelError(facts);
  }
}

function convert(tables: ModelTables, shapes: Readonly<Record<string, readonly number[]>>): TfliteModel {
  const inputs = readInputs(tables, shapes);
  const writer = createGraphWriter(tables);
  for (const index of tables.inputs) writer.write(index);
  const counts: Record<string, number> = {};
  tables.operators.forEach((operator, position) => {
    counts[operator.operator] = (counts[operator.operator] ?? 0) + 1;
    const converter = converters.get(operator.operator);
    if (converter === undefined) writer.refuse(operator, 'the operator is not supported');
    else converter(operator, writer, `operator ${position} (${operator.operator})`);
  });
  const written = finishGraph(writer, inputs);
  verifyGraph(written);
  const { nodes, formats } = liftQuantization(writer, nodesBehind(written.nodes, written.outputs));
  return { graph: { ...written, nodes }, formats, operators: counts };
}

/** Inputs in the file's own layout; codes count as the real values that they stand for. */
function readInputs(tables: ModelTables, shapes: Readonly<Record<string, readonly number[]>>): GraphInput[] {
  for (const given of Object.keys(shapes)) {
    if (tables.inputs.some((index) => tables.tensors[index].name === given)) continue;
    const expected = tables.inputs.map((index) => JSON.stringify(tables.tensors[index].name)).join(', ');
    throw new UsageError({ where: 'shapes', what: `"${given}" is no input of the model`, expected });
  }
  return tables.inputs.map((index) => {
    const { name, type, shape, signature, quantization } = tables.tensors[index];
    const given = Object.hasOwn(shapes, name) ? shapes[name] : shape;
    const fits =
      given.length === shape.length &&
      given.every((size, axis) => size === shape[axis] || (signature[axis] === -1 && size > 0));
    if (!fits) {
      const facts = { expected: `[${signature}]`, got: `[${given}]` };
      throw new UsageError({
        where: `shape given for input "${name}"`,
        what: 'does not fit the model',
        ...facts,
      });
    }
    return { name, type: quantization === null ? type : 'float32', shape: given };
  });
}
