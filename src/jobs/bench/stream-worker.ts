/** A stream on a worker of a pool. */
import { serve } from '../../platform/pool.js';
import { createStream, type StreamKind } from './stream.js';

export interface StreamTask {
  readonly kind: StreamKind;
  readonly count: number;
}

const streams = new Map<StreamKind, (count: number) => void>();

export default serve(({ kind, count }: StreamTask): void => {
  const stream = streams.get(kind) ?? createStream(kind);
  streams.set(kind, stream);
  stream(count);
});
