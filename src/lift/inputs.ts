/** What the codes of a model's integer inputs mean: what the first node that interprets them says. */
import type { Graph, Node } from '../graph/graph.js';
import { consumersOf } from '../graph/order.js';
import type { TensorType } from '../graph/tensor.js';
import { breadthFirst } from '../graph/walk.js';
import { integerWidth } from '../operators/storage.js';
import { readQuantity } from './draft.js';
import { plainIntegers, type Quantity } from './quantity.js';

/** Meanings of the inputs that are integers of at most 16 bits, and of those of int32 that a DequantizeLinear reads, by name. */
export function inputQuantities(graph: Graph): Map<string, Quantity> {
  const consumers = consumersOf(graph.nodes);
  const quantities = new Map<string, Quantity>();
  for (const { name, ...type } of graph.inputs) {
    const width = type.type === 'bool' ? undefined : integerWidth(type.type);
    if (width === undefined || (width.bits > 16 && type.type !== 'int32')) continue;
    const { bits, signed } = width;
    const found = interpret(graph, consumers, name, type);
    if (found !== undefined || bits <= 16) quantities.set(name, found ?? plainIntegers({ bits, signed }));
  }
  return quantities;
}

/** What the nearest node says that does, looking through data movement. */
function interpret(
  graph: Graph,
  consumers: ReadonlyMap<string, readonly Node[]>,
  input: string,
  type: TensorType,
): Quantity | undefined {
  const readersOf = (value: string) => consumers.get(value) ?? [];
  const moved = breadthFirst([input], (value) =>
    readersOf(value)
      .map(({ outputs: [output] }) => output)
      .filter((output) => graph.types.get(output)?.type === type.type),
  );
  for (const value of moved) {
    for (const node of readersOf(value)) {
      const found = readBy(graph, node, value, type);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** What the node itself says of the codes of its operand. */
function readBy(graph: Graph, node: Node, value: string, type: TensorType): Quantity | undefined {
  const draft = { constant: (name: string) => graph.constants.get(name) };
  const index = node.inputs.indexOf(value);
  if (node.operator === 'ConvInteger' || node.operator === 'MatMulInteger') {
    const zero = draft.constant(node.inputs[2] ?? '');
    const zeroPoint = Number(zero?.data[0] ?? 0);
    return { ...plainIntegers({ bits: 8, signed: type.type === 'int8' }), zeroPoint };
  }
  const states = node.operator === 'DequantizeLinear' || /^(QLinear|QGemm)/.test(node.operator);
  const scale = draft.constant(node.inputs[index + 1] ?? '');
  // What is wrong with other scales is said by the node that reads them.
  const isScale = scale?.type === 'float32' && scale.data.length === 1;
  const isLegal = isScale && Number(scale.data[0]) > 0 && Number.isFinite(scale.data[0]);
  return states && isLegal ? readQuantity(draft, node, index + 1, type) : undefined;
}
