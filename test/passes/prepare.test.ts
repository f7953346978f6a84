import { describe, expect, test } from 'vitest';
import { ModelError } from '#src/errors.js';
import { float32, int64, type Tensor } from '#src/graph/tensor.js';
import { prepareGraph } from '#src/passes/index.js';
import { inferShapes } from '#src/passes/infer-shapes.js';
import { listUnsupported } from '#src/passes/list-unsupported.js';
import { buildGraph, noise, op } from '../graph/build.js';
import { expectSameOutputs, summary } from './check.js';

describe('constant folding', () => {
  test('swallows the arithmetic of x.view(x.size(0), -1)', async () => {
    const before = buildGraph({
      opset: 11,
      inputs: { x: [2, 3, 4] },
      constants: { zero: int64([], [0]), rest: int64([1], [-1]) },
      nodes: [
        op('Shape', ['x'], 's'),
        op('Gather', ['s', 'zero'], 'g', { axis: 0 }),
        op('Unsqueeze', ['g'], 'u', { axes: [0] }),
        op('Concat', ['u', 'rest'], 't', { axis: 0 }),
        op('Reshape', ['x', 't'], 'r'),
        op('Relu', ['r'], 'y'),
      ],
      outputs: ['y'],
    });
    const { graph, log } = prepareGraph(before, { verifyEach: true });
    await expectSameOutputs(before, graph);
    expect(summary(graph)).toEqual(['r = Reshape(x,t)', 'y = Relu(r)']);
    expect(graph.constants).toEqual(new Map([['t', int64([2], [2, -1])]]));
    expect(graph.types.get('y')).toEqual({ type: 'float32', shape: [2, 12] });
    expect(log.map(({ node }) => node)).toEqual(['s', 'g', 'u', 't']);
  });

  test('computes the pads that PyTorch exports for F.pad', async () => {
    const constant = (output: string, tensor: Tensor) =>
      op('Constant', [], output, { value: { kind: 'tensor', value: tensor } });
    // F.pad(x, [1, 3]): pairs from the last axis on, filled up with zeros, become ONNX's begins and ends.
    const before = buildGraph({
      inputs: { x: [2, 6] },
      nodes: [
        constant('missing', int64([1], [2])),
        constant('pairs', int64([2], [1, 3])),
        op('ConstantOfShape', ['missing'], 'zeros', { value: { kind: 'tensor', value: int64([1], [0]) } }),
        op('Concat', ['pairs', 'zeros'], 'all', { axis: 0 }),
        constant('matrix', int64([2], [-1, 2])),
        op('Reshape', ['all', 'matrix'], 'rows'),
        constant('first', int64([1], [0])),
        constant('last', int64([1], [-1])),
        constant('end', int64([1], [-(2 ** 53)])),
        op('Slice', ['rows', 'last', 'end', 'first', 'last'], 'reversed'),
        op('Transpose', ['reversed'], 'columns', { perm: [1, 0] }),
        op('Reshape', ['columns', 'last'], 'flat'),
        op('Cast', ['flat'], 'pads', { to: 7 }),
        op('Pad', ['x', 'pads'], 'y'),
      ],
      outputs: ['y'],
    });
    const { graph } = prepareGraph(before, { verifyEach: true });
    await expectSameOutputs(before, graph);
    expect(summary(graph)).toEqual(['y = Pad(x,pads)']);
    // Rows [[1,3],[0,0]] reversed: [[0,0],[1,3]]; transposed and flattened: begins 0 1, ends 0 3.
    expect(graph.constants).toEqual(new Map([['pads', int64([4], [0, 1, 0, 3])]]));
  });

  // 0x4200 is 3 as float16; 0x4000 is 2 as bfloat16.
  test.each([
    ['float16', 0x4200, [8, 27]],
    ['bfloat16', 0x4000, [4, 9]],
  ] as const)('decodes an exponent of type %s', (type, bits, expected) => {
    const { graph } = prepareGraph(
      buildGraph({
        constants: { a: float32([2], [2, 3]), e: { type, shape: [1], data: Uint16Array.of(bits) } },
        nodes: [op('Pow', ['a', 'e'], 'y')],
        outputs: ['y'],
      }),
    );
    expect(graph.constants).toEqual(new Map([['y', float32([2], expected)]]));
  });

  test('a network of constants ends as a constant', () => {
    const { graph } = prepareGraph(
      buildGraph({
        inputs: { x: [2] },
        constants: { a: float32([2], [1, 2]), b: float32([1], [3]) },
        nodes: [op('Mul', ['a', 'b'], 'c'), op('Add', ['c', 'b'], 'y')],
        outputs: ['y'],
      }),
    );
    expect(graph.nodes).toEqual([]);
    expect(graph.constants).toEqual(new Map([['y', float32([2], [6, 9])]]));
  });
});

describe('what is not supported', () => {
  test('is listed at once, and nothing else', () => {
    const custom = { ...op('Thing', ['x'], 'a'), domain: 'com.example' };
    const before = buildGraph({
      inputs: { x: [1, 4], z: [1, 4] },
      nodes: [
        custom,
        op('Relu', ['a'], 'fine'),
        op('NoSuchOperator', ['fine'], 'b'),
        op('If', ['x'], 'c'),
        op('MatMul', ['x', 'z'], 'd'),
        op('NoSuchOperator', ['x'], 'unused'),
        op('Sum', ['b', 'c', 'd'], 'y'),
      ],
      outputs: ['y'],
    });
    let error: unknown;
    try {
      prepareGraph(before);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ModelError);
    const { message, issues } = error as ModelError;
    expect(message).toBe(
      'graph "test": 4 nodes are not supported, got com.example::Thing, NoSuchOperator, If, MatMul',
    );
    expect(issues).toEqual([
      'node "a" (com.example::Thing): domain "com.example" is not supported',
      'node "b" (NoSuchOperator): the operator is not supported',
      'node "c" (If): control flow is not supported',
      expect.stringMatching(/^node "d" \(MatMul\): (?!node)/),
    ]);
  });

  test('one issue is the message itself', () => {
    const graph = buildGraph({ inputs: { x: [1] }, nodes: [op('Loop', ['x'], 'y')], outputs: ['y'] });
    expect(() => prepareGraph(graph)).toThrow(/^node "y" \(Loop\): control flow is not supported$/);
  });

  test.each([
    ['Constant', [], { value: { kind: 'tensor', value: float32([1], [1]) } }],
    ['Identity', ['k'], {}],
    ['Relu', ['x'], {}],
  ] as const)('an output of %s that it does not have', (operator, inputs, attributes) => {
    const graph = buildGraph({
      inputs: { x: [1] },
      constants: { k: float32([1], [1]) },
      nodes: [op(operator, inputs, ['a', 'b'], attributes), op('Add', ['x', 'b'], 'y')],
      outputs: ['y'],
    });
    expect(() => prepareGraph(graph)).toThrow(
      `node "a" (${operator}): has too many outputs, expected 1, got 2`,
    );
  });

  test('shape arithmetic on data is named', () => {
    const graph = buildGraph({
      inputs: { x: [2, 3] },
      nodes: [op('ConstantOfShape', ['x'], 'y')],
      outputs: ['y'],
    });
    expect(listUnsupported(graph)).toHaveLength(1);
  });

  test.each([[[2 ** 20, 2 ** 20]], [[2 ** 28 + 1]]])(
    'a constant of size %j is an issue, not a crash',
    (size) => {
      const huge = op('ConstantOfShape', ['s'], 'h');
      const graph = buildGraph({
        inputs: { x: [1] },
        constants: { s: int64([size.length], size) },
        nodes: [huge, op('Add', ['x', 'h'], 'y')],
        outputs: ['y'],
      });
      const { issues } = inferShapes(graph);
      expect(issues.map(({ node }) => node)).toEqual(['h']);
    },
  );

  test('a graph that is not well formed is an error before anything else', () => {
    const graph = buildGraph({ nodes: [op('Relu', ['b'], 'a'), op('Relu', ['a'], 'b')], outputs: ['a'] });
    expect(() => prepareGraph(graph)).toThrow('node "a" reads "b", which nothing before it defines');
  });
});

test('all passes together: a residual block as PyTorch writes it', async () => {
  const vector = (count: number, seed: number) =>
    float32(
      [count],
      noise(count, seed).map((v) => v + 1.5),
    );
  const normal = (input: string, output: string) =>
    op('BatchNormalization', [input, 'g', 'b', 'm', 'v'], output);
  const before = buildGraph({
    inputs: { x: [1, 4, 6, 6] },
    constants: {
      w1: float32([4, 4, 3, 3], noise(144, 1)),
      w2: float32([4, 4, 3, 3], noise(144, 2)),
      g: vector(4, 3),
      b: vector(4, 4),
      m: vector(4, 5),
      v: vector(4, 6),
      fc: float32([4, 3], noise(12, 7)),
      fb: vector(3, 8),
    },
    nodes: [
      op('Conv', ['x', 'w1'], 'c1', { pads: [1, 1, 1, 1] }),
      normal('c1', 'n1'),
      op('Relu', ['n1'], 'r1'),
      op('Conv', ['r1', 'w2'], 'c2', { pads: [1, 1, 1, 1] }),
      normal('c2', 'n2'),
      op('Add', ['n2', 'x'], 'a'),
      op('Relu', ['a'], 'r2'),
      normal('r2', 'n3'),
      op('GlobalAveragePool', ['n3'], 'p'),
      op('Flatten', ['p'], 'f'),
      op('MatMul', ['f', 'fc'], 'l'),
      op('Add', ['l', 'fb'], 'y'),
    ],
    outputs: ['y'],
  });
  const { graph, log } = prepareGraph(before, { verifyEach: true });
  await expectSameOutputs(before, graph, { tolerance: 1e-5 });
  expect(summary(graph)).toEqual([
    'r1 = Conv(x,w1/folded,n1/bias) [0,Infinity]',
    'n2 = Conv(r1,w2/folded,n2/bias)',
    'r2 = Add(n2,x) [0,Infinity]',
    'n3 = Conv(r2,n3/weights,n3/bias)',
    'p = GlobalAveragePool(n3)',
    'f = Flatten(p)',
    'y = Gemm(f,fc/folded,fb)',
  ]);
  expect(log.map(({ pass, node }) => `${pass} ${node}`)).toEqual([
    'normalise-gemm l',
    'fold-affine n1',
    'fold-affine n2',
    'fold-affine y',
    'replace-batch-norm n3',
    'fuse-activation r1',
    'fuse-activation r2',
  ]);
});
