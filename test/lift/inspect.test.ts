/** What `inspect` says of a model that comes quantised. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { inspectModel } from '#src/jobs/inspect.js';
import { printProgram } from '#src/program/print.js';
import { compileModel, encodeModel, type ModelParts, type NodeText, scalar, values } from './models.js';

const folder = mkdtempSync(join(tmpdir(), 'dynafix-inspect-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** `name` as codes of the scale and zero point, and back. */
const quantized = (name: string, zero: string): NodeText[] => [
  ['QuantizeLinear', [name, 'scale', zero], `${name}_q`],
  ['DequantizeLinear', [`${name}_q`, 'scale', zero], `${name}_d`],
];

test('islands are the nodes that the program computes in float32, whatever their operator', () => {
  const parts: ModelParts = {
    inputs: { x: values('float32', [1, 4], [1, 2, 3, 4]) },
    constants: { scale: scalar('float32', 0.1), signed: scalar('int8', 0), positive: scalar('uint8', 0) },
    nodes: [
      ...quantized('x', 'signed'),
      ['Sqrt', ['x_d'], 'root'],
      ...quantized('root', 'positive'),
      ['Sigmoid', ['root_d'], 'gate'],
      ...quantized('gate', 'positive'),
    ],
    outputs: { gate_d: 'float32' },
  };
  const path = join(folder, 'gate.onnx');
  writeFileSync(path, encodeModel(parts));
  expect(inspectModel(path).floatIslands).toEqual([{ node: 'node2', operator: 'Sqrt' }]);
  const marked = printProgram(compileModel(parts)).match(/^.*# float island$/gm);
  expect(marked).toEqual([expect.stringContaining('squareRoot')]);
});
