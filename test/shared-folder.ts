/** Where the shared data lies: real networks, labelled inputs and reference vectors that are not part of the repository. */
import { fileURLToPath } from 'node:url';

export const sharedFolder =
  process.env.DYNAFIX_SHARED_DATA ?? fileURLToPath(new URL('../../shared/data', import.meta.url));
