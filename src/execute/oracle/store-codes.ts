/** From exact integers to stored codes: requantisation, overflow and clamp, as docs/arithmetic.md sections 2 to 4. */
import { ExecutionError } from '../../errors.js';
import { applyOverflow, applyOverflowBig, checkOverflow } from '../../formats/overflow.js';
import { roundShift, roundShiftBig } from '../../formats/rounding.js';
import type { Clamp, Requantize } from '../../program/instructions.js';
import { clampNumber } from './elementary.js';
import { check, numbers, type Operands } from './operands.js';

/** Stores an integer, exact as given, as the code of an element whose index on the last axis is `channel`. */
export type StoreCode = (element: number, channel: number, value: number | bigint) => void;

/** Magnitude up to which float64 arithmetic on integers is exact, sums of two such included. */
export const EXACT = 2 ** 52;

/** An overflow that the program declares as an error, at one element of an instruction's output. */
export function overflowError(where: string, element: number, value: number | bigint): ExecutionError {
  return new ExecutionError({
    where: `instruction "${where}", element ${element}`,
    what: 'overflows where the program forbids it',
    got: String(value),
  });
}

/** Prepares overflow(roundShift(value, shift of the channel)), then the clamp, into the output's format. */
export function createStore(operands: Operands, requantize: Requantize, clamp: Clamp | null): StoreCode {
  const { where, output } = operands;
  const { shift, rounding, overflow } = requantize;
  const { format } = output;
  const data = numbers(where, output);
  check(format !== null, where, `"${output.name}" has the wrong type`, 'codes', 'float32');
  checkOverflow(format, overflow, `instruction "${where}"`);
  const channels = output.shape.at(-1) ?? 1;
  const shifts = typeof shift === 'number' ? new Array<number>(channels).fill(shift) : shift;
  check(shifts.length === channels, where, 'has a wrong number of shifts', `${channels}`, `${shifts.length}`);
  const legal = shifts.every((by) => Number.isInteger(by) && Math.abs(by) <= 512);
  check(legal, where, 'has a wrong shift', 'integers from -512 to 512', shifts.join(', '));
  const low = clamp?.low ?? -Infinity;
  const high = clamp?.high ?? Infinity;
  return (element, channel, value) => {
    const by = shifts[channel];
    const trap = (got: number | bigint): never => {
      throw overflowError(where, element, got);
    };
    const narrow = typeof value === 'number' && Math.abs(value) * 2 ** -Math.min(by, 0) < EXACT;
    const code = narrow
      ? applyOverflow(roundShift(value, by, rounding), format, overflow, trap)
      : Number(applyOverflowBig(roundShiftBig(BigInt(value), by, rounding), format, overflow, trap));
    data[element] = clampNumber(code, low, high);
  };
}
