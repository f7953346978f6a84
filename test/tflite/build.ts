/** Small TFLite files, written with the FlatBuffers run time in the field order of TFLite's schema.fbs. */
import { Builder } from 'flatbuffers';

export interface BuiltTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** TensorType: 0 float32, 2 int32, 3 uint8, 4 int64, 7 int16, 9 int8. */
  readonly type: number;
  readonly scales?: readonly number[];
  readonly zeroPoints?: readonly number[];
  readonly axis?: number;
  /** Bytes of a constant. */
  readonly data?: ArrayLike<number>;
}

export interface BuiltOperator {
  /** BuiltinOperator. */
  readonly code: number;
  readonly custom?: string;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Number of the options in BuiltinOptions, and their fields; a fraction is written as a float. */
  readonly union?: number;
  readonly options?: readonly number[];
}

export interface BuiltModel {
  /** An object that stands here several times is one table, to which several entries point. */
  readonly tensors: readonly BuiltTensor[];
  readonly operators: readonly BuiltOperator[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

export function encodeTflite({ tensors, operators, inputs, outputs }: BuiltModel): Uint8Array {
  const builder = new Builder();
  const vector = (values: readonly number[], size: number, add: (value: number) => void) => {
    builder.startVector(size, values.length, size);
    for (const value of values.toReversed()) add(value);
    return builder.endVector();
  };
  const ints = (values: readonly number[]) => vector(values, 4, (value) => builder.addInt32(value));
  const floats = (values: readonly number[]) => vector(values, 4, (value) => builder.addFloat32(value));
  const longs = (values: readonly number[]) => vector(values, 8, (value) => builder.addInt64(BigInt(value)));
  const offsets = (values: readonly number[]) => vector(values, 4, (value) => builder.addOffset(value));
  const bytes = (values: ArrayLike<number>) => builder.createByteVector(Uint8Array.from(values));
  /** Fields that are undefined are left out. */
  const table = (fields: readonly ((index: number) => void)[]) => {
    builder.startObject(fields.length);
    fields.forEach((write, index) => {
      write(index);
    });
    return builder.endObject();
  };
  const offset = (value: number | undefined) => (index: number) =>
    value === undefined ? undefined : builder.addFieldOffset(index, value, 0);
  const int = (value: number) => (index: number) => builder.addFieldInt32(index, value, -1);
  const byte = (value: number) => (index: number) => builder.addFieldInt8(index, value, -1);

  const buffers = [table([]), ...tensors.map(({ data }) => table(data ? [offset(bytes(data))] : []))];
  const quantization = ({ scales, zeroPoints = [], axis = 0 }: BuiltTensor) => {
    if (scales === undefined) return undefined;
    const [scale, zero] = [floats(scales), longs(zeroPoints)];
    const none = offset(undefined);
    return table([none, none, offset(scale), offset(zero), none, none, int(axis)]);
  };
  const built = new Map<BuiltTensor, number>();
  const tensorTables = tensors.map((tensor, index) => {
    if (!built.has(tensor)) {
      const name = builder.createString(tensor.name);
      const [shape, scale] = [ints(tensor.shape), quantization(tensor)];
      const fields = [offset(shape), byte(tensor.type), int(index + 1), offset(name), offset(scale)];
      built.set(tensor, table(fields));
    }
    return built.get(tensor)!;
  });
  const codes = operators.map(({ code, custom }) => {
    const name = custom === undefined ? undefined : builder.createString(custom);
    return table([byte(Math.min(code, 127)), offset(name), int(1), int(code)]);
  });
  const operatorTables = operators.map((operator, index) => {
    const lists = [ints(operator.inputs), ints(operator.outputs)];
    const options = operator.options?.map((value) =>
      Number.isInteger(value) ? int(value) : (field: number) => builder.addFieldFloat32(field, value, -1),
    );
    const optionsTable = options && table(options);
    const union = byte(operator.union ?? 0);
    return table([int(index), offset(lists[0]), offset(lists[1]), union, offset(optionsTable)]);
  });
  const lists = [offsets(tensorTables), ints(inputs), ints(outputs), offsets(operatorTables)];
  const subgraph = table(lists.map(offset));
  const parts = [offsets(codes), offsets([subgraph]), undefined, offsets(buffers)];
  builder.finish(table([int(3), ...parts.map(offset)]), 'TFL3');
  return builder.asUint8Array();
}
