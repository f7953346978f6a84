/** Normalisations over lines of elements, always in float32: one node becomes several instructions. */
import type { Node } from '../graph/graph.js';
import type { NormalizeOptions } from '../operators/lowering.js';
import type { NormalizeResult } from '../program/instructions.js';
import { plainOrder } from './axis-order.js';
import type { Context } from './context.js';

export function lowerNormalize(context: Context, node: Node, options: NormalizeOptions): void {
  const { axes, epsilon, groups, parameters } = options;
  const { builder } = context;
  const [value, meanName = '', scaleName = ''] = node.outputs;
  const rank = context.type(value).shape.length;
  const kept = plainOrder(rank).filter((axis) => !axes.includes(axis));
  const order = [...kept, ...axes];
  const input = context.read(node.inputs[0], null, order);
  const { shape } = builder.tensors[input.tensor];
  const grouped = groups === undefined ? shape : groupShape(shape, groups);
  const axis = groups === undefined ? kept.length : 2;
  const x = builder.reshape(input.tensor, grouped, value);

  const emitNormalize = (result: NormalizeResult, name: string) => {
    const lines = grouped.map((size, i) => (result !== 'values' && i >= axis ? 1 : size));
    const draft = { op: 'normalize', axis, epsilon, result, inputs: [x] } as const;
    return builder.emit(node, draft, { name, shape: lines, format: null });
  };
  let tensor = emitNormalize('values', parameters === undefined ? value : builder.derive(value, 'normal'));
  if (parameters !== undefined) {
    const lines = parameters.perGroup ? grouped : shape;
    const read = (name: string) => {
      const plain = context.read(name, null, plainOrder(context.type(name).shape.length));
      return builder.reshape(plain.tensor, parameters.shape, name);
    };
    const normal = builder.reshape(tensor, lines, value);
    const inputs = [normal, read(parameters.scale)];
    const product = { op: 'multiply', clamp: null, requantize: null, inputs } as const;
    const name = parameters.bias === '' ? value : builder.derive(value, 'scaled');
    tensor = builder.emit(node, product, { name, shape: lines, format: null });
    if (parameters.bias !== '') {
      const sum = {
        op: 'add',
        sign: 1,
        shifts: [0, 0],
        scalings: null,
        clamp: null,
        requantize: null,
      } as const;
      const draft = { ...sum, inputs: [tensor, read(parameters.bias)] };
      tensor = builder.emit(node, draft, { name: value, shape: lines, format: null });
    }
  }
  tensor = builder.reshape(tensor, shape, value);
  context.define(value, { tensor, order }, node.inputs);
  if (meanName !== '') {
    context.define(meanName, { tensor: emitNormalize('mean', meanName), order }, node.inputs);
  }
  if (scaleName !== '') {
    context.define(scaleName, { tensor: emitNormalize('scale', scaleName), order }, node.inputs);
  }
}

/** [N, C, ...] as [N, groups, elements of a group]. */
function groupShape([batch, ...others]: readonly number[], groups: number): number[] {
  return [batch, groups, others.reduce((product, size) => product * size, 1) / groups];
}
