import { expect, test } from 'vitest';
import { printGraph } from '#src/graph/print.js';
import { float32 } from '#src/graph/tensor.js';
import { buildGraph, float, op } from './build.js';

test('one line per input, constant, node and output', () => {
  const convolution = {
    ...op('Conv', ['x', 'w', ''], 'y', { kernel_shape: [2, 2], auto_pad: 'VALID', group: 1 }),
    name: 'conv 1',
    clamp: { low: 0, high: Number.POSITIVE_INFINITY },
  };
  const custom = {
    ...op('Thing', ['y'], ['z', ''], {
      alpha: float(0.5),
      t: { kind: 'tensor', value: float32([2], [1, 2]) },
    }),
    domain: 'com.example',
  };
  const graph = {
    ...buildGraph({
      inputs: { x: [1, 1, 4, 4] },
      constants: { w: float32([1, 1, 2, 2], [1, 2, 3, 4]) },
      nodes: [convolution, custom],
      outputs: ['z'],
    }),
    types: new Map([['y', { type: 'float32' as const, shape: [1, 1, 3, 3] }]]),
  };
  expect(printGraph(graph)).toBe(`graph "test" opset 13
input x float32 [1,1,4,4]
constant w float32 [1,1,2,2]
y float32 [1,1,3,3] = Conv(x, w, "") kernel_shape=[2,2] auto_pad="VALID" group=1 clamp=[0,Infinity] # "conv 1"
z, "" = com.example::Thing(y) alpha=0.5 t=<float32 [2]> # z
output z
`);
});
