/**
 * From exact integers to codes in C: one function per style of scaling and rounding, one per overflow, and descriptions
 * (static structures) that say which of them an instruction uses and with what numbers.
 */
import type { Format } from '../../formats/format.js';
import { keptRange, overflowBeyond, saturates } from '../../formats/overflow.js';
import { type Overflow, type Rounding, seedOf } from '../../formats/rounding.js';
import type { Clamp, PerChannel, Requantize, Scaling } from '../../program/instructions.js';
import { widthOf } from '../../program/widths.js';
import type { Library } from './library.js';
import {
  defineRoundQuotient,
  defineRoundReal,
  defineRoundShift,
  defineRoundWide,
  defineStochasticBits,
  defineWide,
  roundingName,
} from './rounding.js';
import { floatText, integerText } from './text.js';

/** Integers of at most this many bits, sign included, are scaled in 64 bits. */
const NARROW = 61;

const entries = (field: PerChannel): readonly number[] => (typeof field === 'number' ? [field] : field);

function defineScalingStructure(library: Library): void {
  library.define(
    'struct scaling',
    () => `
/* from an exact integer to an integer; TRAPPED where that is not possible */
#define TRAPPED INT64_MIN

struct scaling {
  int64_t (*apply)(int64_t a, size_t channel, size_t element, const struct scaling *s);
  size_t per_channel;    /* 1 where the lists have one entry per channel, 0 where all channels share one */
  const int16_t *shift;  /* to the right; negative: to the left */
  const int32_t *factor; /* multiplier or divisor */
  const float *scale;
  uint32_t seed;
};`,
  );
}

/** Whether shifting integers of `bits` bits by all of `shift` stays in 64 bits with room for the rounding. */
function isNarrow(bits: number, shift: PerChannel): boolean {
  return entries(shift).every((by) => bits + Math.max(0, -by) <= NARROW && by <= NARROW);
}

/** The function of one scaling: its name and the statements that compute from `a` and `s->...[c]`. */
function bodyOf(
  library: Library,
  scaling: Scaling,
  bits: number,
  wraps: boolean,
): { name: string; body: string; what: string } {
  const last = scaling.style !== 'doubling' && seedOf(scaling.rounding) !== undefined ? ', u' : '';
  const suffix = scaling.style === 'doubling' ? '' : `_${roundingName(scaling.rounding)}`;
  const wide = (rounding: Rounding, a: string) => {
    const round = defineRoundWide(library, rounding, wraps);
    return `return ${round}(${a}, s->shift[c]${last});`;
  };
  const exact = wraps ? 'wrapped_wide' : 'wide';
  switch (scaling.style) {
    case 'shift': {
      const what = 'a / 2^shift';
      if (isNarrow(bits, scaling.shift)) {
        const round = defineRoundShift(library, scaling.rounding);
        return { name: `shift${suffix}`, what, body: `return ${round}(a, s->shift[c]${last});` };
      }
      defineWide(library);
      const a = '(struct wide){ a < 0 ? UINT64_MAX : 0, (uint64_t)a }';
      return { name: `shift_${exact}${suffix}`, what, body: wide(scaling.rounding, a) };
    }
    case 'multiplier': {
      const what = 'a * multiplier / 2^shift, rounded once';
      if (isNarrow(bits + widthOf(scaling.multiplier), scaling.shift)) {
        const round = defineRoundShift(library, scaling.rounding);
        return {
          name: `multiplier${suffix}`,
          what,
          body: `return ${round}(a * s->factor[c], s->shift[c]${last});`,
        };
      }
      defineWideMultiply(library);
      return {
        name: `multiplier_${exact}${suffix}`,
        what,
        body: wide(scaling.rounding, 'wide_multiply(a, s->factor[c])'),
      };
    }
    case 'doubling': {
      const up = defineRoundShift(library, 'halfTowardPositive');
      const away = defineRoundShift(library, 'halfAwayFromZero');
      const body = `const int left = s->shift[c] < 0 ? -s->shift[c] : 0;
  const int right = s->shift[c] < 0 ? 0 : s->shift[c];
  const int64_t most = (int64_t)INT32_MAX >> (left < 31 ? left : 31);
  if (a > most || a < -most - 1) return TRAPPED;
  return ${away}(${up}(a * ((int64_t)1 << left) * s->factor[c], 31), right);`;
      return {
        name: 'doubling',
        what: 'doubling high multiplication in 32 bits, then a shift; both round',
        body,
      };
    }
    case 'scale': {
      const round = defineRoundReal(library, scaling.rounding);
      const integer = defineIntegerOf(library, wraps);
      const body = `const float product = (float)a * s->scale[c];
  return ${integer}(${round}((double)product${last}));`;
      return {
        name: `scale${wraps ? '_wrapped' : ''}${suffix}`,
        what: 'float32 a times a float32 scale',
        body,
      };
    }
    case 'division': {
      const round = defineRoundQuotient(library, scaling.rounding);
      return {
        name: `division${suffix}`,
        what: 'a / divisor',
        body: `return ${round}(a, s->factor[c]${last});`,
      };
    }
  }
}

/**
 * The text of a `struct scaling` for integers of at most `bits` bits, sign included; with `wraps` only the low 32 bits of
 * what it gives matter.
 */
export function scalingText(library: Library, scaling: Scaling, bits: number, wraps: boolean): string {
  defineScalingStructure(library);
  const { name, body, what } = bodyOf(library, scaling, bits, wraps);
  const seed = scaling.style === 'doubling' ? undefined : seedOf(scaling.rounding);
  const apply = library.define(`scale_by_${name}`, () => {
    if (seed !== undefined) defineStochasticBits(library);
    const bitsOf =
      seed === undefined ? '(void)element;' : 'const uint32_t u = stochastic_bits(s->seed, element);';
    return `
/* ${what} */
static int64_t scale_by_${name}(int64_t a, size_t channel, size_t element, const struct scaling *s)
{
  const size_t c = channel * s->per_channel;
  ${bitsOf}
  ${body}
}`;
  });
  const fields = [`.apply = ${apply}`];
  const lists: [string, string, PerChannel | undefined, (value: number) => string][] = [
    ['shift', 'int16_t', 'shift' in scaling ? scaling.shift : undefined, integerText],
    ['factor', 'int32_t', 'multiplier' in scaling ? scaling.multiplier : undefined, integerText],
    ['factor', 'int32_t', 'divisor' in scaling ? scaling.divisor : undefined, integerText],
    ['scale', 'float', 'scale' in scaling ? scaling.scale : undefined, floatText],
  ];
  const channels = Math.max(...lists.map(([, , field]) => (typeof field === 'object' ? field.length : 0)));
  if (channels > 0) fields.push('.per_channel = 1');
  for (const [field, type, values, print] of lists) {
    if (values === undefined) continue;
    const all = typeof values === 'number' ? new Array<number>(Math.max(channels, 1)).fill(values) : values;
    fields.push(`.${field} = (const ${type}[]){${all.map(print).join(', ')}}`);
  }
  if (seed !== undefined) fields.push(`.seed = ${seed}u`);
  return `{ ${fields.join(', ')} }`;
}

/** The text of a `struct requantize` for integers of at most `bits` bits, sign included. */
export function requantizeText(
  library: Library,
  requantize: Requantize,
  bits: number,
  format: Format,
  clamp: Clamp | null,
): string {
  const { overflow } = requantize;
  const scaling = scalingText(library, requantize, bits, overflow === 'wrap');
  return storeText(library, scaling, overflow, format, clamp);
}

/** As requantizeText, with the text of the scaling as it stands; null where there is none. */
export function storeText(
  library: Library,
  scaling: string | null,
  overflow: Overflow,
  format: Format,
  clamp: Clamp | null,
): string {
  defineRequantize(library);
  const { zeroPoint } = format;
  const zeros =
    typeof zeroPoint === 'number'
      ? `.zero_point = ${zeroPoint}`
      : `.zero_points = (const int32_t[]){${zeroPoint.join(', ')}}`;
  const { low, high } = keptRange(format, overflow);
  const ends = keptRange(format, overflow, clamp);
  const apply = defineOverflow(library, overflowBeyond(overflow));
  const fields = [
    ...(scaling === null ? [] : [`.scaling = ${scaling}`]),
    `.overflow = ${apply}`,
    ...(zeroPoint === 0 ? [] : [zeros]),
    ...(saturates(overflow) ? [] : [`.low = ${low}, .high = ${high}`]),
    `.least = ${ends.low}, .most = ${ends.high}`,
  ];
  return `{ ${fields.join(', ')} }`;
}

function defineRequantize(library: Library): void {
  library.define('struct requantize', () => {
    defineScalingStructure(library);
    defineClampInteger(library);
    return `
/* from an exact integer to a code, or TRAPPED */
struct requantize {
  struct scaling scaling;
  int64_t (*overflow)(int64_t v, const struct requantize *q);
  int32_t zero_point;
  const int32_t *zero_points; /* per channel, in place of zero_point; or NULL */
  int32_t low, high;   /* the codes of the format */
  int32_t least, most; /* the codes that a clamp leaves */
};`;
  });
}

/** `int64_t clamp_integer(int64_t v, int64_t low, int64_t high)`. */
export function defineClampInteger(library: Library): void {
  library.define(
    'clamp_integer',
    () => `
static int64_t clamp_integer(int64_t v, int64_t low, int64_t high)
{
  return v < low ? low : v > high ? high : v;
}`,
  );
}

/** `int64_t requantize(const struct requantize *q, int64_t a, size_t channel, size_t element)`. */
export function defineRequantizeFunction(library: Library): string {
  return library.define('requantize', () => {
    defineRequantize(library);
    return `
static int64_t requantize(const struct requantize *q, int64_t a, size_t channel, size_t element)
{
  const int64_t v = q->scaling.apply(a, channel, element, &q->scaling);
  if (v == TRAPPED) return TRAPPED;
  return q->overflow(v + (q->zero_points == NULL ? q->zero_point : q->zero_points[channel]), q);
}`;
  });
}

function defineOverflow(library: Library, overflow: 'saturate' | 'wrap' | 'trap'): string {
  const bodies = {
    saturate: '  return clamp_integer(v, q->least, q->most);',
    wrap: `  const uint64_t span = (uint64_t)((int64_t)q->high - q->low); /* 2^bits - 1 */
  v = q->low + (int64_t)((uint64_t)(v - q->low) & span);
  return clamp_integer(v, q->least, q->most);`,
    trap: `  if (v < q->low || v > q->high) return TRAPPED;
  return clamp_integer(v, q->least, q->most);`,
  };
  return library.define(
    `overflow_${overflow}`,
    () => `
static int64_t overflow_${overflow}(int64_t v, const struct requantize *q)
{
${bodies[overflow]}
}`,
  );
}

/** `wide_multiply`: the exact product of two 64-bit integers. */
function defineWideMultiply(library: Library): void {
  library.define('wide_multiply', () => {
    defineWide(library);
    return `
static struct wide wide_multiply(int64_t a, int64_t b)
{
  const uint64_t x = a < 0 ? -(uint64_t)a : (uint64_t)a;
  const uint64_t y = b < 0 ? -(uint64_t)b : (uint64_t)b;
  const uint64_t x0 = x & UINT32_MAX, x1 = x >> 32, y0 = y & UINT32_MAX, y1 = y >> 32;
  const uint64_t low = x0 * y0;
  const uint64_t middle = x1 * y0 + (low >> 32);
  const uint64_t carry = x0 * y1 + (middle & UINT32_MAX);
  struct wide w = { x1 * y1 + (middle >> 32) + (carry >> 32), (carry << 32) | (low & UINT32_MAX) };
  if ((a < 0) != (b < 0)) {
    w.low = -w.low;
    w.high = ~w.high + (w.low == 0);
  }
  return w;
}`;
  });
}

/** An integer in a float64 as int64_t: at most 2^62 in magnitude or, with `wraps`, its low 32 bits. */
export function defineIntegerOf(library: Library, wraps: boolean): string {
  if (wraps)
    return library.define(
      'low_bits_of',
      () => `
/* the low 32 bits of an integer */
static int64_t low_bits_of(double x)
{
  const double high = x / 4294967296.0;
  if (!(high > -0x1p52 && high < 0x1p52)) return 0;
  const double below = (double)(int64_t)high > high ? (double)(int64_t)high - 1.0 : (double)(int64_t)high;
  return (int64_t)(x - below * 4294967296.0);
}`,
    );
  return library.define(
    'integer_of',
    () => `
/* an integer, at most 2^62 in magnitude */
static int64_t integer_of(double x)
{
  const int64_t most = (int64_t)1 << 62;
  return x >= 0x1p62 ? most : x <= -0x1p62 ? -most : (int64_t)x;
}`,
  );
}
