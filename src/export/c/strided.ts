/** Which element of a tensor belongs to the i-th of another: broadcasting and data movement in C. */
import { broadcastStrides } from '../../shape.js';
import type { Context } from './context.js';
import type { Library } from './library.js';

/**
 * The text of a `struct strided`: for element i of `shape`, offset + the sum of its indices times `strides`. Neighbouring
 * axes that run on are written as one.
 */
export function stridedText(
  library: Library,
  shape: readonly number[],
  strides: readonly number[],
  offset = 0,
): string {
  library.define(
    'struct strided',
    () => `
/* for element i of a row-major tensor: offset + the sum of its indices times \`stride\`, last axis first */
struct strided {
  size_t rank;
  ptrdiff_t offset;
  const int32_t *size, *stride;
};

static size_t place(size_t i, const struct strided *s)
{
  ptrdiff_t at = s->offset;
  for (size_t axis = 0; axis < s->rank; axis++) {
    at += (ptrdiff_t)(i % (size_t)s->size[axis]) * s->stride[axis];
    i /= (size_t)s->size[axis];
  }
  return (size_t)at;
}`,
  );
  const axes: { size: number; stride: number }[] = [];
  for (const [axis, size] of [...shape.entries()].reverse()) {
    const inner = axes.at(-1);
    if (size === 1) continue;
    if (inner !== undefined && strides[axis] === inner.stride * inner.size) inner.size *= size;
    else axes.push({ size, stride: strides[axis] });
  }
  if (axes.length === 0) axes.push({ size: 1, stride: 0 });
  const list = (field: 'size' | 'stride') =>
    `(const int32_t[]){${axes.map((axis) => axis[field]).join(', ')}}`;
  return `{ ${axes.length}, ${offset}, ${list('size')}, ${list('stride')} }`;
}

/** Describes how the operands are broadcast to the output; returns the arguments. */
export function describeBroadcast(context: Context): string {
  const { library, inputs, output } = context;
  const { shape } = output.tensor;
  return inputs
    .map(({ tensor }) =>
      context.describe('struct strided', stridedText(library, shape, broadcastStrides(tensor.shape, shape))),
    )
    .join(', ');
}
