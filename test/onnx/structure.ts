/** What a model means according to the independent package onnx-proto, in a form that two files can be compared in. */
import { createHash } from 'node:crypto';
import { type GraphFields, type NodeFields, reference, type TensorFields } from './samples.js';

type Plain = null | string | number | boolean | readonly Plain[] | { readonly [name: string]: Plain };

const sizes: Record<string, number> = {
  floatData: 4,
  int32Data: 4,
  int64Data: 8,
  doubleData: 8,
  uint64Data: 8,
};

/** Size in bytes of an item that int32_data or uint64_data keeps in a wider entry. */
const narrowed: Record<number, number> = { 2: 1, 3: 1, 4: 2, 5: 2, 9: 1, 10: 2, 12: 4, 16: 2 };

/**
 * Structure of a file: names of nodes other than those given, the order of nodes, typed or raw tensor data and symbolic
 * batch sizes make no difference; nor do shapes declared of inputs, constants and outputs among the inner values.
 */
export function structureOf(bytes: Uint8Array, nodeNames = givenNames(bytes)): Plain {
  const { graph, opsetImport, ...model } = reference.ModelProto.decode(bytes);
  const { node = [], input = [], valueInfo = [], ...rest } = graph as GraphFields;
  const constants = new Set(rest.initializer?.map(({ name }) => name));
  const ends = new Set([...input!, ...rest.output!].map(({ name }) => name));
  return plain({
    ...model,
    opsetImport: opsetImport.map(({ domain, version }) => `${standard(domain)} ${version}`).sort(),
    graph: {
      ...rest,
      input: input!.map((info) => {
        const [first] = constants.has(info.name) ? [] : (info.type?.tensorType?.shape?.dim ?? []);
        return first?.dimParam
          ? JSON.parse(JSON.stringify(info).replace(/"dimParam":"[^"]*"/, '"dimValue":"1"'))
          : info;
      }),
      valueInfo: valueInfo!.filter(({ name }) => !constants.has(name) && !ends.has(name)),
      node: node!
        .map((n: NodeFields) => {
          const name = nodeNames.has(n.name ?? '') ? n.name : '';
          return { ...n, domain: standard(n.domain), name };
        })
        .sort((a, b) => (`${a.output}` < `${b.output}` ? -1 : 1)),
    },
  });
}

/** The names of nodes that a reader must keep: those that one node alone has. */
export function givenNames(bytes: Uint8Array): Set<string> {
  const names = reference.ModelProto.decode(bytes).graph!.node!.map(({ name }) => name ?? '');
  return new Set(names.filter((name) => name !== '' && names.indexOf(name) === names.lastIndexOf(name)));
}

function standard(domain: string | null | undefined): string {
  return domain === 'ai.onnx' ? '' : (domain ?? '');
}

function plain(value: unknown): Plain {
  if (value instanceof Uint8Array) return createHash('sha256').update(value).digest('hex');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value as Plain;
  if ('low' in value && 'high' in value) return String(value);
  const fields = 'dataType' in value ? tensor(value as TensorFields) : value;
  const kept = Object.entries(fields)
    .filter(([name, field]) => name !== 'name' || field !== '')
    .filter(([, field]) => field !== null && field !== '' && !(Array.isArray(field) && field.length === 0));
  return Object.fromEntries(
    kept.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, field]) => [name, plain(field)]),
  );
}

function tensor({ name, dims, dataType, docString, stringData, rawData, ...typed }: TensorFields): object {
  const fields = { name, dims, dataType, docString, stringData };
  if (rawData?.length) return { ...fields, data: rawData };
  for (const [field, size] of Object.entries(sizes)) {
    const entries = (typed as Record<string, (number | { low: number; high: number })[]>)[field] ?? [];
    if (entries.length === 0) continue;
    const view = new DataView(new ArrayBuffer(entries.length * size));
    entries.forEach((entry, i) => {
      if (typeof entry !== 'number') {
        view.setInt32(8 * i, entry.low, true);
        view.setInt32(8 * i + 4, entry.high, true);
      } else if (field === 'floatData') view.setFloat32(4 * i, entry, true);
      else if (field === 'doubleData') view.setFloat64(8 * i, entry, true);
      else view.setInt32(size * i, entry, true);
    });
    const wide = new Uint8Array(view.buffer);
    const width =
      field === 'int32Data' || field === 'uint64Data'
        ? (narrowed[dataType ?? 0] ?? byteWidth(dataType, size))
        : size;
    return { ...fields, data: wide.filter((_, i) => i % size < width) };
  }
  return fields;
}

/** Types newer than onnx-proto: up to 8 bits, one byte an entry. */
function byteWidth(dataType: number | null | undefined, size: number): number {
  return (dataType ?? 0) > 16 ? 1 : size;
}
