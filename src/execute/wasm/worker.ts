/** The worker's side of `Session.run`. */
import { serve } from '../../platform/serve.js';
import type { Elements } from '../executor.js';
import { type RunResult, runPorts } from '../ports.js';
import { openSession, type SessionHandle } from './session.js';

export interface RunTask {
  readonly handle: SessionHandle;
  readonly inputs: readonly Elements[];
}

export default serve(({ handle, inputs }: RunTask): RunResult => runPorts(openSession(handle), inputs));
