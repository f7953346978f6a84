/** A network as works: float32 and fixed point of several widths, each beside ONNX Runtime where that runs it. */
import { assignFormats } from '../../assign/assign.js';
import { writeFormats } from '../../assign/formats-file.js';
import { calibrate } from '../../calibrate/calibrate.js';
import { compileProgram } from '../../compile/compile.js';
import { ProgramError } from '../../errors.js';
import { createEngine } from '../../execute/wasm/engine.js';
import type { GraphInput } from '../../graph/graph.js';
import { loadProfile } from '../../hardware/profile.js';
import type { Profile } from '../../hardware/schema.js';
import type { DatasetSpec } from '../../inputs/dataset.js';
import { encodeNpz } from '../../inputs/npz.js';
import { writeModel } from '../../onnx/write.js';
import { readBytes, writeFile } from '../../platform/files.js';
import { writeProgram } from '../../program/file.js';
import type { Program } from '../../program/program.js';
import { countMacs } from '../count-macs.js';
import { loadModel, statisticsHeader } from '../load-model.js';
import { noise } from './noise.js';
import { qlinearModel } from './qlinear-model.js';
import type { MemorySpec, Subject, Work, WorkGroup, Workshop } from './specification.js';
import {
  exactSubjects,
  latencySubjects,
  onnxRuntimeSubjects,
  programSubjects,
  type Settings,
  streamSubjects,
} from './subject-lists.js';

export interface Network {
  readonly name: string;
  /** Path of a float model, or what makes one and gives its path. */
  readonly model: string | (() => string);
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** Samples to calibrate with, of which the first is run; default: noise. */
  readonly data?: Omit<DatasetSpec, 'inputs'>;
  /** Works beside those of speed. */
  readonly extras?: readonly Extra[];
}

export type Extra = 'load' | 'memory' | 'calibrate' | 'hardware';

/** Widths of fixed point and the profile of each. */
const widths: Readonly<Record<string, () => Profile>> = {
  int8: () => loadProfile('generic-int8'),
  int16x8: () => {
    const profile = loadProfile('generic-int16');
    return { ...profile, name: 'int16x8', weights: { ...profile.weights, bits: [8] } };
  },
  int16: () => loadProfile('generic-int16'),
};

/** Profiles that `hardware` measures beside those of `int8` and `int16`: of 8 bits, and with 16 in part or throughout. */
const hardware = {
  int8: ['tflite-int8', 'kneron-int8', 'onnx-qlinear'],
  int16: ['tflite-mixed', 'kneron-mixed', 'tflite-int16x8', 'kneron-int16'],
} as const;

/** The names of the programs that works of these kinds run. */
function programNames(kinds: readonly string[]): string[] {
  // Every other kind is compared with int8.
  const names = Object.keys(widths).filter((key) => key === 'int8' || kinds.includes(key));
  return kinds.includes('hardware')
    ? [...new Set([...names, 'int16', ...hardware.int8, ...hardware.int16])]
    : names;
}

/** Works `NAME int8`, `NAME int16x8`, `NAME int16`, `NAME float`, and on demand `NAME load`, `NAME memory`, `NAME calibrate` and `NAME hardware`. */
export function networkGroup(network: Network, settings: Settings): WorkGroup {
  const { name, extras = [] } = network;
  const kinds = [...Object.keys(widths), 'float', ...extras];
  return {
    works: kinds.map((kind) => `${name} ${kind}`),
    async prepare(wanted, workshop) {
      const wantedKinds = kinds.filter((kind) => wanted.has(`${name} ${kind}`));
      const files = await prepareFiles(network, wantedKinds, Math.max(...settings.threads), workshop);
      return wantedKinds.map((kind): Work => {
        const makeWork = extraWorks[kind as Extra] ?? speedWork;
        return makeWork(files, `${name} ${kind}`, kind, settings);
      });
    },
  };
}

/** What the processes read. */
interface Files {
  readonly macs: number;
  readonly data: DatasetSpec;
  /** `float.program`, `int8.program`, `tflite-int8.program`, `int8.json` (formats), `onnx`, `qlinear.onnx`. */
  path(ending: string): string;
  /** Whether there are QLinear operators for the int8 program. */
  readonly qlinear: boolean;
}

async function prepareFiles(
  { name, model: given, shapes, data: samples }: Network,
  kinds: readonly string[],
  threads: number,
  { scratch, signal }: Workshop,
): Promise<Files> {
  const path = (ending: string) => `${scratch}/${name}.${ending}`;
  const source = typeof given === 'string' ? given : given();
  writeFile(path('onnx'), readBytes(source));
  const model = loadModel(source, shapes);
  const { graph } = model;
  const data = { ...(samples ?? writeNoise(graph.inputs, path('npz'))), inputs: graph.inputs };
  const float = compileProgram(graph, null);
  writeProgram(path('float.program'), float);
  const engine = createEngine({ threads });
  const header = statisticsHeader(model, data);
  const statistics = await calibrate(engine, float, header, data, { signal, sensitivity: 0 }).finally(
    engine.dispose,
  );
  let qlinear = false;
  for (const width of programNames(kinds)) {
    const profile = widths[width]?.() ?? loadProfile(width);
    const formats = await assignFormats(graph, statistics, profile, { model: model.digest });
    const program = compileProgram(graph, formats);
    writeFormats(path(`${width}.json`), formats);
    writeProgram(path(`${width}.program`), program);
    if (width === 'int8') qlinear = writeQlinear(program, path('qlinear.onnx'));
  }
  return { macs: countMacs(float), data, path, qlinear };
}

function writeNoise(inputs: readonly GraphInput[], path: string): { path: string } {
  const arrays = inputs.map(({ name, type, shape }) => ({ name, shape, data: noise(type, shape) }));
  writeFile(path, encodeNpz(arrays));
  return { path };
}

/** False where QLinear operators do not cover the program. */
function writeQlinear(program: Program, path: string): boolean {
  try {
    writeModel(path, qlinearModel(program));
    return true;
  } catch (error) {
    if (error instanceof ProgramError) return false;
    throw error;
  }
}

type MakeWork = (files: Files, name: string, kind: string, settings: Settings) => Work;

const speedWork: MakeWork = ({ macs, data, path, qlinear }, name, kind, settings) => {
  const float = kind === 'float';
  const program = path(`${kind}.program`);
  const ours = [
    ...programSubjects('dynafix/VARIANT', program, data, settings),
    ...latencySubjects(program, data, settings),
  ];
  const others = [
    ...(kind === 'int8' && qlinear ? qlinearSubjects(path('qlinear.onnx'), data, settings) : []),
    ...(kind === 'int8' || float
      ? onnxRuntimeSubjects(float ? '' : ' float', path('onnx'), data, settings)
      : []),
    ...(kind === 'int8' ? [] : programSubjects('dynafix/VARIANT int8', path('int8.program'), data, settings)),
  ];
  const streams = streamSubjects(float ? 'floats' : 'integers', macs, settings);
  return { name, unit: 'ms', macs, subjects: [...ours, ...others, ...streams] };
};

function qlinearSubjects(model: string, data: DatasetSpec, settings: Settings): Subject[] {
  return [...onnxRuntimeSubjects('', model, data, settings), ...exactSubjects(model, data, settings)];
}

/** Loading beside inference, both single-threaded. */
const loadWork: MakeWork = ({ macs, data, path }, name, _, { variants }) => {
  const subjects = variants.flatMap((variant): Subject[] => {
    const run = (file: string) => ({ program: path(file), variant, data, threads: 1 });
    const load = (file: string) => ({
      kind: 'load' as const,
      file: path(file),
      variant,
      threads: 1 as const,
    });
    return [
      { name: 'int8 inference, VARIANT', spec: { kind: 'program', ...run('int8.program') } },
      { name: 'int8 first inference, VARIANT', spec: { kind: 'first run', ...run('int8.program') } },
      { name: 'int8 from a program file, VARIANT', spec: load('int8.program') },
      { name: 'int8 from ONNX and formats, VARIANT', spec: { ...load('onnx'), formats: path('int8.json') } },
      { name: 'float inference, VARIANT', spec: { kind: 'program', ...run('float.program') } },
      { name: 'float first inference, VARIANT', spec: { kind: 'first run', ...run('float.program') } },
      { name: 'float from a program file, VARIANT', spec: load('float.program') },
      { name: 'float from ONNX, VARIANT', spec: load('onnx') },
    ];
  });
  const lazily = {
    kind: 'load',
    file: path('int8.program'),
    variant: 'simd',
    lazily: true,
    threads: 1,
  } as const;
  subjects.push({ name: 'int8 from a program file without V8 flags, VARIANT', spec: lazily });
  return { name, unit: 'ms', macs, subjects };
};

/** Bytes beyond those of an empty process, and what the plan says. */
const memoryWork: MakeWork = ({ macs, path }, name, _, { variants, threads }) => {
  const subjectOf = (figure: MemorySpec['figure'], variant: string | undefined, count: number): Subject => {
    const spec = { kind: 'memory' as const, figure, program: path('int8.program'), variant, threads: count };
    return { name: `int8 ${figure}, VARIANT`, spec };
  };
  const figures = ['planned', 'engine', 'resident', 'collected', 'peak'] as const;
  const subjects = variants.flatMap((variant) => [
    subjectOf('executor', variant, 1),
    ...threads.flatMap((count) => figures.map((figure) => subjectOf(figure, variant, count))),
  ]);
  return { name, unit: 'MiB', macs, subjects };
};

/** Float inference with statistics beside float inference alone, over more samples than the other works need. */
const calibrateWork: MakeWork = ({ macs, data, path }, name, _, { variants, threads }) => {
  const subjects = threads.flatMap((count) =>
    variants.flatMap((variant) =>
      [true, false].map((statistics): Subject => {
        const what = { program: path('float.program'), data: { ...data, limit: 16 }, statistics };
        const spec = { kind: 'calibrate' as const, ...what, variant, threads: count };
        return { name: `float inference ${statistics ? 'with statistics' : 'alone'}, VARIANT`, spec };
      }),
    ),
  );
  return { name, unit: 'ms', macs, subjects };
};

/** Profiles beside the generic ones and, those of 8 bits, beside ONNX Runtime, on one thread. */
const hardwareWork: MakeWork = ({ macs, data, path, qlinear }, name, _, settings) => {
  const single = { ...settings, threads: [1] };
  const profiles = [...hardware.int8, ...hardware.int16].map((profile) => [profile, profile] as const);
  const programs = [['generic-int8', 'int8'], ['generic-int16', 'int16'], ...profiles] as const;
  const subjects = programs.flatMap(([profile, file]) =>
    programSubjects(`dynafix/VARIANT ${profile}`, path(`${file}.program`), data, single),
  );
  const others = qlinear ? onnxRuntimeSubjects('', path('qlinear.onnx'), data, single) : [];
  return { name, unit: 'ms', macs, subjects: [...subjects, ...others] };
};

const extraWorks: Readonly<Record<Extra, MakeWork>> = {
  load: loadWork,
  memory: memoryWork,
  calibrate: calibrateWork,
  hardware: hardwareWork,
};
