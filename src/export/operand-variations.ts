/** Operands that are left out, read with another sign, in another order or with their zero point forgotten. */
import type { Elements } from '../execute/executor.js';
import { type Codes, codeRange, type Format } from '../formats/format.js';
import type { Program } from '../program/program.js';
import { otherOrders, reorder, restore } from './layouts.js';
import { withTensor } from './recompute.js';
import type { Variation } from './variations.js';

const LETTERS: Readonly<Record<number, string>> = { 2: 'NC', 4: 'NHWC' };
const WEIGHTS: Readonly<Record<number, string>> = { 2: 'OI', 4: 'OHWI' };

export function operandVariations(program: Program): Variation[] {
  const [instruction] = program.instructions;
  const variations: Variation[] = [];
  if (instruction.op === 'convolution' || instruction.op === 'gemm') {
    const [, weights, bias] = instruction.inputs;
    if (bias !== undefined)
      variations.push({
        kind: 'bias',
        what: 'the bias is missing',
        apply: (one) => ({
          ...one,
          instructions: one.instructions.map((own) => ({ ...own, inputs: own.inputs.slice(0, 2) })),
        }),
      });
    variations.push(...weightVariations(program, weights));
  }
  for (const tensor of new Set(instruction.inputs)) variations.push(...zeroPointVariations(program, tensor));
  return variations;
}

function weightVariations(program: Program, index: number): Variation[] {
  const { shape, data, format } = program.tensors[index];
  if (data === undefined) return [];
  const letters = WEIGHTS[shape.length];
  const name = (order: readonly number[]) => order.map((axis) => letters[axis]).join('');
  const variations = otherOrders(shape).map((order): Variation => {
    const what = `weights that lie as ${name(order)} are read as ${letters}`;
    return {
      kind: 'weights',
      what,
      apply: (one) => withTensor(one, index, { data: reorder(data, shape, order) }),
    };
  });
  const exchanged = otherOrders(shape).map((order): Variation => {
    const what = `weights that lie as ${letters} are read as ${name(order)}`;
    return {
      kind: 'weights',
      what,
      apply: (one) => withTensor(one, index, { data: restore(data, shape, order) }),
    };
  });
  if (shape.length === 4 && shape[1] * shape[2] > 1)
    variations.push({
      kind: 'weights',
      what: 'the kernel is turned by 180 degrees (convolution, not correlation)',
      apply: (one) => withTensor(one, index, { data: turned(data, shape) }),
    });
  if (format !== null)
    variations.push({
      kind: 'weights',
      what: `weights are read as ${format.signed ? 'unsigned' : 'signed'}`,
      apply: (one) => withTensor(one, index, withOtherSign(format, data as Codes)),
    });
  return [...variations, ...exchanged];
}

/** Bits of codes as the other kind of integer. */
function withOtherSign(format: Format, codes: Codes): { format: Format; data: Codes } {
  const signed = !format.signed;
  const bits = BigInt(format.bits);
  const read = (code: number | bigint) =>
    Number(signed ? BigInt.asIntN(Number(bits), BigInt(code)) : BigInt.asUintN(Number(bits), BigInt(code)));
  const other = { ...format, signed, narrow: false };
  const data = Array.from(codes as Int32Array, read);
  const wide = format.bits <= 8 ? (signed ? Int8Array : Uint8Array) : signed ? Int16Array : Uint16Array;
  return { format: other, data: wide.from(data) };
}

/** The kernels of [O, kh, kw, C] upside down. */
function turned(data: Elements, [outputs, height, width, channels]: readonly number[]): Elements {
  const result = data.slice();
  const taps = height * width;
  for (let o = 0; o < outputs; o++)
    for (let tap = 0; tap < taps; tap++)
      for (let c = 0; c < channels; c++)
        result[(o * taps + tap) * channels + c] = data[(o * taps + taps - 1 - tap) * channels + c];
  return result;
}

function zeroPointVariations(program: Program, index: number): Variation[] {
  const { name, format } = program.tensors[index];
  if (format === null || [format.zeroPoint].flat().every((zero) => zero === 0)) return [];
  return [
    {
      kind: 'zeroPoint',
      what: `the zero point of "${name}" is taken as 0`,
      apply: (one) => withTensor(one, index, { format: { ...format, zeroPoint: 0 } }),
    },
  ];
}

/** A change of what the instruction reads: its ports' elements. */
export interface InputVariation {
  readonly what: string;
  readonly apply: (elements: Elements) => Elements;
}

/** How the elements of a port may have been read. */
export function inputVariations(program: Program, index: number): InputVariation[] {
  const { name, shape } = program.tensors[index];
  const letters = LETTERS[shape.length];
  const axes = (order: readonly number[]) =>
    letters === undefined ? order.join(',') : order.map((axis) => letters[axis]).join('');
  const own = letters ?? shape.map((_, axis) => axis).join(',');
  return otherOrders(shape).flatMap((order) => [
    {
      what: `"${name}" lies as ${axes(order)} and is read as ${own}`,
      apply: (data) => reorder(data, shape, order),
    },
    {
      what: `"${name}" lies as ${own} and is read as ${axes(order)}`,
      apply: (data) => restore(data, shape, order),
    },
  ]);
}

/** Another reading of the codes that a folder holds for a tensor. */
export function viewsOf(shape: readonly number[], format: Format | null): InputVariation[] {
  const letters = LETTERS[shape.length];
  const axes = (order: readonly number[]) =>
    letters === undefined ? `axes ${order.join(',')}` : order.map((axis) => letters[axis]).join('');
  const layouts = otherOrders(shape).map((order) => ({
    what: `the file has the right elements in the layout ${axes(order)}`,
    apply: (data: Elements) => restore(data, shape, order),
  }));
  return format === null ? layouts : [...codeViews(format), ...layouts];
}

function codeViews(format: Format): InputVariation[] {
  const { bits, signed } = format;
  const { low, high } = codeRange({ ...format, narrow: false });
  const integers = (change: (code: number) => number) => (data: Elements) =>
    Int32Array.from(data as Int32Array, change);
  const wrap = (code: number) =>
    Number(signed ? BigInt.asIntN(bits, BigInt(code)) : BigInt.asUintN(bits, BigInt(code)));
  const stored = bits <= 8 ? 8 : 16;
  const swap = (code: number) => wrap(((code & 0xff) << 8) | ((code >> 8) & 0xff));
  return [
    {
      what: signed
        ? 'the file has the right bits without their sign'
        : 'the file has the right bits as signed numbers',
      apply: (data) =>
        (data as Int32Array).some((code) => code < low || code > high) ? integers(wrap)(data) : data,
    },
    ...(stored === 16
      ? [{ what: 'the file has the bytes of each code exchanged', apply: integers(swap) }]
      : []),
    {
      what: `the file has the right codes plus ${2 ** (bits - 1)} (the other sign's zero point)`,
      apply: integers((code) => code - 2 ** (bits - 1)),
    },
    {
      what: `the file has the right codes less ${2 ** (bits - 1)} (the other sign's zero point)`,
      apply: integers((code) => code + 2 ** (bits - 1)),
    },
  ];
}
