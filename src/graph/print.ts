/**
 * The text form of a graph: one line per input, constant, node and output, in graph order and without the data
 * of constants, so that two texts can be compared line by line.
 *
 *     graph "lenet" opset 8
 *     input x float32 [1,1,28,28]
 *     constant w float32 [8,1,5,5]
 *     y float32 [1,8,24,24] = Conv(x, w) kernel_shape=[5,5] clamp=[0,Infinity] # conv1
 *     output y
 */
import type { Attribute, Graph, Node } from './graph.js';
import type { Tensor, TensorType } from './tensor.js';

/** The text form of a graph, ending with a newline. */
export function printGraph(graph: Graph): string {
  const lines = [
    `graph ${JSON.stringify(graph.name)} opset ${graph.opset}`,
    ...graph.inputs.map((input) => `input ${printName(input.name)} ${printType(input)}`),
    ...Array.from(graph.constants, ([name, tensor]) => `constant ${printName(name)} ${printType(tensor)}`),
    ...graph.nodes.map((node) => printNode(node, graph.types)),
    ...graph.outputs.map((name) => `output ${printName(name)}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** The line of a node; types are left out where they are unknown. */
export function printNode(node: Node, types: ReadonlyMap<string, TensorType> = new Map()): string {
  const outputs = node.outputs.map((name) => {
    const type = types.get(name);
    return type === undefined ? printName(name) : `${printName(name)} ${printType(type)}`;
  });
  const operator = node.domain === '' ? node.operator : `${node.domain}::${node.operator}`;
  const words = [`${outputs.join(', ')} = ${operator}(${node.inputs.map(printName).join(', ')})`];
  for (const [name, attribute] of Object.entries(node.attributes))
    words.push(`${name}=${printAttribute(attribute)}`);
  if (node.clamp !== undefined) words.push(`clamp=[${node.clamp.low},${node.clamp.high}]`);
  words.push(`# ${printName(node.name)}`);
  return words.join(' ');
}

/** `float32 [1,3,224,224]` */
export function printType({ type, shape }: TensorType): string {
  return `${type} [${shape.join(',')}]`;
}

/** Names that could be misread are quoted as in JSON. */
function printName(name: string): string {
  return /^[\w./:;-]+$/.test(name) ? name : JSON.stringify(name);
}

function printAttribute(attribute: Attribute): string {
  switch (attribute.kind) {
    case 'int':
    case 'float':
      return `${attribute.value}`;
    case 'string':
      return JSON.stringify(attribute.value);
    case 'ints':
    case 'floats':
      return `[${attribute.value.join(',')}]`;
    case 'strings':
      return JSON.stringify(attribute.value);
    case 'tensor':
      return printTensor(attribute.value);
    case 'tensors':
      return `[${attribute.value.map(printTensor).join(',')}]`;
    case 'opaque':
      return `<${attribute.value.length} bytes>`;
  }
}

function printTensor(tensor: Tensor): string {
  return `<${printType(tensor)}>`;
}
