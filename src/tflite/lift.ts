/**
 * The quantisation of a TFLite file as formats for the values of its float graph, with the arithmetic of TFLite's
 * reference kernels for the nodes.
 */
import type { ModelFormats, NodeArithmetic } from '../compile/model-formats.js';
import type { Codes, Format } from '../formats/format.js';
import { formatOfScale } from '../formats/scale.js';
import type { Node } from '../graph/graph.js';
import type { Tensor } from '../graph/tensor.js';
import { plainAccumulator } from '../program/accumulator.js';
import { permuted } from './constants.js';
import type { TensorTable } from './file.js';
import type { GraphWriter } from './graph-writer.js';
import { findRule } from './kernels.js';
import type { CodeMeaning, Ruled } from './rule.js';
import { type CodeType, limitCode } from './unary-codes.js';

/** Widths of the element types that are codes where they have a scale. */
const widths: Readonly<Record<string, { bits: number; signed: boolean }>> = {
  int4: { bits: 4, signed: true },
  int8: { bits: 8, signed: true },
  uint8: { bits: 8, signed: false },
  int16: { bits: 16, signed: true },
  int32: { bits: 32, signed: true },
};

/** The codes of a tensor with one scale; null for float32 and for integers that have none. */
export function codeTypeOf({ type, quantization }: TensorTable): CodeType | null {
  const width = widths[type];
  if (width === undefined || quantization === null || quantization.scales.length !== 1) return null;
  return { ...width, scale: quantization.scales[0], zeroPoint: quantization.zeroPoints[0] };
}

export interface Lifted {
  readonly nodes: readonly Node[];
  /** Null for a model that computes nothing on codes. */
  readonly formats: ModelFormats | null;
}

/** What every node has in common. */
const common: Omit<NodeArithmetic, 'given' | 'biasBits'> = {
  accumulator: plainAccumulator(32),
  scaling: { style: 'division' },
  rounding: 'halfAwayFromZero',
  overflow: 'saturate',
};

/**
 * The nodes of a graph with the arithmetic of their kernels. Nodes that TFLite computes on codes in a way that is not
 * known here take the domain `tflite` and say why. `written` are the nodes that the outputs need.
 */
export function liftQuantization(writer: GraphWriter, written: readonly Node[]): Lifted {
  const { origins, tables } = writer;
  const tensors: Record<string, Format> = {};
  const constants: Record<string, Format> = {};
  const codes = new Map<string, Codes>();
  const arithmetic: Record<string, NodeArithmetic> = {};

  const meaning = (value: string): CodeMeaning | undefined => {
    const origin = origins.get(value);
    if (origin === undefined) return undefined;
    const table = tables.tensors[origin.tensor];
    return { table, type: codeTypeOf(table), constant: writer.constants.has(value) };
  };
  const inputs = tables.inputs.map((index) => tables.tensors[index].name);
  for (const value of [...inputs, ...written.flatMap(({ outputs }) => outputs)]) {
    const type = meaning(value)?.type;
    if (type) tensors[value] = formatOfScale(type);
  }
  for (const [value, tensor] of writer.constants) {
    const origin = origins.get(value);
    if (origin === undefined) continue;
    const table = tables.tensors[origin.tensor];
    if (table.quantization === null || table.type === 'float32') continue;
    const stored = writer.stored(origin.tensor)!;
    codes.set(value, arranged(stored, tensor, origin.permutation).data as Codes);
    if (widths[table.type] !== undefined) constants[value] = constantFormat(table);
  }

  /** Nodes that give the operands of a node as codes of its output, and the node that reads those. */
  const converted = (node: Node, conversions: NonNullable<Ruled['conversions']>): Node[] => {
    const inserted: Node[] = [];
    const inputs = node.inputs.map((value, index) => {
      const given = conversions[index];
      if (given === undefined) return value;
      const name = writer.fresh(`${node.outputs[0]}/operand${index}`);
      inserted.push({
        name,
        operator: 'Identity',
        domain: '',
        inputs: [value],
        outputs: [name],
        attributes: {},
      });
      arithmetic[name] = { ...common, biasBits: 32, given };
      tensors[name] = tensors[node.outputs[0]];
      return name;
    });
    return [...inserted, { ...node, inputs }];
  };

  const nodes = written.flatMap((node): Node[] => {
    const [output] = node.outputs;
    const type = meaning(output)?.type;
    if (!type || node.domain !== '') return [node];
    const operands = node.inputs.map((value) => (value === '' ? undefined : meaning(value)));
    const { refused, conversions = [], ...own } = findRule(node, operands, type);
    if (refused !== undefined) return [refuse(node, refused)];
    arithmetic[node.name] = { ...common, biasBits: 32, ...own };
    const clamp = node.clamp && clampOf(node.clamp, type);
    return converted(clamp === undefined ? node : { ...node, clamp }, conversions);
  });
  if (Object.keys(tensors).length === 0) return { nodes, formats: null };
  const conversions = { rounding: 'halfAwayFromZero', overflow: 'saturate', float32Quotient: true } as const;
  return { nodes, formats: { tensors, constants, codes, conversions, nodes: arithmetic } };
}

function refuse(node: Node, reason: string): Node {
  return { ...node, domain: 'tflite', attributes: { reason: { kind: 'string', value: reason } } };
}

/** The limits of an activation as the codes that TFLite computes for them, in real numbers. */
function clampOf({ low, high }: NonNullable<Node['clamp']>, type: CodeType): NonNullable<Node['clamp']> {
  const real = (limit: number) =>
    Number.isFinite(limit) ? (limitCode(limit, type) - type.zeroPoint) * type.scale : limit;
  return { low: real(low), high: real(high) };
}

/** Weights have their channels on the first axis where they are stored. */
function constantFormat({ type, quantization }: TensorTable): Format {
  const { scales, zeroPoints } = quantization!;
  if (scales.length === 1)
    return formatOfScale({ ...widths[type], scale: scales[0], zeroPoint: zeroPoints[0] });
  const uniform = zeroPoints.every((zero) => zero === zeroPoints[0]);
  const zeroPoint = uniform ? zeroPoints[0] : zeroPoints;
  return formatOfScale({ ...widths[type], scale: scales, zeroPoint, axis: 0 });
}

/** Stored codes in the layout of the constant of the graph. */
function arranged(stored: Tensor, { shape }: Tensor, permutation: readonly number[] | undefined): Tensor {
  if (permutation === undefined || stored.data.length === 1) return { ...stored, shape };
  const missing = permutation.length - stored.shape.length;
  const lifted = [...new Array<number>(missing).fill(1), ...stored.shape];
  return permuted({ ...stored, shape: lifted }, permutation);
}
