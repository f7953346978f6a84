/**
 * Shared memory for inputs on their way to workers, used again and again: what a message copies stays in the worker until its next
 * garbage collection.
 */
import type { Elements } from '../executor.js';

/** Inputs in shared memory. */
type Slot = Elements[];

export interface InputSlots {
  /** Runs `work` on a copy of the inputs as soon as a slot is free, in the order of the calls. */
  use<T>(inputs: readonly Elements[], work: (copy: readonly Elements[]) => Promise<T>): Promise<T>;
}

/** `count`: runs that may have their inputs here at once. */
export function createInputSlots(count: number): InputSlots {
  const free: Slot[] = Array.from({ length: count }, () => []);
  const waiting: ((slot: Slot) => void)[] = [];
  const take = () => free.pop() ?? new Promise<Slot>((resolve) => waiting.push(resolve));
  const give = (slot: Slot) => {
    const next = waiting.shift();
    if (next === undefined) free.push(slot);
    else next(slot);
  };
  return {
    async use(inputs, work) {
      const slot = await take();
      try {
        for (const [index, elements] of inputs.entries()) slot[index] = copyTo(slot[index], elements);
        return await work(slot);
      } finally {
        give(slot);
      }
    },
  };
}

/** A shared copy, in `place` where that has the same type and length. */
function copyTo(place: Elements | undefined, elements: Elements): Elements {
  const fits = place?.constructor === elements.constructor && place.length === elements.length;
  const copy = fits ? place : allocateShared(elements);
  (copy as Float32Array).set(elements as Float32Array);
  return copy;
}

type SharedConstructor = new (buffer: SharedArrayBuffer) => Elements;

function allocateShared(elements: Elements): Elements {
  const Type = elements.constructor as unknown as SharedConstructor;
  return new Type(new SharedArrayBuffer(elements.byteLength));
}
