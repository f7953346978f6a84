/** What the command line shows: results on standard output, everything else on standard error. */
import { SingleBar } from 'cli-progress';

/** One JSON document, or text, on standard output. */
export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** A message for the person at the terminal. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** A progress bar with rate and time left; silent where standard error is not a terminal. */
export function createProgress(what: string): { update(done: number, total: number): void; stop(): void } {
  if (!process.stderr.isTTY) return { update: () => {}, stop: () => {} };
  const format = `${what} {bar} {value}/{total}, {rate}/s, {eta_formatted} left`;
  const bar = new SingleBar({ format, stream: process.stderr, hideCursor: true, barsize: 24 });
  let start: { readonly time: number; readonly done: number } | undefined;
  return {
    update(done, total) {
      if (start === undefined) {
        start = { time: performance.now(), done };
        bar.start(total, done, { rate: '-' });
        return;
      }
      const seconds = (performance.now() - start.time) / 1000;
      bar.update(done, { rate: short((done - start.done) / Math.max(seconds, 0.001)) });
    },
    stop: () => bar.stop(),
  };
}

/** Numbers for people: 4.1 G, 25.6 M, 980. */
export function short(value: number): string {
  const units = ['', ' k', ' M', ' G', ' T'];
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${Number(value.toPrecision(3))}${units[unit]}`;
}

/** Columns aligned under their headings; numbers to the right. */
export function table(headings: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [headings, ...rows].map((row) => row.map(String));
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const numeric = headings.map((_, column) => rows.every((row) => typeof row[column] === 'number'));
  const pad = (text: string, column: number) =>
    numeric[column] ? text.padStart(widths[column]) : text.padEnd(widths[column]);
  return cells.map((row) => row.map(pad).join('  ').trimEnd()).join('\n');
}
