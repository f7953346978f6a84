/** Data movement as ONNX operators, for values of any kind: elements stay what they are. */
import { plainOrder } from '../../compile/axis-order.js';
import { int } from '../../graph/attributes.js';
import type { Instruction } from '../../program/instructions.js';
import type { GraphBuilder } from './graph-builder.js';
import type { Layouts } from './layouts.js';

/** What moves: values of a graph, made of the name of another one. */
export interface Mover<V> {
  readonly builder: GraphBuilder;
  readonly layouts: Layouts<V>;
  name(value: V): string;
  /** A value whose elements are those of `sources`. */
  moved(name: string, sources: readonly V[]): V;
  /** A single element as an operand of Pad, and a value that has elements of it besides those of `source`. */
  fill(value: number, source: V): string;
  filled(name: string, source: V, value: number): V;
}

const list = (builder: GraphBuilder, values: readonly number[]) =>
  builder.numbers('int64', [values.length], values);

export function concat<V>({ inputs, output, axis }: Instruction<'concat'>, mover: Mover<V>): void {
  const { builder, layouts } = mover;
  const order = layouts.orderOf(
    inputs.find((input) => layouts.tensor(input).data === undefined) ?? inputs[0],
  );
  const values = inputs.map((input) => layouts.read(input, order));
  const names = values.map(mover.name);
  const name = builder.node('Concat', names, { axis: int(order.indexOf(axis)) });
  layouts.define(output, mover.moved(name, values), order);
}

export function slice<V>({ inputs, output, starts, steps }: Instruction<'slice'>, mover: Mover<V>): void {
  const { builder, layouts } = mover;
  const order = layouts.orderOf(inputs[0]);
  const { shape } = layouts.tensor(output);
  const source = layouts.read(inputs[0], order);
  const ends = starts.map((start, axis) => {
    const end = start + shape[axis] * steps[axis];
    return end < 0 ? Number.MIN_SAFE_INTEGER : end;
  });
  const perAxis = [starts, ends].map((values) =>
    list(
      builder,
      order.map((axis) => values[axis]),
    ),
  );
  const axes = list(builder, plainOrder(order.length));
  const operands = [
    mover.name(source),
    ...perAxis,
    axes,
    list(
      builder,
      order.map((axis) => steps[axis]),
    ),
  ];
  layouts.define(output, mover.moved(builder.node('Slice', operands), [source]), order);
}

export function gather<V>({ inputs, output, axis, indices }: Instruction<'gather'>, mover: Mover<V>): void {
  const { builder, layouts } = mover;
  const order = layouts.orderOf(inputs[0]);
  const source = layouts.read(inputs[0], order);
  const operands = [mover.name(source), list(builder, indices)];
  const name = builder.node('Gather', operands, { axis: int(order.indexOf(axis)) });
  layouts.define(output, mover.moved(name, [source]), order);
}

export function pad<V>(
  { inputs, output, before, after, interior, value }: Instruction<'pad'>,
  mover: Mover<V>,
): void {
  const { layouts } = mover;
  const order = layouts.orderOf(inputs[0]);
  const inOrder = (values: readonly number[]) => order.map((axis) => values[axis] ?? 0);
  const sizes = inOrder(layouts.tensor(inputs[0]).shape);
  let source = layouts.read(inputs[0], order);
  for (const [axis, gap] of inOrder(interior).entries()) {
    if (gap === 0) continue;
    source = spread(source, sizes, axis, gap, value, mover);
    sizes[axis] += (sizes[axis] - 1) * gap;
  }
  const result = padded(source, inOrder(before), inOrder(after), value, mover);
  layouts.define(output, result, order);
}

function padded<V>(
  source: V,
  before: readonly number[],
  after: readonly number[],
  value: number,
  mover: Mover<V>,
): V {
  const pads = list(mover.builder, [...before, ...after]);
  const name = mover.builder.node('Pad', [mover.name(source), pads, mover.fill(value, source)]);
  return mover.filled(name, source, value);
}

/** Elements of `value` between neighbours: an axis of its own is padded, merged, and cut after the last neighbour. */
function spread<V>(
  source: V,
  sizes: readonly number[],
  axis: number,
  gap: number,
  value: number,
  mover: Mover<V>,
): V {
  const { builder } = mover;
  const reshape = (from: V, shape: readonly number[]) =>
    mover.moved(builder.node('Reshape', [mover.name(from), list(builder, shape)]), [from]);
  const [front, back] = [sizes.slice(0, axis + 1), sizes.slice(axis + 1)];
  const apart = reshape(source, [...front, 1, ...back]);
  const none = new Array<number>(sizes.length + 1).fill(0);
  const wide = padded(
    apart,
    none,
    none.map((_, index) => (index === axis + 1 ? gap : 0)),
    value,
    mover,
  );
  const merged = reshape(
    wide,
    sizes.map((size, index) => (index === axis ? size * (gap + 1) : size)),
  );
  const end = sizes[axis] + (sizes[axis] - 1) * gap;
  const operands = [mover.name(merged), list(builder, [0]), list(builder, [end]), list(builder, [axis])];
  return mover.moved(builder.node('Slice', operands), [merged]);
}
