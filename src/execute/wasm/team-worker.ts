/** A worker's side of a run that the workers share. */
import { type PortableError, settleError, toPortable } from '../../errors.js';
import { serve } from '../../platform/serve.js';
import { joinSession, type SessionHandle } from './session.js';
import { shareRun } from './team.js';

export interface TeamTask {
  readonly handle: SessionHandle;
}

export interface TeamAnswer {
  /** True where all units of the run have ended. */
  readonly done: boolean;
  readonly failure?: { readonly unit: number; readonly error: PortableError };
}

export default serve(async ({ handle }: TeamTask): Promise<TeamAnswer> => {
  const { prepared, instance } = joinSession(handle);
  const end = shareRun(handle.team!, prepared.units, instance.runUnit);
  if (typeof end === 'string') return { done: end === 'done' };
  const error = toPortable(await settleError(end.error), 'worker thread');
  return { done: false, failure: { unit: end.failed, error } };
});
