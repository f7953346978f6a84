/** Roundings of docs/arithmetic.md section 2 as C functions, for each kind of number that is rounded. */
import { type NamedRounding, type Rounding, seedOf } from '../../formats/rounding.js';
import type { Library } from './library.js';

/** `halfEven` -> `half_even`; all stochastic roundings share their functions, which take the random bits. */
export function roundingName(rounding: Rounding): string {
  if (seedOf(rounding) !== undefined) return 'stochastic';
  return rounding.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** When the integer below a number that is none is rounded up; `half` compares the fraction with 1/2: -1, 0 or 1. */
const roundsUp: Readonly<Record<NamedRounding, string>> = {
  floor: '0',
  ceiling: '1',
  towardZero: 'negative',
  awayFromZero: '!negative',
  halfEven: 'half > 0 || (half == 0 && odd)',
  halfTowardPositive: 'half >= 0',
  halfTowardNegative: 'half > 0',
  halfAwayFromZero: 'half > 0 || (half == 0 && !negative)',
  halfTowardZero: 'half > 0 || (half == 0 && negative)',
  halfEvenPositiveHalfUpNegative: 'half > 0 || (half == 0 && (negative || odd))',
};

/** What is added before an arithmetic shift by s: the table of section 2. */
const addend: Readonly<Record<NamedRounding, string>> = {
  floor: '0',
  ceiling: '2 * half - 1',
  towardZero: '(a < 0 ? 2 * half - 1 : 0)',
  awayFromZero: '(a < 0 ? 0 : 2 * half - 1)',
  halfEven: 'half - 1 + (shift_right(a, s) & 1)',
  halfTowardPositive: 'half',
  halfTowardNegative: 'half - 1',
  halfAwayFromZero: 'half - (a < 0)',
  halfTowardZero: 'half - 1 + (a < 0)',
  halfEvenPositiveHalfUpNegative: 'half - 1 + ((shift_right(a, s) & 1) | (a < 0))',
};

/** Statements that declare of `half`, `negative` and `odd` what a condition uses. */
function facts(condition: string, texts: Readonly<Record<'half' | 'negative' | 'odd', string>>): string {
  return (['half', 'negative', 'odd'] as const)
    .filter((name) => condition.includes(name))
    .map((name) => `  const int ${name} = ${texts[name]};\n`)
    .join('');
}

/** The parameter that stochastic functions have more. */
const extra = (rounding: Rounding) => (seedOf(rounding) === undefined ? '' : ', uint32_t u');

/** `int64_t shift_right(int64_t a, int s)`. */
export function defineShiftRight(library: Library): void {
  library.define(
    'shift_right',
    () => `
/* floor(a / 2^s) */
static int64_t shift_right(int64_t a, int s)
{
  return a < 0 ? ~(~a >> s) : a >> s;
}`,
  );
}

/** `int64_t round_shift_NAME(int64_t a, int s)`: magnitudes of a and of the result stay below 2^62, s below 62. */
export function defineRoundShift(library: Library, rounding: Rounding): string {
  const name = roundingName(rounding);
  return library.define(`round_shift_${name}`, () => {
    defineShiftRight(library);
    const head = `
/* a / 2^s rounded: ${rounding.replace(/\(.*/, '')}; exact to the left where s < 0 */
static int64_t round_shift_${name}(int64_t a, int s${extra(rounding)})
{
  if (s <= 0) return a * ((int64_t)1 << -s);`;
    if (seedOf(rounding) !== undefined)
      return `${head}
  const uint64_t rest = (uint64_t)a & ((UINT64_C(1) << s) - 1);
  const uint64_t fraction = s < 32 ? rest << (32 - s) : rest >> (s - 32);
  return shift_right(a, s) + (int64_t)((fraction + u) >> 32);
}`;
    const sum = addend[rounding as NamedRounding];
    if (sum === '0') return `${head}\n  return shift_right(a, s);\n}`;
    return `${head}
  const int64_t half = (int64_t)1 << (s - 1);
  return shift_right(a + ${sum}, s);
}`;
  });
}

/** `struct wide`: 128 bits, two's complement; and `wide_bits`, any 64 of them. */
export function defineWide(library: Library): void {
  library.define(
    'wide',
    () => `
/* an integer of 128 bits, two's complement */
struct wide { uint64_t high, low; };

/* 64 bits of w from bit \`first\` on: zeros below bit 0, the sign above bit 127 */
static uint64_t wide_bits(struct wide w, int first)
{
  const uint64_t sign = w.high >> 63 ? UINT64_MAX : 0;
  if (first >= 128) return sign;
  if (first > 64) return (w.high >> (first - 64)) | (sign << (128 - first));
  if (first == 64) return w.high;
  if (first > 0) return (w.low >> first) | (w.high << (64 - first));
  return first > -64 ? w.low << -first : 0;
}`,
  );
}

/**
 * `int64_t round_wide_NAME(struct wide w, int s)` for any s: the result where its magnitude is below 2^62, else 2^62 with
 * its sign. With `wraps`, `round_wide_wrapped_NAME`: the low 32 bits of the result, all that wrapping needs.
 */
export function defineRoundWide(library: Library, rounding: Rounding, wraps: boolean): string {
  const name = `round_wide_${wraps ? 'wrapped_' : ''}${roundingName(rounding)}`;
  return library.define(name, () => {
    defineWide(library);
    const stochastic = seedOf(rounding) !== undefined;
    const condition = stochastic
      ? '((uint64_t)fraction + u) >> 32'
      : `(fraction != 0 || rest) && (${roundsUp[rounding as NamedRounding]})`;
    const known = facts(condition, {
      half: 'fraction == 0x80000000u ? rest : fraction > 0x80000000u ? 1 : -1',
      negative: '(int)(w.high >> 63)',
      odd: '(int)(wide_bits(w, s) & 1)',
    });
    const sticky = stochastic
      ? ''
      : `  const int below = s - 32;
  const int rest = below <= 0 ? 0
    : below < 64 ? w.low << (64 - below) != 0
    : w.low != 0 || (below >= 128 ? w.high != 0 : below > 64 && w.high << (128 - below) != 0);\n`;
    const result = wraps
      ? '  return (int64_t)((wide_bits(w, s) + (uint64_t)up) & UINT32_MAX);'
      : `  const uint64_t sign = w.high >> 63 ? UINT64_MAX : 0;
  const int64_t most = (int64_t)1 << 62;
  for (int bit = s + 62; bit < 128; bit += 64)
    if (wide_bits(w, bit) != sign) return sign ? -most : most;
  const uint64_t low = wide_bits(w, s);
  return (sign ? -(int64_t)~low - 1 : (int64_t)low) + up;`;
    return `
/* w / 2^s rounded: ${rounding.replace(/\(.*/, '')}; ${wraps ? 'the low 32 bits' : 'at most 2^62 in magnitude'} */
static int64_t ${name}(struct wide w, int s${extra(rounding)})
{
  if (s < -64) s = -64;
  const uint32_t fraction = (uint32_t)wide_bits(w, s - 32);
${sticky}${known}  const int up = ${stochastic ? `(int)(${condition})` : condition};
${result}
}`;
  });
}

/** `int64_t round_quotient_NAME(int64_t a, int64_t d)` for a below 2^61 in magnitude and 0 < d < 2^31. */
export function defineRoundQuotient(library: Library, rounding: Rounding): string {
  const name = `round_quotient_${roundingName(rounding)}`;
  return library.define(name, () => {
    const stochastic = seedOf(rounding) !== undefined;
    const condition = stochastic
      ? '((uint64_t)rest << 32) >= ((UINT64_C(1) << 32) - u) * (uint64_t)d'
      : roundsUp[rounding as NamedRounding];
    const known = facts(stochastic ? '' : condition, {
      half: '(rest > d - rest) - (rest < d - rest)',
      negative: 'a < 0',
      odd: '(int)(below & 1)',
    });
    return `
/* a / d rounded: ${rounding.replace(/\(.*/, '')} */
static int64_t ${name}(int64_t a, int64_t d${extra(rounding)})
{
  int64_t below = a / d;
  int64_t rest = a % d;
  if (rest < 0) {
    rest += d;
    below--;
  }
  if (rest == 0) return below;
${known}  return below + (${condition});
}`;
  });
}

export function defineFloor(library: Library): void {
  library.define(
    'floor64',
    () => `
/* the greatest integer that is not above x; x itself where it is an infinity or not a number */
static double floor64(double x)
{
  if (!(x > -0x1p52 && x < 0x1p52)) return x;
  const double whole = (double)(int64_t)x;
  return whole > x ? whole - 1.0 : whole;
}`,
  );
}

/** `double round_real_NAME(double x)`; infinities stay, NaN stays NaN. */
export function defineRoundReal(library: Library, rounding: Rounding): string {
  const name = `round_real_${roundingName(rounding)}`;
  return library.define(name, () => {
    defineFloor(library);
    const stochastic = seedOf(rounding) !== undefined;
    const condition = stochastic
      ? 'x < 0 ? x - (below + 1.0) >= -v : x - below >= 1.0 - v'
      : roundsUp[rounding as NamedRounding];
    const known = facts(stochastic ? '' : condition, {
      half: '(x > below + 0.5) - (x < below + 0.5)',
      negative: 'x < 0',
      odd: 'floor64(below * 0.5) * 2.0 != below',
    });
    const share = stochastic ? '  const double v = (double)u / 4294967296.0;\n' : '';
    return `
/* x rounded to an integer: ${rounding.replace(/\(.*/, '')} */
static double ${name}(double x${extra(rounding)})
{
  const double below = floor64(x);
  if (below == x || x != x) return x;
${share}${known}  return (${condition}) ? below + 1.0 : below;
}`;
  });
}

/** `uint32_t stochastic_bits(uint32_t seed, size_t element)`. */
export function defineStochasticBits(library: Library): string {
  return library.define(
    'stochastic_bits',
    () => `
/* what decides how an element is rounded: the finaliser of MurmurHash3 */
static uint32_t stochastic_bits(uint32_t seed, size_t element)
{
  uint32_t bits = seed + ((uint32_t)element + 1) * 0x9e3779b9u;
  bits = (bits ^ (bits >> 16)) * 0x85ebca6bu;
  bits = (bits ^ (bits >> 13)) * 0xc2b2ae35u;
  return bits ^ (bits >> 16);
}`,
  );
}
