/**
 * A program as an ONNX model of real values between QuantizeLinear and DequantizeLinear, as quantisation-aware runtimes read it. It
 * says which values are codes and what they mean, not how their sums are rounded: it means half to even with saturation, and what the
 * program does otherwise stands in the metadata.
 */
import { plainOrder } from '../../compile/axis-order.js';
import type { Model } from '../../onnx/model.js';
import type { InstructionTable } from '../../program/instructions.js';
import type { Program } from '../../program/program.js';
import { metadataOf } from './metadata.js';
import { createContext, OPSET, quantizedType } from './qdq/context.js';
import { qdqOperators } from './qdq/instructions.js';

const IR_VERSION = 10;

/** Throws a ProgramError naming what QDQ has no words for. */
export function qdqModel(program: Program): Model {
  const { inputs, outputs, instructions } = program;
  const names = new Set(outputs.map(({ name }) => name));
  const tensors = program.tensors.map((tensor) =>
    tensor.data !== undefined && names.has(tensor.name)
      ? { ...tensor, name: `${tensor.name}@codes` }
      : tensor,
  );
  const kept = [...tensors, ...inputs, ...outputs].map(({ name }) => name);
  const context = createContext({ ...program, tensors }, kept, names);
  const { builder, layouts } = context;
  for (const { name, tensor } of inputs) {
    const { shape, format } = tensors[tensor];
    const order = plainOrder(shape.length);
    builder.begin(name);
    const type = format === null ? 'float32' : (quantizedType(format) ?? 'float32');
    builder.input({ name, type, shape });
    const real = type === 'float32' ? name : context.dequantize(name, format!, order);
    builder.settle(real);
    layouts.define(tensor, real, order);
  }
  for (const instruction of instructions) {
    builder.begin(instruction.name);
    const translate = qdqOperators[instruction.op] as InstructionTable<[typeof context], void>['clamp'];
    translate(instruction as Parameters<typeof translate>[0], context);
  }
  for (const { name, tensor } of outputs) {
    const { shape } = tensors[tensor];
    builder.begin(name);
    const real = layouts.read(tensor, plainOrder(shape.length));
    // A port of codes that is an output too, and has its name as an input.
    const clash = real !== name && inputs.some((input) => input.name === name);
    const free = clash ? `${name}@real` : name;
    builder.output(builder.rename(real, free), free, { type: 'float32', shape });
  }
  return {
    graph: builder.finish(program.name || 'graph', OPSET),
    irVersion: IR_VERSION,
    opsetImports: { '': OPSET },
    rest: metadataOf(program, instructions),
  };
}
