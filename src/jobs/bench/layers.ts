/** The ladder of layers: what networks are made of, each alone, rounding included. */
import { writeModel } from '../../onnx/write.js';
import { writeProgram } from '../../program/file.js';
import { LAYER_KINDS, type Layer, layerMacs, layerProgram } from './layer.js';
import { qlinearModel } from './qlinear-model.js';
import type { Subject, Work, WorkGroup } from './specification.js';
import {
  exactSubjects,
  kernelSubjects,
  onnxRuntimeSubjects,
  type Settings,
  streamSubjects,
} from './subject-lists.js';

type Shape = Omit<Layer, 'kind'> & { readonly title: string };

function shape(
  title: string,
  size: number,
  channels: number,
  outputs: number,
  kernel: number,
  stride = 1,
): Shape {
  const depthwise = title.startsWith('depthwise');
  return { title, size, channels, outputs, kernel, stride, depthwise };
}

const shapes = [
  shape('3x3', 56, 64, 64, 3),
  shape('3x3', 28, 128, 128, 3),
  shape('3x3', 14, 256, 256, 3),
  shape('3x3', 7, 512, 512, 3),
  shape('1x1', 56, 64, 256, 1),
  shape('1x1', 56, 256, 64, 1),
  shape('1x1', 14, 1024, 256, 1),
  shape('1x1', 7, 2048, 512, 1),
  shape('first 7x7/2', 224, 3, 64, 7, 2),
  shape('first 3x3/2', 224, 3, 32, 3, 2),
  shape('fully connected', 1, 2048, 1000, 1),
  shape('depthwise', 112, 32, 32, 3),
  shape('depthwise/2', 112, 96, 96, 3, 2),
  shape('depthwise', 56, 144, 144, 3),
  shape('depthwise', 14, 384, 384, 3),
  shape('depthwise', 7, 960, 960, 3),
];

/** Works such as `layer 3x3 56x56x64 to 64 int8`; the kinds of one shape are measured in one run, on one thread. */
export function layerGroups(settings: Settings): WorkGroup[] {
  return shapes.map(({ title, ...layer }) => {
    const { size, channels, outputs } = layer;
    const name = `layer ${title} ${size}x${size}x${channels} to ${outputs}`;
    return {
      works: LAYER_KINDS.map((kind) => `${name} ${kind}`),
      async prepare(wanted, { scratch }) {
        const wantedKinds = LAYER_KINDS.filter((kind) => wanted.has(`${name} ${kind}`));
        return wantedKinds.map((kind) => layerWork({ ...layer, kind }, `${name} ${kind}`, scratch, settings));
      },
    };
  });
}

function layerWork(layer: Layer, name: string, scratch: string, settings: Settings): Work {
  const file = `${scratch}/${name.replace('/', ' by ')}`;
  const program = layerProgram(layer);
  writeProgram(`${file}.program`, program);
  const macs = layerMacs(layer);
  const single = { ...settings, threads: [1] };
  const others = (): Subject[] => {
    if (layer.kind !== 'int8') return [];
    const model = `${file}.onnx`;
    writeModel(model, qlinearModel(program, { codes: true }));
    const subjects = onnxRuntimeSubjects('', model, undefined, single);
    return [...subjects, ...exactSubjects(model, undefined, single)];
  };
  const stream = streamSubjects(layer.kind === 'float' ? 'floats' : 'integers', macs, single);
  const ours = kernelSubjects(`${file}.program`, settings.variants);
  return { name, unit: 'GMAC/s', macs, subjects: [...ours, ...others(), ...stream] };
}
