/** Registers that add up products, emulated step by step where they are not proved wide enough. */
import { applyOverflow, applyOverflowBig, type Trap, type Width } from '../../formats/overflow.js';
import { roundShift, roundShiftBig } from '../../formats/rounding.js';
import type { Accumulator } from '../../program/instructions.js';
import { check } from './operands.js';
import { EXACT } from './scale.js';

/** The reduction of one output element: rows and columns of the kernel, channels of the group. */
export interface Extents {
  readonly row: number;
  readonly column: number;
  readonly inputChannel: number;
}

const PADDED = -1;

/**
 * The loop nest of a reduction as one list: entry i is the place of the i-th product in the stored order row, column,
 * channel; -1 for a lane beyond the last channel, whose product is 0. Throws a ProgramError for what is no loop nest.
 */
export function productOrder(accumulator: Accumulator, extents: Extents, where: string): Int32Array {
  const { order, productsPerStep: lanes } = accumulator;
  const legal = Number.isInteger(lanes) && lanes > 0 && lanes <= 65_536;
  check(legal, where, 'has a wrong number of products per step', '1 to 65536', String(lanes));
  const { row, column, inputChannel } = extents;
  const inputBlock = Math.ceil(inputChannel / lanes);
  const nests = [
    ['column', 'inputChannel', 'row'],
    ['column', 'inputBlock', 'inputLane', 'row'],
  ];
  const known = nests.some((nest) => String([...order].sort()) === String(nest));
  check(known, where, 'has no loop nest', 'row, column and channels once each', order.join(', '));
  const sizes = { row, column, inputChannel, inputBlock, inputLane: lanes };
  const places: number[] = [];
  const index = { row: 0, column: 0, inputChannel: 0, inputBlock: 0, inputLane: 0 };
  const loop = (depth: number): void => {
    if (depth === order.length) {
      const channel = index.inputChannel + index.inputBlock * lanes + index.inputLane;
      const inside = channel < inputChannel;
      places.push(inside ? (index.row * column + index.column) * inputChannel + channel : PADDED);
      return;
    }
    const name = order[depth];
    for (index[name] = 0; index[name] < sizes[name]; index[name]++) loop(depth + 1);
    index[name] = 0;
  };
  loop(0);
  return Int32Array.from(places);
}

/** Adds up products, given in stored order, and the bias; `trap` is called where the register overflows and may not. */
export type Accumulate = (products: Float64Array, bias: number | bigint, trap: Trap) => number | bigint;

/** Prepares the emulation of section 4.1 for products of at most `productBits` bits. */
export function createAccumulate(
  accumulator: Accumulator,
  extents: Extents,
  productBits: number,
  where: string,
): Accumulate {
  const { bits, overflow, productsPerStep, treeBits, bias: biasPlace, partialSum } = accumulator;
  for (const width of [bits, treeBits || bits, partialSum?.bits ?? bits]) {
    const legal = Number.isInteger(width) && width >= 2 && width <= 64;
    check(legal, where, 'has a wrong register', '2 to 64 bits', String(width));
  }
  const every = partialSum?.every ?? 1;
  check(
    Number.isInteger(every) && every > 0,
    where,
    'has wrong partial sums',
    'every 1 step or more',
    `${every}`,
  );
  const places = productOrder(accumulator, extents, where);
  const register = signed(bits);
  const tree = treeBits === 0 ? null : signed(treeBits);
  const dropped = partialSum === null ? 0 : Math.max(0, bits - partialSum.bits);
  const steps = Math.ceil(places.length / productsPerStep);

  /** The exact sum of the products of one step, which at most 2^20 products of 32 bits are in a float64. */
  const stepSum = (products: Float64Array, step: number): number => {
    let sum = 0;
    const end = Math.min((step + 1) * productsPerStep, places.length);
    for (let i = step * productsPerStep; i < end; i++) if (places[i] !== PADDED) sum += products[places[i]];
    return sum;
  };
  const stores = (step: number) =>
    partialSum !== null && step + 1 < steps && (step + 1) % partialSum.every === 0 ? partialSum : null;

  const inNumbers = (products: Float64Array, bias: number, trap: Trap): number => {
    let sum = biasPlace === 'first' ? applyOverflow(bias, register, overflow, trap) : 0;
    for (let step = 0; step < steps; step++) {
      const exact = stepSum(products, step);
      const added = tree === null ? exact : applyOverflow(exact, tree, overflow, trap);
      sum = applyOverflow(sum + added, register, overflow, trap);
      const store = stores(step);
      if (store === null) continue;
      const rounded = roundShift(sum, dropped, store.rounding);
      sum = applyOverflow(rounded, signed(store.bits), store.overflow, trap) * 2 ** dropped;
    }
    return biasPlace === 'last' ? applyOverflow(sum + bias, register, overflow, trap) : sum;
  };

  const inIntegers = (products: Float64Array, bias: bigint, trap: Trap): bigint => {
    let sum = biasPlace === 'first' ? applyOverflowBig(bias, register, overflow, trap) : 0n;
    for (let step = 0; step < steps; step++) {
      const exact = BigInt(stepSum(products, step));
      const added = tree === null ? exact : applyOverflowBig(exact, tree, overflow, trap);
      sum = applyOverflowBig(sum + added, register, overflow, trap);
      const store = stores(step);
      if (store === null) continue;
      const rounded = roundShiftBig(sum, dropped, store.rounding);
      sum = applyOverflowBig(rounded, signed(store.bits), store.overflow, trap) << BigInt(dropped);
    }
    return biasPlace === 'last' ? applyOverflowBig(sum + bias, register, overflow, trap) : sum;
  };

  const exact = bits <= 50 && productsPerStep * 2 ** productBits < EXACT / 4;
  return (products, bias, trap) =>
    exact && Math.abs(Number(bias)) < EXACT / 4
      ? inNumbers(products, Number(bias), trap)
      : inIntegers(products, BigInt(bias), trap);
}

function signed(bits: number): Width {
  return { bits, signed: true, narrow: false };
}
