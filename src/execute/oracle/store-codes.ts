/** From exact integers to stored codes: scaling, zero point, overflow and clamp, as docs/arithmetic.md sections 2 to 4. */
import { ExecutionError } from '../../errors.js';
import { at } from '../../formats/format.js';
import { applyOverflow, applyOverflowBig, checkOverflow } from '../../formats/overflow.js';
import type { Clamp, Requantize } from '../../program/instructions.js';
import { clampNumber } from './elementary.js';
import { check, numbers, type Operands } from './operands.js';
import { createScale, EXACT } from './scale.js';

/** Stores an integer, exact as given, as the code of an element whose index on the last axis is `channel`. */
export type StoreCode = (element: number, channel: number, value: number | bigint) => void;

/** An overflow that the program declares as an error, at one element of an instruction's output. */
export function overflowError(where: string, element: number, value: number | bigint): ExecutionError {
  return new ExecutionError({
    where: `instruction "${where}", element ${element}`,
    what: 'overflows where the program forbids it',
    got: String(value),
  });
}

/** Prepares overflow(scaling(value) + zero point), then the clamp, into the output's format. */
export function createStore(operands: Operands, requantize: Requantize, clamp: Clamp | null): StoreCode {
  const { where, output } = operands;
  const { overflow } = requantize;
  const { format } = output;
  const data = numbers(where, output);
  check(format !== null, where, `"${output.name}" has the wrong type`, 'codes', 'float32');
  checkOverflow(format, overflow, `instruction "${where}"`);
  const scale = createScale(requantize, output.shape.at(-1) ?? 1, where);
  const low = clamp?.low ?? -Infinity;
  const high = clamp?.high ?? Infinity;
  return (element, channel, value) => {
    const trap = (got: number | bigint): never => {
      throw overflowError(where, element, got);
    };
    const scaled = scale(value, channel, element, trap);
    const zeroPoint = at(format.zeroPoint, channel);
    const small = typeof scaled === 'number' && Math.abs(scaled) < EXACT;
    const code = small
      ? applyOverflow(scaled + zeroPoint, format, overflow, trap)
      : Number(applyOverflowBig(BigInt(scaled) + BigInt(zeroPoint), format, overflow, trap));
    data[element] = clampNumber(code, low, high);
  };
}
