/** Operators that move pixels between space and channels or the batch. */
import { ModelError } from '../errors.js';
import { int, ints } from '../graph/attributes.js';
import { type Converter, operand, requireRank } from './converter.js';
import type { GraphWriter } from './graph-writer.js';
import { layouts, readOptions } from './schema.js';

function blocks(
  name: 'DepthToSpace' | 'SpaceToDepth',
  layout: typeof layouts.depthToSpace | typeof layouts.spaceToDepth,
): Converter {
  return (operator, writer, where) => {
    const o = readOptions(layout, operator.options, where);
    const x = operand(operator, 0, where);
    requireRank(writer, x, 4, where);
    const output = writer.write(operator.outputs[0], 'channelsFirst');
    writer.add(name, [writer.read(x, 'channelsFirst')], [output], { blocksize: int(o.blockSize) });
  };
}

export const depthToSpace = blocks('DepthToSpace', layouts.depthToSpace);
export const spaceToDepth = blocks('SpaceToDepth', layouts.spaceToDepth);

/** The block's size on each spatial axis, which are those behind the batch, and pads or crops before and after it. */
function blockOperands(
  operator: Parameters<Converter>[0],
  writer: GraphWriter,
  where: string,
): { block: number[]; before: number[]; after: number[] } {
  const { shape } = writer.tensor(operand(operator, 0, where));
  const block = writer.integers(operator.inputs[1], where);
  const amounts = writer.integers(operator.inputs[2], where);
  const fits = block.length >= 1 && block.length < shape.length && amounts.length === 2 * block.length;
  if (!fits || !block.every((size) => size >= 1) || !amounts.every((amount) => amount >= 0))
    throw new ModelError({ where, what: 'the blocks do not fit', expected: `[${shape}]`, got: `[${block}]` });
  return {
    block,
    before: block.map((_, axis) => amounts[2 * axis]),
    after: block.map((_, axis) => amounts[2 * axis + 1]),
  };
}

/** SPACE_TO_BATCH_ND: pads, then gives every position within a block a batch of its own. */
export const spaceToBatch: Converter = (operator, writer, where) => {
  const x = operand(operator, 0, where);
  const { block, before, after } = blockOperands(operator, writer, where);
  const [batch, ...sizes] = writer.tensor(x).shape;
  const spatial = block.map((_, axis) => sizes[axis] + before[axis] + after[axis]);
  const rest = sizes.slice(block.length);
  if (!spatial.every((size, axis) => size % block[axis] === 0))
    throw new ModelError({
      where,
      what: 'the blocks do not fit',
      expected: `[${spatial}]`,
      got: `[${block}]`,
    });
  const output = writer.write(operator.outputs[0]);
  const padded = writer.fresh(`${output}/padded`, x);
  const none = rest.map(() => 0);
  writer.add('Pad', [writer.read(x), writer.list([0, ...before, ...none, 0, ...after, ...none])], [padded]);
  const counts = spatial.map((size, axis) => size / block[axis]);
  const split = [batch, ...block.flatMap((size, axis) => [counts[axis], size]), ...rest];
  const inner = block.map((_, axis) => 2 + 2 * axis);
  const outer = block.map((_, axis) => 1 + 2 * axis);
  const last = rest.map((_, axis) => 1 + 2 * block.length + axis);
  const merged = [batch * block.reduce((a, b) => a * b, 1), ...counts, ...rest];
  writeRegrouped(writer, x, padded, output, split, [...inner, 0, ...outer, ...last], merged);
};

/** BATCH_TO_SPACE_ND: the way back, and then the crops. */
export const batchToSpace: Converter = (operator, writer, where) => {
  const x = operand(operator, 0, where);
  const { block, before, after } = blockOperands(operator, writer, where);
  const [batch, ...sizes] = writer.tensor(x).shape;
  const rest = sizes.slice(block.length);
  const count = batch / block.reduce((a, b) => a * b, 1);
  const spatial = block.map((size, axis) => sizes[axis] * size);
  const fits = spatial.every((size, axis) => before[axis] + after[axis] <= size);
  if (!Number.isInteger(count) || !fits)
    throw new ModelError({ where, what: 'the blocks do not fit', expected: `[${batch}]`, got: `[${block}]` });
  const output = writer.write(operator.outputs[0]);
  const whole = writer.fresh(`${output}/whole`, x);
  const split = [...block, count, ...sizes];
  const pairs = block.flatMap((_, axis) => [block.length + 1 + axis, axis]);
  const last = rest.map((_, axis) => 2 * block.length + 1 + axis);
  const merged = [count, ...spatial, ...rest];
  writeRegrouped(writer, x, writer.read(x), whole, split, [block.length, ...pairs, ...last], merged);
  const ends = spatial.map((size, axis) => size - after[axis]);
  const lists = [before, ends, block.map((_, axis) => axis + 1)].map((list) => writer.list(list));
  writer.add('Slice', [whole, ...lists], [output]);
};

/** A tensor with the axes `split`, permuted, with the axes `merged`. */
function writeRegrouped(
  writer: GraphWriter,
  tensor: number,
  from: string,
  to: string,
  split: readonly number[],
  permutation: readonly number[],
  merged: readonly number[],
): void {
  const [apart, permuted] = ['split', 'permuted'].map((name) => writer.fresh(`${to}/${name}`, tensor));
  writer.add('Reshape', [from, writer.list(split)], [apart], { allowzero: int(1) });
  writer.add('Transpose', [apart], [permuted], { perm: ints(permutation) });
  writer.add('Reshape', [permuted, writer.list(merged)], [to], { allowzero: int(1) });
}
