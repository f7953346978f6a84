/** concat, slice, gather, pad, transpose and the copies that other instructions need, to kernel calls. */
import type { Instruction } from '../../program/instructions.js';
import { elementCount, stridesOf } from '../../shape.js';
import { type Address, type ArenaAddress, type Context, shift } from './context.js';
import { type ElementKind, elementBytes } from './prepared.js';
import { type Axis, forEachIndex, joinAxes } from './strided.js';
import type { Geometry } from './taps.js';

/** Copies elements between two strided places; strides of an axis: x, then y, in elements. */
export function emitMove(
  context: Context,
  kind: ElementKind,
  x: Address,
  y: Address,
  axes: readonly Axis[],
): void {
  if (axes.some(({ extent }) => extent === 0)) return;
  const size = elementBytes(kind);
  const joined = joinAxes(axes);
  const [rows, columns] = joined.slice(-2);
  const crossed =
    columns !== undefined &&
    rows.strides[0] === 1 &&
    rows.strides[1] === columns.extent &&
    columns.strides[0] === rows.extent &&
    columns.strides[1] === 1;
  if (crossed) {
    const kernel = kind === 'i16' ? 'transpose_i16_i16' : 'transpose_f32_f32';
    forEachIndex(joined.slice(0, -2), 2, ([from, to]) =>
      context.emit(kernel, {
        x: shift(x, from * size),
        y: shift(y, to * size),
        rows: columns.extent,
        columns: rows.extent,
      }),
    );
    return;
  }
  const kernel = kind === 'i16' ? 'move_i16_i16' : 'move_f32_f32';
  const unused: Axis = { extent: 1, strides: [0, 0] };
  const [a, b, c, d] = [unused, unused, unused, ...joined].slice(-4);
  forEachIndex(joined.slice(0, -4), 2, ([from, to]) =>
    context.emit(kernel, {
      x: shift(x, from * size),
      y: shift(y, to * size),
      n0: a.extent,
      n1: b.extent,
      n2: c.extent,
      n3: d.extent,
      x0: a.strides[0] * size,
      x1: b.strides[0] * size,
      x2: c.strides[0] * size,
      x3: d.strides[0] * size,
      y0: a.strides[1] * size,
      y1: b.strides[1] * size,
      y2: c.strides[1] * size,
      y3: d.strides[1] * size,
    }),
  );
}

function emitFill(context: Context, kind: ElementKind, y: Address, value: number, length: number): void {
  const kernels = { i16: 'fill_i16_i16', i32: 'fill_i32_i32', f32: 'fill_f32_f32' } as const;
  context.emit(kernels[kind], { y, value, length });
}

export function lowerConcat({ inputs, output, axis }: Instruction<'concat'>, context: Context): void {
  const { shape } = context.tensor(output);
  const kind = context.kind(output);
  const row = elementCount(shape.slice(axis));
  let position = 0;
  for (const input of inputs) {
    const part = context.tensor(input).shape;
    const run = elementCount(part.slice(axis));
    context.unit();
    emitMove(
      context,
      kind,
      context.address(input),
      shift(context.address(output), position * elementBytes(kind)),
      [
        { extent: elementCount(part.slice(0, axis)), strides: [run, row] },
        { extent: run, strides: [1, 1] },
      ],
    );
    position += run;
  }
}

export function lowerSlice({ inputs, output, starts, steps }: Instruction<'slice'>, context: Context): void {
  const { shape } = context.tensor(output);
  const kind = context.kind(output);
  const from = stridesOf(context.tensor(inputs[0]).shape);
  const to = stridesOf(shape);
  const first = starts.reduce((sum, start, axis) => sum + start * from[axis], 0);
  const axes = shape.map((extent, axis) => ({ extent, strides: [from[axis] * steps[axis], to[axis]] }));
  const x = shift(context.address(inputs[0]), first * elementBytes(kind));
  emitMove(context, kind, x, context.address(output), axes);
}

export function lowerGather(
  { inputs, output, axis, indices }: Instruction<'gather'>,
  context: Context,
): void {
  const { shape } = context.tensor(inputs[0]);
  const kind = context.kind(output);
  const run = elementCount(shape.slice(axis + 1)) * elementBytes(kind);
  const table = Int32Array.from(indices, (index) => index * run);
  context.emit(kind === 'i16' ? 'gather_i16_i16' : 'gather_f32_f32', {
    x: context.address(inputs[0]),
    y: context.address(output),
    table: context.constants.place(table.byteLength, () => table),
    outer: elementCount(shape.slice(0, axis)),
    count: indices.length,
    run,
    xOuter: shape[axis] * run,
  });
}

export function lowerPad(
  { inputs, output, before, interior, value }: Instruction<'pad'>,
  context: Context,
): void {
  const { shape } = context.tensor(inputs[0]);
  const padded = context.tensor(output).shape;
  const kind = context.kind(output);
  const from = stridesOf(shape);
  const to = stridesOf(padded);
  emitFill(context, kind, context.address(output), value, elementCount(padded));
  context.stage();
  const first = before.reduce((sum, count, axis) => sum + count * to[axis], 0);
  const axes = shape.map((extent, axis) => ({
    extent,
    strides: [from[axis], to[axis] * (1 + (interior[axis] ?? 0))],
  }));
  const y = shift(context.address(output), first * elementBytes(kind));
  emitMove(context, kind, context.address(inputs[0]), y, axes);
}

export function lowerTranspose(
  { inputs, output, permutation }: Instruction<'transpose'>,
  context: Context,
): void {
  const { shape } = context.tensor(output);
  const from = stridesOf(context.tensor(inputs[0]).shape);
  const to = stridesOf(shape);
  const axes = shape.map((extent, axis) => ({ extent, strides: [from[permutation[axis]], to[axis]] }));
  emitMove(context, context.kind(output), context.address(inputs[0]), context.address(output), axes);
}

/** Only where the output did not take over the input's memory. */
export function lowerReshape({ inputs, output }: Instruction<'reshape'>, context: Context): void {
  const [x, y] = [context.address(inputs[0]), context.address(output)];
  if (typeof x !== 'number' && typeof y !== 'number' && x.block === y.block) return;
  const extent = elementCount(context.tensor(output).shape);
  emitMove(context, context.kind(output), x, y, [{ extent, strides: [1, 1] }]);
}

/** The input of a window with its padding written out as `value`, cut to `padded` rows and columns. */
export function movePadded(
  context: Context,
  x: Address,
  { batch, input, window }: Geometry,
  channels: number,
  tensor: number,
  padded: readonly [number, number],
  value: number,
): ArenaAddress {
  const kind = context.kind(tensor);
  const size = elementBytes(kind);
  const elements = batch * padded[0] * padded[1] * channels;
  const y = context.scratch(elements * size);
  emitFill(context, kind, y, value, elements);
  context.stage();
  const from = stridesOf([batch, ...input, channels]);
  const to = stridesOf([batch, ...padded, channels]);
  const [top, left] = window.pads;
  const axes = [
    { extent: batch, strides: [from[0], to[0]] },
    { extent: Math.min(input[0], padded[0] - top), strides: [from[1], to[1]] },
    { extent: Math.min(input[1], padded[1] - left), strides: [from[2], to[2]] },
    { extent: channels, strides: [1, 1] },
  ].map((axis) => ({ ...axis, extent: Math.max(0, axis.extent) }));
  emitMove(context, kind, x, shift(y, (top * to[1] + left * to[2]) * size), axes);
  context.stage();
  return y;
}
