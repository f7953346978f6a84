/** Starting the processes of subjects and asking them what they cost. */
import { type ChildProcess, fork } from 'node:child_process';
import { AbortedError, ExecutionError, fromPortable, type PortableError } from '../../errors.js';
import type { SubjectSpec } from './specification.js';

const script = new URL('./subject-process.js', import.meta.url);

interface Answer {
  readonly error?: PortableError;
  readonly variant?: string;
  readonly cost?: number;
}

export interface RunningSubject {
  readonly variant?: string;
  /** Seconds of one run, or bytes. Rejects where the process fails. */
  measure(): Promise<number>;
  end(): void;
}

/** What happens once per process, so that each measurement needs a new one. */
const oncePerProcess: ReadonlySet<SubjectSpec['kind']> = new Set(['load', 'first run', 'memory']);

/**
 * Starts a subject in a process of its own: it shares no heap, no compiled code, no flags and no idle threads with those it is
 * measured beside. An abort ends it. Rejects where it cannot do what it is asked to.
 */
export async function startSubject(spec: SubjectSpec, signal?: AbortSignal): Promise<RunningSubject> {
  if (!oncePerProcess.has(spec.kind)) return startProcess(spec, signal);
  let ready: RunningSubject | undefined = await startProcess(spec, signal);
  return {
    variant: ready.variant,
    async measure() {
      const subject = ready ?? (await startProcess(spec, signal));
      ready = undefined;
      try {
        return await subject.measure();
      } finally {
        subject.end();
      }
    },
    end: () => ready?.end(),
  };
}

async function startProcess(spec: SubjectSpec, signal?: AbortSignal): Promise<RunningSubject> {
  const child = fork(script, {
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const end = () => {
    signal?.removeEventListener('abort', end);
    child.kill('SIGKILL');
  };
  signal?.addEventListener('abort', end);
  try {
    const { variant } = await ask(child, spec, signal);
    const measure = async () => (await ask(child, 'measure', signal)).cost!;
    return { variant, measure, end };
  } catch (error) {
    end();
    throw error;
  }
}

/** Sends a message and waits for the answer. */
function ask(child: ChildProcess, message: SubjectSpec | 'measure', signal?: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      child.off('message', onMessage).off('exit', onExit).off('error', onError);
      settle();
    };
    const onMessage = (answer: Answer) =>
      finish(() => (answer.error ? reject(fromPortable(answer.error)) : resolve(answer)));
    const onError = (cause: Error) =>
      finish(() => reject(new ExecutionError({ where: 'process', what: `failed: ${cause.message}`, cause })));
    const onExit = (code: number | null, cause: string | null) =>
      finish(() => {
        if (signal?.aborted) reject(new AbortedError({ where: 'bench', what: 'was cancelled' }));
        else
          reject(
            new ExecutionError({ where: 'process', what: `ended with ${cause ?? `exit code ${code}`}` }),
          );
      });
    child.on('message', onMessage).on('exit', onExit).on('error', onError);
    if (signal?.aborted) child.kill('SIGKILL');
    child.send(message);
  });
}
