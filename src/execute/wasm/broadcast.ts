/** Operands that broadcast to an output, as kernels walk them: calls over rows of elements. */
import { broadcastStrides, stridesOf } from '../../shape.js';
import { type Address, type Context, shift } from './context.js';
import { elementBytes } from './prepared.js';
import { forEachIndex, joinAxes } from './strided.js';

export interface Walk {
  readonly rows: number;
  readonly length: number;
  /** Bytes from row to row and from element to element, per operand. */
  readonly rowSteps: readonly number[];
  readonly steps: readonly number[];
  /** Of each call: where the operands and the output start. */
  readonly starts: readonly (readonly Address[])[];
}

/** Where the elements of a tensor are, and the bytes of one. */
export type Locate = (tensor: number) => { readonly address: Address; readonly size: number };

/** The last two axes of the output become rows and elements, the others calls. */
export function walkBroadcast(
  inputs: readonly number[],
  output: number,
  context: Context,
  locate: Locate = (tensor) => ({
    address: context.address(tensor),
    size: elementBytes(context.kind(tensor)),
  }),
): Walk {
  const { shape } = context.tensor(output);
  const tensors = [...inputs, output];
  const strides = [
    ...inputs.map((input) => broadcastStrides(context.tensor(input).shape, shape)),
    stridesOf(shape),
  ];
  const axes = joinAxes(shape.map((extent, axis) => ({ extent, strides: strides.map((own) => own[axis]) })));
  const rows = axes.at(-2) ?? { extent: 1, strides: tensors.map(() => 0) };
  const [elements] = axes.slice(-1);
  const places = tensors.map(locate);
  const starts: Address[][] = [];
  forEachIndex(axes.slice(0, -2), tensors.length, (offsets) => {
    starts.push(places.map(({ address, size }, i) => shift(address, offsets[i] * size)));
  });
  return {
    rows: rows.extent,
    length: elements.extent,
    rowSteps: rows.strides.map((stride, i) => stride * places[i].size),
    steps: elements.strides.map((stride, i) => stride * places[i].size),
    starts,
  };
}
