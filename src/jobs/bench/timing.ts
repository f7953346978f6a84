/** Steady-state times of something that can be repeated. */
import { setTimeout as sleep } from 'node:timers/promises';

const WARM_UP_SECONDS = 0.4;
const LEAST_WARM_UPS = 3;
/** A measurement takes at least so long, over as many runs as it needs. */
const LEAST_SECONDS = 0.05;

const now = () => performance.now() / 1000;

/**
 * Waits until the process has come to rest: compilers in the background, garbage collection, and pools whose idle threads spin for
 * some time, as those of ONNX Runtime do, would disturb whoever runs next.
 */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) {
    const before = process.cpuUsage();
    await sleep(10);
    const { user, system } = process.cpuUsage(before);
    if (user + system < 3000) return;
  }
}

/**
 * Warms `run` up, which does something the given number of times, and returns a function that measures seconds per time. The
 * number is a multiple of `step`.
 */
export async function createTimer(
  run: (times: number) => void | Promise<void>,
  step: number,
): Promise<() => Promise<number>> {
  const start = now();
  for (let runs = 0; runs < LEAST_WARM_UPS || now() - start < WARM_UP_SECONDS; runs++) await run(step);
  await settle();
  const time = async (times: number) => {
    const begin = now();
    await run(times);
    return (now() - begin) / times;
  };
  const times = step * Math.max(1, Math.ceil(LEAST_SECONDS / (step * (await time(step)))));
  return async () => {
    const seconds = await time(times);
    await settle();
    return seconds;
  };
}
