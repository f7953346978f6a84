/** The kernels of CMSIS-NN that are no products, as instructions. */
import { fixed } from '#src/formats/format.js';
import type { Window } from '#src/program/instructions.js';
import { averagedCounts } from '#src/program/windows.js';
import { reciprocalTable } from '#src/tflite/lookup-tables.js';
import { softmaxTables } from '#src/tflite/softmax-codes.js';
import { activation, type CmsisCase, codesOf, doublingBy, saturating } from './cmsis-case.js';
import type { SmallProgram } from './small-program.js';

const operandNames = [
  ['input1', 'input_tensor_1', 'input_1'],
  ['input2', 'input_tensor_2', 'input_2'],
];

/** Two inputs of one element type, with their offsets as zero points where `centred`. */
function pair(
  found: CmsisCase,
  program: SmallProgram,
  centred: boolean,
  shapes?: readonly number[][],
): number[] {
  return operandNames.map((names, index) => {
    const array = found.requireArray(...names);
    const zero = centred ? -found.number(`INPUT${index + 1}_OFFSET`, `INPUT_${index + 1}_OFFSET`) : 0;
    return program.input(codesOf(array, zero), shapes?.[index] ?? [array.values.length]);
  });
}

export function addition(found: CmsisCase, program: SmallProgram): number {
  const inputs = pair(found, program, true);
  const [a, b] = [1, 2].map((index) =>
    doublingBy(found.number(`INPUT${index}_MULT`), found.number(`INPUT${index}_SHIFT`)),
  );
  const left = found.number('LEFT_SHIFT');
  const requantize = saturating(doublingBy(found.number('OUTPUT_MULT'), found.number('OUTPUT_SHIFT')));
  const sign = /sub/.test(found.name) ? -1 : 1;
  const fields = {
    sign,
    shifts: [left, left],
    scalings: [a, b],
    clamp: activation(found),
    requantize,
  } as const;
  const format = codesOf(program.format(inputs[0]), found.number('OUTPUT_OFFSET'));
  return program.emit('add', fields, inputs, format, program.shape(inputs[0]));
}

export function multiplication(found: CmsisCase, program: SmallProgram): number {
  const inputs = pair(found, program, true);
  const requantize = saturating(doublingBy(found.number('OUTPUT_MULT'), found.number('OUTPUT_SHIFT')));
  const format = codesOf(program.format(inputs[0]), found.number('OUTPUT_OFFSET'));
  const fields = { clamp: activation(found), requantize };
  return program.emit('multiply', fields, inputs, format, program.shape(inputs[0]));
}

/** Codes are compared as they are. */
export function extremum(found: CmsisCase, program: SmallProgram): number {
  const axes = ['BATCH', 'HEIGHT', 'WIDTH', 'CHANNEL'];
  const shapes = [1, 2].map((index) => axes.map((axis) => found.number(`${axis}_${index}`)));
  const inputs = pair(found, program, false, shapes);
  const shape = axes.map((axis) => found.number(`OUTPUT_${axis}`));
  const fn = (found.word('LAYER_TYPE') ?? found.name).startsWith('max') ? 'maximum' : 'minimum';
  return program.emit('extremum', { function: fn }, inputs, program.format(inputs[0]), shape);
}

export function pooling(found: CmsisCase, program: SmallProgram, source?: number): number {
  const [height, width] = [found.number('INPUT_H'), found.number('INPUT_W')];
  const batches = found.number('INPUT_N', 'BATCH_SIZE', 'INPUT_BATCHES');
  const array = source === undefined ? found.requireArray('input_tensor', 'input') : undefined;
  const x =
    source ?? program.input(codesOf(array!), [batches, height, width, found.number('INPUT_C', 'IN_CH')]);
  const kernel: [number, number] = [
    found.number('FILTER_H', 'FILTER_Y'),
    found.number('FILTER_W', 'FILTER_X'),
  ];
  const strides: [number, number] = [
    found.number('STRIDE_H', 'STRIDE_Y'),
    found.number('STRIDE_W', 'STRIDE_X'),
  ];
  const before = [found.number('PADDING_H', 'PAD_Y'), found.number('PADDING_W', 'PAD_X')];
  const output = [found.number('OUTPUT_H'), found.number('OUTPUT_W')];
  const behind = [height, width].map((size, axis) =>
    Math.max(0, (output[axis] - 1) * strides[axis] + kernel[axis] - size - before[axis]),
  );
  const window: Window = {
    kernel,
    strides,
    dilations: [1, 1],
    pads: [before[0], before[1], behind[0], behind[1]],
  };
  const channels = program.shape(x)[3];
  const shape = [batches, ...output, channels];
  const format = program.format(x);
  const pooled = /max/.test(found.name)
    ? program.emit('maxPool', { window }, [x], format, shape)
    : average(program, x, window, shape);
  return program.emit('clamp', { clamp: activation(found) }, [pooled], format, shape);
}

/** Sums of codes over their count, rounded half away from zero. */
function average(program: SmallProgram, x: number, window: Window, shape: readonly number[]): number {
  const counts = averagedCounts(window, program.shape(x), shape, false).filter((count) => count > 0);
  const scalings = counts.map((count) => ({
    count,
    scaling: { style: 'division', divisor: count, rounding: 'halfAwayFromZero' } as const,
  }));
  const fields = { window, countIncludePad: false, scalings, overflow: 'saturate' } as const;
  return program.emit('averagePool', fields, [x], program.format(x), shape);
}

export function padding(found: CmsisCase, program: SmallProgram): number {
  const axes = ['N', 'H', 'W', 'C'];
  const array = found.requireArray('input_tensor', 'input');
  const shape = axes.map((axis) => found.number(`INPUT_${axis}`));
  const x = program.input(codesOf(array), shape);
  const before = axes.map((axis) => found.number(`PRE_PAD_${axis}`));
  const after = axes.map((axis) => found.number(`POST_PAD_${axis}`));
  const output = shape.map((size, axis) => size + before[axis] + after[axis]);
  const fields = { before, after, interior: [], value: found.number('PAD_VALUE') };
  return program.emit('pad', fields, [x], program.format(x), output);
}

export function transposition(found: CmsisCase, program: SmallProgram): number {
  const shape = found.list('IN_DIM');
  const permutation = found.list('PERM');
  const x = program.input(codesOf(found.requireArray('input_tensor', 'input')), shape);
  const output = permutation.map((axis) => shape[axis]);
  return program.emit('transpose', { permutation }, [x], program.format(x), output);
}

/** Rows of 8 or 16 bits; 8 bits may become 16. */
export function softmax(found: CmsisCase, program: SmallProgram, source?: number): number {
  const array = source === undefined ? found.requireArray('input', 'input_tensor') : program.format(source);
  const shape = [found.number('NUM_ROWS'), found.number('ROW_SIZE')];
  const x = source ?? program.input(codesOf(array), shape);
  const multiplier = {
    value: found.number('INPUT_MULT', 'MULT'),
    shift: found.number('INPUT_LEFT_SHIFT', 'SHIFT'),
  };
  const entries = softmaxTables(array.bits, multiplier);
  const wide = array.bits === 16;
  const exponentials = program.constant(fixed(wide ? 16 : 32, wide ? 15 : 31), [entries.length], entries);
  const reciprocals = wide ? [program.constant(fixed(16, 15), [513], reciprocalTable())] : [];
  const wanted = found.array('output_ref', 'output') ?? array;
  return program.emit('softmax', { axis: 1 }, [x, exponentials, ...reciprocals], codesOf(wanted), shape);
}
