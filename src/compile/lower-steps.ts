/** Chains of float32 steps on one value, with codes only from a `quantize` to the `dequantize` behind it. */
import type { Node } from '../graph/graph.js';
import type { Tensor } from '../graph/tensor.js';
import type { Step } from '../operators/steps.js';
import { elementCount } from '../shape.js';
import { inOrder, permuteData } from './axis-order.js';
import { type Context, clampFloat, floatData } from './context.js';

type Draft = Parameters<Context['builder']['emit']>[1];

export function lowerSteps(context: Context, node: Node, steps: readonly Step[]): void {
  const { builder } = context;
  const [value] = node.outputs;
  const { tensor: input, order } = context.read(node.inputs[0], null);
  const { shape } = builder.tensors[input];
  const emit = (draft: Draft, name: string) => builder.emit(node, draft, { name, shape, format: null });
  const scalar = (name: string, number: number) =>
    builder.constant(
      builder.derive(value, name),
      shape.map(() => 1),
      null,
      Float32Array.of(number),
    );
  const stored = (name: string, tensor: Tensor) => {
    const lifted = [...new Array<number>(order.length - tensor.shape.length).fill(1), ...tensor.shape];
    const data = permuteData(floatData(tensor), lifted, order, new Float32Array(elementCount(lifted)));
    return builder.constant(builder.derive(value, name), inOrder(lifted, order), null, data);
  };
  const emitStep = (x: number, step: Step, name: string): number => {
    switch (step.kind) {
      case 'round': {
        const { rounding, overflow, format } = step;
        const draft = { op: 'quantize', float32Quotient: true, rounding, overflow, inputs: [x] } as const;
        const codes = builder.emit(node, draft, { name: builder.derive(name, 'codes'), shape, format });
        return emit({ op: 'dequantize', inputs: [codes] }, name);
      }
      case 'clamp':
        return emit({ op: 'clamp', clamp: clampFloat(step)!, inputs: [x] }, name);
      case 'sign': {
        const holds = {
          op: 'binary',
          function: 'lessOrEqual',
          inputs: [scalar('zero', 0), x],
        } as const;
        const inputs = [
          emit(holds, builder.derive(name, 'positive')),
          scalar('one', 1),
          scalar('minusOne', -1),
        ];
        return emit({ op: 'select', inputs }, name);
      }
      case 'divide':
        return emit({ op: 'binary', function: 'divide', inputs: [x, stored('divisor', step.by)] }, name);
      case 'multiply':
        return emit(
          { op: 'multiply', clamp: null, requantize: null, inputs: [x, stored('factor', step.by)] },
          name,
        );
      default:
        return emit(
          {
            op: 'add',
            sign: step.kind === 'add' ? 1 : -1,
            shifts: [0, 0],
            scalings: null,
            clamp: null,
            requantize: null,
            inputs: [x, stored('offset', step.by)],
          },
          name,
        );
    }
  };
  const result = steps.reduce(
    (x, step, index) =>
      emitStep(x, step, index === steps.length - 1 ? value : builder.derive(value, `${index}`)),
    input,
  );
  context.define(value, { tensor: result, order }, node.inputs.slice(0, 1));
}
