/**
 * Operands of integer products as bytes. ONNX multiplies matrices of 8-bit integers only: wider ones are cut into bytes, whose
 * products are put together again. Both factors of a product are signed, or both unsigned, because some CPUs add up the
 * others in 16 bits with saturation.
 */
import type { Tensor } from '../../../graph/tensor.js';
import type { Context } from './context.js';
import { type Integer, type Integers, scalar } from './integers.js';

export type ByteType = 'int8' | 'uint8';

/** (value - zero) * factor is one of the summands that make an operand. */
export interface Part {
  readonly name: string;
  readonly zero: number;
  readonly factor: bigint;
  /** Bounds of value - zero. */
  readonly low: number;
  readonly high: number;
}

export interface Parts {
  readonly type: ByteType;
  readonly parts: readonly Part[];
}

/** How many bytes hold these integers, and whether the highest one carries the sign. */
function bytesFor(low: number, high: number): { count: number; signed: boolean } {
  const signed = low < 0;
  for (let count = 1; ; count++) {
    const most = 2 ** (8 * count - (signed ? 1 : 0));
    if (high < most && low >= -most) return { count, signed };
  }
}

/** The factors of a computed operand: codes of 8 bits as they are, wider ones above their zero point, byte after byte. */
export function computedParts({ integers, builder }: Context, codes: Integer, zero: number): Parts {
  const { type } = codes;
  const [least, most] = type === 'int8' ? [-128, 127] : [0, 255];
  if ((type === 'int8' || type === 'uint8') && zero >= least && zero <= most) {
    const [low, high] = [Number(codes.low) - zero, Number(codes.high) - zero];
    return { type, parts: [{ name: codes.name, zero, factor: 1n, low, high }] };
  }
  const centred = integers.add(codes, scalar(-zero));
  const { count, signed } = bytesFor(Number(centred.low), Number(centred.high));
  const lifted = signed ? integers.add(centred, scalar(2n ** BigInt(8 * count - 1))) : centred;
  const parts = Array.from({ length: count }, (_, index) => {
    const factor = 256n ** BigInt(index);
    const shifted = integers.floorDivide(lifted, scalar(factor), scalar(0));
    const byte = index === count - 1 ? shifted : integers.modulo(shifted, 256n);
    const origin = signed && index === count - 1 ? 128 : 0;
    const { name } = integers.cast(byte, 'uint8');
    builder.settle(name);
    return { name, zero: origin, factor, low: -origin, high: 255 - origin };
  });
  return { type: 'uint8', parts };
}

/** The other sign of computed codes of 8 bits. */
export function withType(
  integers: Integers,
  { type, parts: [part, ...rest] }: Parts,
  wanted: ByteType,
): Parts {
  if (type === wanted) return { type, parts: [part, ...rest] };
  const move = type === 'int8' ? 128 : -128;
  const [low, high] = [part.low + part.zero, part.high + part.zero];
  const moved = integers.add(integers.value(part.name, type, low, high), scalar(move));
  const { name } = integers.cast(moved, wanted);
  return { type: wanted, parts: [{ ...part, name, zero: part.zero + move }] };
}

/** A constant above its zero points, in bytes of a type. */
export function constantParts(
  { builder }: Context,
  centred: readonly number[],
  shape: readonly number[],
  type: ByteType,
  name: string,
): Parts {
  let [least, most] = [0, 0];
  for (const value of centred) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const { count } = bytesFor(Math.min(least, -1), most);
  const parts = Array.from({ length: count }, (_, index) => {
    const top = index === count - 1;
    const bytes = centred.map((value) => {
      const shifted = Math.floor(value / 256 ** index);
      return top ? shifted : ((shifted % 256) + 256) % 256;
    });
    // Signed types hold a low byte 128 below its value; unsigned ones the highest byte 128 above it.
    const zero = type === 'uint8' ? (top ? 128 : 0) : top ? 0 : -128;
    const stored = bytes.map((byte) => byte + zero);
    const data = type === 'uint8' ? Uint8Array.from(stored) : Int8Array.from(stored);
    const tensor: Tensor = { type, shape, data };
    const [low, high] = top ? [-128, 127] : [0, 255];
    const named = builder.constant(tensor, count === 1 ? name : `${name}/byte${index}`);
    return { name: named, zero, factor: 256n ** BigInt(index), low, high };
  });
  return { type, parts };
}
