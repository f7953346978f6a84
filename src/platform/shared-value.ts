/** Plain data that every thread reads from one place, so that posting it costs nothing however large it is. */
import { deserialize, serialize } from 'node:v8';

/** What the structured clone algorithm takes, as bytes. */
export function storeShared(value: unknown): SharedArrayBuffer {
  const bytes = serialize(value);
  const shared = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(shared).set(bytes);
  return shared;
}

/** A copy of the value. */
export function readShared<T>(shared: SharedArrayBuffer): T {
  return deserialize(new Uint8Array(shared)) as T;
}
