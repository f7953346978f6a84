/** Collects nodes and constants of an ONNX graph. Names are unique; those that are kept for others are never made up. */
import { int } from '../../graph/attributes.js';
import type { Graph, GraphInput, Node } from '../../graph/graph.js';
import type { ElementType, Tensor, TensorType } from '../../graph/tensor.js';
import { codeOf, elementStorage } from '../../onnx/element-types.js';

/** The attribute of a Cast to this type. */
export const castTo = (type: ElementType): Node['attributes'] => ({ to: int(codeOf(type)) });

export interface GraphBuilder {
  /** Whom the nodes that follow belong to: their names start with it. */
  begin(owner: string): void;
  /** Adds a node and gives the name of its output. */
  node(operator: string, inputs: readonly string[], attributes?: Node['attributes']): string;
  /** A constant, under its own name where that is free; small ones without one are shared. */
  constant(tensor: Tensor, name?: string): string;
  /** Integers, or float32 numbers, as a constant. */
  numbers(type: ElementType, shape: readonly number[], values: readonly (number | bigint)[]): string;
  input(input: GraphInput): void;
  /** Makes a value an output under this name. */
  output(value: string, name: string, type: TensorType): void;
  /** Names the value that the last node computed, unless it is settled; others keep their name. Settles it. */
  rename(value: string, name: string): string;
  /** Says that the name of a value is known elsewhere. */
  settle(value: string): void;
  finish(name: string, opset: number): Graph;
}

/** Constants with at most so many elements are compared, and shared. */
const MOST_SHARED = 4096;

/** `share`: false where each use of a constant needs one of its own, as ONNX Runtime's fusion of QDQ pairs does. */
export function createGraphBuilder(kept: Iterable<string>, { share = true } = {}): GraphBuilder {
  const nodes: Node[] = [];
  const constants = new Map<string, Tensor>();
  const shared = new Map<string, string>();
  const inputs: GraphInput[] = [];
  const outputs: string[] = [];
  const types = new Map<string, TensorType>();
  const taken = new Set(kept);
  const nodeNames = new Set<string>();
  const settled = new Set<string>();
  let owner = '';

  function unique(name: string, names: Set<string>): string {
    let candidate = name;
    for (let count = 2; names.has(candidate); count++) candidate = `${name}:${count}`;
    names.add(candidate);
    return candidate;
  }

  const builder: GraphBuilder = {
    begin(name) {
      owner = name;
    },
    node(operator, operands, attributes = {}) {
      const name = unique(`${owner}/${operator}`, nodeNames);
      const output = unique(name, taken);
      nodes.push({ name, operator, domain: '', inputs: operands, outputs: [output], attributes });
      return output;
    },
    constant(tensor, name) {
      const { type, shape, data } = tensor;
      if (name !== undefined) {
        const known = constants.get(name);
        const free = known === undefined || sameTensor(known, tensor) ? name : unique(name, taken);
        constants.set(free, tensor);
        return free;
      }
      const key = !share || data.length > MOST_SHARED ? undefined : `${type}[${shape}]${data}`;
      const found = key === undefined ? undefined : shared.get(key);
      if (found !== undefined) return found;
      const made = unique(
        share && data.length === 1 ? `${type}[${shape}]:${data[0]}` : `${owner}/constant`,
        taken,
      );
      constants.set(made, tensor);
      if (key !== undefined) shared.set(key, made);
      return made;
    },
    numbers(type, shape, values) {
      const { array } = elementStorage[type as keyof typeof elementStorage];
      const data = new array(values.length);
      const wide = data instanceof BigInt64Array || data instanceof BigUint64Array;
      values.forEach((value, index) => {
        data[index] = wide ? BigInt(value) : Number(value);
      });
      return builder.constant({ type, shape, data });
    },
    input: (input) => void inputs.push(input),
    output(value, name, type) {
      if (value !== name) {
        const identity = unique(`${name}/Identity`, nodeNames);
        nodes.push({
          name: identity,
          operator: 'Identity',
          domain: '',
          inputs: [value],
          outputs: [name],
          attributes: {},
        });
      }
      outputs.push(name);
      types.set(name, type);
    },
    rename(value, name) {
      const last = nodes.at(-1);
      if (last?.outputs[0] !== value || settled.has(value)) return value;
      replaceOutput(last, name);
      settled.add(name);
      return name;
    },
    settle: (value) => void settled.add(value),
    finish: (name, opset) => ({ name, opset, nodes, inputs, outputs, constants, types }),
  };

  function replaceOutput(node: Node, name: string): void {
    nodes[nodes.indexOf(node)] = { ...node, outputs: [name] };
  }

  return builder;
}

function sameTensor(a: Tensor, b: Tensor): boolean {
  const equal = a.type === b.type && a.data.length === b.data.length && `${a.shape}` === `${b.shape}`;
  return equal && Array.prototype.every.call(a.data, (value, index) => value === b.data[index]);
}
