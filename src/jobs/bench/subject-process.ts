/**
 * The process of one subject. Its first message is what to measure; after its answer, which names the kernel variant, every
 * further message asks for one cost. It ends with its parent.
 */
import { toPortable } from '../../errors.js';
import type { SubjectSpec } from './specification.js';

/** Before anything of dynafix but this file is loaded. */
const emptyBytes = process.memoryUsage.rss();
const answer = (message: object) => process.send?.(message);

process.on('disconnect', () => process.exit());
process.once('message', async (spec: SubjectSpec) => {
  try {
    const { openSubject } = await import('./open-subject.js');
    const { variant, measure } = await openSubject(spec, emptyBytes);
    process.on('message', async () => {
      try {
        answer({ cost: await measure() });
      } catch (error) {
        answer({ error: toPortable(error, spec.kind) });
      }
    });
    answer({ variant });
  } catch (error) {
    answer({ error: toPortable(error, spec.kind) });
  }
});
