/** Memory that is given back at once, without waiting for a garbage collection, which may be long in coming. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';

/**
 * Frees what the buffers hold; they are detached, with 0 bytes. Shared ones, and those that Node.js does not give
 * away (the pool of small `Buffer`s), stay as they are.
 */
export function freeBuffers(buffers: Iterable<ArrayBufferLike>): void {
  const { port1, port2 } = new MessageChannel();
  for (const buffer of buffers) {
    if (buffer instanceof ArrayBuffer && buffer.byteLength > 0) transfer(port1, buffer);
  }
  // A message owns what was transferred to it, and a port that is closed drops its messages.
  port1.close();
  port2.close();
}

/** Node.js 20 leaves a buffer that it does not give away where it is; later ones refuse the message. */
function transfer(port: MessagePort, buffer: ArrayBuffer): void {
  try {
    port.postMessage(null, [buffer]);
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'DataCloneError')) throw error;
  }
}
