/** Attributes of nodes: made, and read by type. A present attribute of another kind is a ModelError. */
import { ModelError } from '../errors.js';
import type { Attribute, Node } from './graph.js';
import type { Tensor } from './tensor.js';

export const int = (value: number): Attribute => ({ kind: 'int', value });
export const float = (value: number): Attribute => ({ kind: 'float', value });
export const ints = (value: readonly number[]): Attribute => ({ kind: 'ints', value });
export const text = (value: string): Attribute => ({ kind: 'string', value });

function read<K extends Attribute['kind']>(node: Node, name: string, kind: K) {
  const attribute = node.attributes[name];
  if (attribute === undefined) return undefined;
  if (attribute.kind === kind) return attribute.value as Extract<Attribute, { kind: K }>['value'];
  const where = `node "${node.name}" (${node.operator})`;
  throw new ModelError({
    where,
    what: `attribute "${name}" has the wrong kind`,
    expected: kind,
    got: attribute.kind,
  });
}

export function intAttribute(node: Node, name: string, otherwise: number): number {
  return read(node, name, 'int') ?? otherwise;
}

export function floatAttribute(node: Node, name: string, otherwise: number): number {
  return read(node, name, 'float') ?? otherwise;
}

export function stringAttribute(node: Node, name: string, otherwise: string): string {
  return read(node, name, 'string') ?? otherwise;
}

export function intsAttribute(node: Node, name: string): readonly number[] | undefined {
  return read(node, name, 'ints');
}

export function floatsAttribute(node: Node, name: string): readonly number[] | undefined {
  return read(node, name, 'floats');
}

export function tensorAttribute(node: Node, name: string): Tensor | undefined {
  return read(node, name, 'tensor');
}
