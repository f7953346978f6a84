/** C99 literals, names and initialisers. */
import type { Elements } from '../../execute/executor.js';

const WIDTH = 108;
const SMALL = 2 ** 31;

/** A decimal constant; INT64_C where 32 bits do not hold it. */
export function integerText(value: number | bigint): string {
  if (value > -SMALL && value < SMALL) return String(value);
  return BigInt(value) === -(2n ** 63n) ? 'INT64_MIN' : `INT64_C(${BigInt(value)})`;
}

/** A float64 that the compiler reads without rounding: an integer, or hexadecimal. */
export function doubleText(value: number): string {
  if (Number.isNaN(value)) return '(double)NAN';
  if (!Number.isFinite(value)) return value < 0 ? '-(double)INFINITY' : '(double)INFINITY';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (Number.isInteger(value) && Math.abs(value) < SMALL) return `${sign}${Math.abs(value)}.0`;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(value));
  const bits = view.getBigUint64(0);
  const exponent = Number(bits >> 52n);
  const digits = (bits & (2n ** 52n - 1n)).toString(16).padStart(13, '0').replace(/0+$/, '');
  const fraction = digits === '' ? '' : `.${digits}`;
  return `${sign}0x${exponent === 0 ? 0 : 1}${fraction}p${exponent === 0 ? -1022 : exponent - 1023}`;
}

/** A float32 that the compiler reads without rounding. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'NAN';
  if (!Number.isFinite(value)) return value < 0 ? '-INFINITY' : 'INFINITY';
  return `${doubleText(value)}f`;
}

/** A comment's inside: names of a model may hold anything. */
export function commentText(text: string): string {
  return text
    .replace(/[^\x20-\x7e]/g, '?')
    .replaceAll('*/', '* /')
    .replaceAll('/*', '/ *');
}

/** Items in braces, broken into lines. */
export function listText(items: readonly string[], indent = '  '): string {
  const whole = `{ ${items.join(', ')} }`;
  if (whole.length <= WIDTH - 40) return whole;
  const lines: string[] = [];
  let line = indent;
  for (const item of items) {
    if (line.length + item.length + 2 > WIDTH) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${item}, `;
  }
  lines.push(line.trimEnd().replace(/,$/, ''));
  return `{\n${lines.join('\n')}\n}`;
}

/** A line broken after commas where it is too long. */
export function wrapText(line: string, indent = '    '): string {
  const lines = [''];
  for (const part of line.split(/(?<=, )/)) {
    const current = lines.length - 1;
    if (lines[current] !== '' && lines[current].length + part.trimEnd().length > WIDTH)
      lines.push(indent + part);
    else lines[current] += part;
  }
  return lines.map((text) => text.trimEnd()).join('\n');
}

/** Elements of a constant; C has no empty arrays, so that one without elements gets a zero. */
export function elementsText(data: Elements): string {
  const print: (value: number | bigint) => string =
    data instanceof Float32Array ? (value) => floatText(Number(value)) : integerText;
  return listText(data.length === 0 ? ['0'] : Array.from(data as ArrayLike<number | bigint>, print));
}

const KEYWORDS = new Set(
  (
    'auto break case char const continue default do double else enum extern float for goto if inline int long ' +
    'register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while ' +
    'main arena'
  ).split(' '),
);

/** A C identifier for a name, in small letters, different from all that `taken` holds; it is added there. */
export function identifierFor(name: string, taken: Set<string>): string {
  const letters = name
    .replace(/\W+/g, '_')
    .replace(/^_+|_+$/g, '')
    .toLowerCase();
  const stem = /^[a-z]/.test(letters) && !KEYWORDS.has(letters) ? letters : `t_${letters}`;
  let identifier = stem;
  for (let count = 2; taken.has(identifier); count++) identifier = `${stem}_${count}`;
  taken.add(identifier);
  return identifier;
}
