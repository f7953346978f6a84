/**
 * The float graph and its formats while they are made from a quantised graph. Values keep the names that they have there; what
 * stands for the same real numbers, such as the output of a DequantizeLinear, is another name for its codes.
 */
import type { ModelFormats, NodeArithmetic } from '../compile/model-formats.js';
import type { Codes, Format } from '../formats/format.js';
import type { Graph, Node } from '../graph/graph.js';
import { consumersOf } from '../graph/order.js';
import type { Tensor, TensorType } from '../graph/tensor.js';
import { nodeError } from '../operators/check.js';
import { isQonnx } from '../operators/qonnx.js';
import { requireFloat32 } from '../operators/quantization.js';
import { plainAccumulator } from '../program/accumulator.js';
import type { QuantizedConstant } from './constants.js';
import { formatOf, type Quantity, requireWidth } from './quantity.js';

/** Arithmetic of a node without what all nodes of a quantised ONNX model have in common. */
export type Arithmetic = Pick<NodeArithmetic, 'scaling'> & Partial<NodeArithmetic>;

/** Exactly, by shifts between powers of two. */
export const byShift: Arithmetic = { scaling: { style: 'shift' } };

/** Multiplication by a float32, as ONNX has it. */
export const byScale: Arithmetic = { scaling: { style: 'scale' } };

export interface Draft {
  /** The quantised graph. */
  readonly graph: Graph;
  /** True for QONNX: codes are real numbers on a grid, and products of them sums of integers. */
  readonly isReal: boolean;
  /** Codes behind float32 constants of the quantised graph. */
  readonly quantized: ReadonlyMap<string, QuantizedConstant>;
  type(value: string): TensorType;
  constant(value: string): Tensor | undefined;
  consumers(value: string): readonly Node[];
  isOutput(value: string): boolean;
  /** The value of the float graph that holds what a value of the quantised graph does. */
  resolve(value: string): string;
  /** What the codes of a value mean; undefined where it is float32. */
  quantity(value: string): Quantity | undefined;
  /** A value becomes another name of one that is there. */
  alias(value: string, to: string): void;
  /** Adds a node whose inputs are resolved, and says what the codes of its outputs mean. */
  emit(node: Node, outputs: readonly (Quantity | undefined)[], arithmetic?: Arithmetic): void;
  /** A name like the one given that no value or constant has. */
  freshName(name: string): string;
  /** Adds a constant under a name like the one given, which it returns. */
  addConstant(name: string, tensor: Tensor, format?: Format, codes?: Codes): string;
  /** Marks a node as part of one that has been emitted. */
  absorb(node: Node): void;
  isAbsorbed(node: Node): boolean;
}

export interface Lifted {
  readonly nodes: readonly Node[];
  readonly constants: ReadonlyMap<string, Tensor>;
  readonly formats: ModelFormats;
}

/** 32-bit accumulators, ties to even, saturation: what ONNX says of its quantised operators. */
const common: Omit<NodeArithmetic, 'scaling'> = {
  accumulator: plainAccumulator(32),
  biasBits: 32,
  rounding: 'halfEven',
  overflow: 'saturate',
  table: { style: 'float32' },
};

/** As `byScale`, for products of codes that are wider than 8 bits. */
export const byScaleInLong: Arithmetic = {
  ...byScale,
  accumulator: { ...common.accumulator, bits: 64 },
  biasBits: 64,
};

export function createDraft(
  graph: Graph,
  quantized: ReadonlyMap<string, QuantizedConstant>,
  inputs: ReadonlyMap<string, Quantity>,
): Draft & { finish(): Lifted } {
  const consumers = consumersOf(graph.nodes);
  const outputs = new Set(graph.outputs);
  const quantities = new Map(inputs);
  const aliases = new Map<string, string>();
  const absorbed = new Set<Node>();
  const nodes: Node[] = [];
  const constants = new Map(graph.constants);
  const taken = new Set([...graph.types.keys(), ...graph.nodes.map(({ name }) => name)]);
  const formats: Record<string, Format> = {};
  const codes = new Map<string, Codes>();
  const arithmetic: Record<string, NodeArithmetic> = {};

  const draft: Draft = {
    graph,
    isReal: graph.nodes.some(isQonnx),
    quantized,
    type: (value) => graph.types.get(value)!,
    constant: (value) => graph.constants.get(value),
    consumers: (value) => consumers.get(value) ?? [],
    isOutput: (value) => outputs.has(value),
    resolve: (value) => aliases.get(value) ?? value,
    quantity: (value) => quantities.get(draft.resolve(value)),
    alias: (value, to) => void aliases.set(value, draft.resolve(to)),
    emit(node, meanings, own) {
      nodes.push({ ...node, inputs: node.inputs.map(draft.resolve) });
      node.outputs.forEach((output, index) => {
        const meaning = meanings[index];
        if (meaning !== undefined) quantities.set(output, meaning);
      });
      if (own !== undefined) arithmetic[node.name] = { ...common, ...own };
    },
    freshName(name) {
      let fresh = name;
      for (let count = 2; taken.has(fresh); count++) fresh = `${name}/${count}`;
      taken.add(fresh);
      return fresh;
    },
    addConstant(name, tensor, format, exact) {
      const fresh = draft.freshName(name);
      constants.set(fresh, tensor);
      if (format !== undefined) formats[fresh] = format;
      if (exact !== undefined) codes.set(fresh, exact);
      return fresh;
    },
    absorb: (node) => void absorbed.add(node),
    isAbsorbed: (node) => absorbed.has(node),
  };
  const finish = (): Lifted => ({
    nodes,
    constants,
    formats: {
      tensors: Object.fromEntries([...quantities].map(([value, quantity]) => [value, formatOf(quantity)])),
      constants: formats,
      codes,
      integerInputs: [...inputs.keys()],
      conversions: {
        rounding: 'halfEven',
        overflow: 'saturate',
        float32Quotient: true,
        scaling: { style: 'scale' },
      },
      nodes: arithmetic,
    },
  });
  return { ...draft, finish };
}

/** What a scale and a zero point, both constant, say of the codes of `value`; a ModelError where they say more than one thing. */
export function readQuantity(
  draft: Pick<Draft, 'constant'>,
  node: Node,
  index: number,
  value: TensorType,
): Quantity {
  const scale = draft.constant(node.inputs[index]);
  const zeroName = node.inputs[index + 1] ?? '';
  const zero = draft.constant(zeroName);
  const width = requireWidth(node, 'the operand', value);
  if (scale === undefined) throw nodeError(node, `the scale (input ${index}) is computed`, 'a constant');
  if (zeroName !== '' && zero === undefined)
    throw nodeError(node, `the zero point (input ${index + 1}) is computed`, 'a constant');
  requireFloat32(node, scale);
  if (scale.data.length !== 1)
    throw nodeError(node, 'an activation has several scales', 'one', `${scale.data.length}`);
  const step = Number(scale.data[0]);
  if (!(step > 0 && Number.isFinite(step)))
    throw nodeError(node, `a scale (input ${index}) is not a positive number`, 'above 0', `${step}`);
  const zeroPoint = Number(zero?.data[0] ?? 0);
  if (width.bits > 16 && zeroPoint !== 0)
    throw nodeError(node, 'codes of more than 16 bits have a zero point', '0', `${zeroPoint}`);
  return { ...width, scale: step, zeroPoint };
}

/**
 * Makes `value`, float32 in the quantised graph, another name of the codes that hold it. Where it is an output of the graph, a
 * node gives it as float32.
 */
export function defineReal(draft: Draft, node: Node, value: string, codes: string): void {
  const { name } = node;
  if (draft.isOutput(value))
    draft.emit(
      {
        name: `${name}/real`,
        operator: 'Identity',
        domain: '',
        inputs: [codes],
        outputs: [value],
        attributes: {},
      },
      [],
    );
  draft.alias(value, codes);
}
