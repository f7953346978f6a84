/** Memory that is given back at once, without waiting for a garbage collection, which may be long in coming. */
import { MessageChannel } from 'node:worker_threads';

/** Frees what the buffers hold; they are detached, with 0 bytes. Shared ones stay as they are. */
export function freeBuffers(buffers: Iterable<ArrayBufferLike>): void {
  const { port1, port2 } = new MessageChannel();
  // A message owns what was transferred to it, and a port that is closed drops its messages.
  const owned = [...new Set(buffers)].filter((buffer) => buffer instanceof ArrayBuffer);
  port1.postMessage(null, owned);
  port1.close();
  port2.close();
}
