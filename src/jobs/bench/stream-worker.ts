/** A stream on a worker of a pool. */
import { serve } from '../../platform/serve.js';
import { createStream, type StreamKind } from './stream.js';

export interface StreamTask {
  readonly kind: StreamKind;
  readonly wide?: boolean;
  readonly count: number;
}

/** A process has streams of one kind. */
let stream: ((count: number) => void) | undefined;

export default serve(({ kind, wide, count }: StreamTask): void => {
  stream ??= createStream(kind, wide);
  stream(count);
});
