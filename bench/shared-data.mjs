/** Where the repository lies, and the shared data beside it: networks, labelled inputs and vectors that are not part of it. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
export const shared = process.env.DYNAFIX_SHARED_DATA ?? join(root, '../shared/data');
