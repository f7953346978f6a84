/** Small ONNX files for tests, encoded by the independent package onnx-proto. */
import onnxProto from 'onnx-proto';

export const reference = onnxProto.onnx;
export type ModelFields = onnxProto.onnx.IModelProto;
export type GraphFields = onnxProto.onnx.IGraphProto;
export type NodeFields = onnxProto.onnx.INodeProto;
export type TensorFields = onnxProto.onnx.ITensorProto;
export type Size = number | string;

/** What a graph says of a float32 value; a text is a symbolic size, undefined leaves the shape out. */
export function value(name: string, shape?: readonly Size[]): onnxProto.onnx.IValueInfoProto {
  const dim = shape?.map((size) => (typeof size === 'string' ? { dimParam: size } : { dimValue: size }));
  return { name, type: { tensorType: { elemType: 1, ...(dim && { shape: { dim } }) } } };
}

export function node(opType: string, input: string[], output: string[], more: NodeFields = {}): NodeFields {
  return { opType, input, output, ...more };
}

/** A float32 initializer. */
export function weights(name: string, dims: number[], floatData: number[]): TensorFields {
  return { name, dims, dataType: 1, floatData };
}

/** x [1,2] -> Add w -> Relu -> y, with the graph's fields replaced by those given. */
export function graphOf(fields: GraphFields = {}): GraphFields {
  return {
    name: 'sample',
    input: [value('x', [1, 2])],
    output: [value('y', [1, 2])],
    initializer: [weights('w', [2], [0.5, -0.5])],
    node: [node('Add', ['x', 'w'], ['sum']), node('Relu', ['sum'], ['y'])],
    ...fields,
  };
}

export function encode(fields: GraphFields = {}, model: ModelFields = {}): Uint8Array {
  const proto = {
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: graphOf(fields),
    ...model,
  };
  return reference.ModelProto.encode(proto).finish();
}
