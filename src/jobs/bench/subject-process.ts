/**
 * The process of one subject. Its first message is what to measure; after its answer, which names the kernel variant, every
 * further message asks for one cost. It ends with its parent.
 */
import { toPortable } from '../../errors.js';
import type { OpenSubject } from './open-subject.js';
import type { SubjectSpec } from './specification.js';

/** Before anything of dynafix but this file is loaded. */
const emptyBytes = process.memoryUsage.rss();
const answer = (message: object) => process.send?.(message);

async function open(spec: SubjectSpec): Promise<OpenSubject> {
  if (spec.kind === 'memory') return (await import('./open-memory.js')).openMemory(spec, emptyBytes);
  return (await import('./open-subject.js')).openSubject(spec);
}

process.on('disconnect', () => process.exit());
process.once('message', async (spec: SubjectSpec) => {
  try {
    const { variant, measure } = await open(spec);
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
