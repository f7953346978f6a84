import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { InferenceSession } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { ModelError } from '#src/errors.js';
import type { Model } from '#src/onnx/model.js';
import { decodeModel, readModel } from '#src/onnx/read.js';
import { encodeModel, writeModel } from '#src/onnx/write.js';
import { readBytes } from '#src/platform/files.js';
import { shared, sharedTest } from '../shared.js';
import { encode, node, reference, value } from './samples.js';
import { givenNames, structureOf } from './structure.js';

const shapes: Record<string, Record<string, number[]>> = { 'ppocr_cls.onnx.gz': { x: [1, 3, 48, 192] } };

function modelsIn(folder: string): string[] {
  const path = shared(folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.onnx(\.gz)?$/.test(name))
    .map((name) => join(path, name))
    .sort();
}

/** Reads, writes and reads back; gives the model. */
function roundTrip(path: string): Model {
  const bytes = readBytes(path);
  const options = { shapes: shapes[path.split('/').at(-1)!] };
  const model = decodeModel(bytes, path, options);
  const written = encodeModel(model);
  const again = decodeModel(written, 'written');
  if (!isDeepStrictEqual(again, model)) expect(again, path).toEqual(model);
  if (!options.shapes) expect(structureOf(written, givenNames(bytes)), path).toEqual(structureOf(bytes));
  return model;
}

describe('a written model is read back equal and means the same to onnx-proto', () => {
  sharedTest.each([
    'models/imagenet',
    'models/cifar10',
    'models/mnist',
    'models/mlperf-tiny',
    'models/detect',
    'models/face',
    'models/misc',
    'vectors/onnx/light',
    'vectors/onnx/simple',
    'vectors/onnx/pytorch-operator',
    'vectors/onnx/pytorch-converted',
    'vectors/qonnx',
  ])('%s', (folder) => {
    const models = modelsIn(folder).filter((path) => !/sequence|test_not_/.test(path));
    expect(models.length).toBeGreaterThan(0);
    for (const path of models) roundTrip(path);
  });

  sharedTest('vectors/onnx/node', () => {
    const refused: string[] = [];
    const models = modelsIn('vectors/onnx/node');
    for (const path of models) {
      try {
        roundTrip(path);
      } catch (error) {
        if (!(error instanceof ModelError)) throw error;
        refused.push(error.message);
      }
    }
    const reasons = /got (sequenceType|optionalType)$|imports no standard operator set|got ai.onnx 1$/;
    expect(refused.filter((message) => !reasons.test(message))).toEqual([]);
    expect(models.length - refused.length).toBeGreaterThan(1700);
  });
});

describe('onnxruntime accepts what is written', () => {
  sharedTest.each(['models/imagenet', 'models/cifar10', 'models/mnist'])('%s', async (folder) => {
    for (const path of modelsIn(folder)) {
      const session = await InferenceSession.create(encodeModel(readModel(path)));
      expect(session.outputNames.length, path).toBeGreaterThan(0);
      await session.release();
    }
  });

  sharedTest('and computes the same', async () => {
    const path = shared('models/mnist/mnist-8.onnx.gz');
    const digits = Float32Array.from({ length: 784 }, (_, i) => (i * 37) % 256);
    const { Tensor } = await import('onnxruntime-node');
    const run = async (bytes: Uint8Array) => {
      const session = await InferenceSession.create(bytes);
      const outputs = await session.run({ [session.inputNames[0]]: new Tensor(digits, [1, 1, 28, 28]) });
      await session.release();
      return Object.values(outputs)[0].data;
    };
    expect(await run(encodeModel(readModel(path)))).toEqual(await run(readBytes(path)));
  });
});

test('what the graph has no place for is written back', () => {
  const bytes = encode(
    {
      docString: 'a graph',
      node: [
        node('Constant', [], ['c'], {
          docString: 'a node',
          attribute: [
            {
              name: 'value',
              docString: 'an attribute',
              type: 4,
              t: { name: 't', dims: [1], dataType: 1, floatData: [2] },
            },
          ],
        }),
        node('If', ['x'], ['sum'], {
          name: 'branch',
          attribute: [
            { name: 'then_branch', type: 5, g: { name: 'inner', node: [node('Relu', ['c'], ['d'])] } },
          ],
        }),
        node('Mine', ['sum', '', 'c'], ['y'], { domain: 'local', name: 'call' }),
      ],
      initializer: [{ name: 'w', docString: 'a weight', dims: [1], dataType: 1, floatData: [1] }],
      valueInfo: [value('sum', ['k', 2])],
      quantizationAnnotation: [
        { tensorName: 'sum', quantParameterTensorNames: [{ key: 'SCALE_TENSOR', value: 'w' }] },
      ],
    },
    {
      producerName: 'tool',
      producerVersion: '1.2',
      domain: 'org.example',
      modelVersion: 3,
      docString: 'a model',
      metadataProps: [{ key: 'author', value: 'somebody' }],
      opsetImport: [
        { domain: '', version: 17 },
        { domain: 'local', version: 1 },
      ],
      functions: [
        {
          name: 'Mine',
          domain: 'local',
          input: ['a', 'b', 'c'],
          output: ['d'],
          node: [node('Relu', ['a'], ['d'])],
        },
      ],
      trainingInfo: [{ updateBinding: [{ key: 'w', value: 'y' }] }],
    },
  );
  const model = decodeModel(bytes, 'm.onnx');
  const written = encodeModel(model);
  expect(structureOf(written, givenNames(bytes))).toEqual(structureOf(bytes));
  expect(decodeModel(written, 'm.onnx')).toEqual(model);
});

test('fields that the schema does not know are written back', () => {
  const future = Uint8Array.of(0xa2, 0x06, 3, 0x6e, 0x65, 0x77); // Field 100: "new".
  const bytes = Buffer.concat([encode(), future]);
  expect(Buffer.from(encodeModel(decodeModel(bytes, 'm.onnx'))).includes(Buffer.from(future))).toBe(true);
});

test('inferred types are written for inner values and outputs, in place of what the file declared', () => {
  const model = decodeModel(
    encode({ valueInfo: [value('sum', [7])], output: [value('y', ['n', 2])] }),
    'm.onnx',
  );
  const types = new Map(model.graph.types);
  for (const name of ['sum', 'y']) types.set(name, { type: 'float32', shape: [1, 2] });
  const { graph } = reference.ModelProto.decode(encodeModel({ ...model, graph: { ...model.graph, types } }));
  const sizes = (info?: {
    type?: { tensorType?: { shape?: { dim?: object[] | null } | null } | null } | null;
  }) => info?.type?.tensorType?.shape?.dim?.map((dim) => Number((dim as { dimValue: unknown }).dimValue));
  expect(sizes(graph!.valueInfo![0])).toEqual([1, 2]);
  expect(sizes(graph!.output![0])).toEqual([1, 2]);
});

test('up to IR version 3 constants are written among the inputs', () => {
  const model = decodeModel(encode({}, { irVersion: 3 }), 'm.onnx');
  const { graph } = reference.ModelProto.decode(encodeModel(model));
  expect(graph!.input!.map(({ name }) => name)).toEqual(['x', 'w']);
});

test('a fused activation cannot be written', () => {
  const model = decodeModel(encode(), 'm.onnx');
  const nodes = model.graph.nodes.map((n) => ({ ...n, clamp: { low: 0, high: 6 } }));
  expect(() => encodeModel({ ...model, graph: { ...model.graph, nodes } })).toThrow(ModelError);
});

test('writeModel packs a name ending in .gz, always into the same bytes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'dynafix-write-'));
  try {
    const model = decodeModel(encode(), 'm.onnx');
    for (const name of ['a.onnx', 'a.onnx.gz', 'b.onnx.gz']) writeModel(join(folder, name), model);
    const packed = readFileSync(join(folder, 'a.onnx.gz'));
    expect(gunzipSync(packed)).toEqual(readFileSync(join(folder, 'a.onnx')));
    expect(readFileSync(join(folder, 'b.onnx.gz'))).toEqual(packed);
    expect(readModel(join(folder, 'a.onnx.gz'))).toEqual(model);
    expect(statSync(join(folder, 'a.onnx')).size).toBe(encodeModel(model).length);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
