import { expect, test } from 'vitest';
import { freeBuffers } from '#src/platform/free-buffers.js';

test('buffers are freed, but for those that others use', () => {
  const own = new ArrayBuffer(8);
  const shared = new SharedArrayBuffer(8);
  const pooled = Buffer.from('abc').buffer;
  freeBuffers([own, own, shared, pooled]);
  expect(own.byteLength).toBe(0);
  expect([shared.byteLength, pooled.byteLength]).toEqual([8, Buffer.poolSize]);
  freeBuffers([own]);
});
