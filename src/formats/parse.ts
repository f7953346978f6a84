/** Reads the text form of formats that formatText writes. */
import { FormatError } from '../errors.js';
import { checkFormat, type Format } from './format.js';

const grammar = /^(u?)fixed\(\s*(\d+)\s*,\s*(-?\d+|\[[^\]]*\])\s*((?:,[^[\],]*(?:\[[^\]]*\])?)*)\)$/;
const option = /,\s*(?:(narrow)|(mantissa|zeroPoint|axis)\s*=\s*(-?\d+|\[[^\]]*\]))\s*/y;

/**
 * Parses `fixed(8,4)`, `ufixed(8,4)`, `fixed(8,[4,5],narrow,mantissa=3,zeroPoint=-1,axis=0)`. Throws a FormatError
 * quoting the text where it is not such a format or the format is not legal.
 */
export function parseFormat(text: string): Format {
  const fail = (): never => {
    throw new FormatError({
      where: 'number format',
      what: 'cannot be read',
      expected: 'a text such as fixed(8,4) or ufixed(8,4,zeroPoint=3)',
      got: text,
    });
  };
  const integers = (field: string): number | number[] => {
    if (!field.startsWith('[')) return Number(field);
    return field
      .slice(1, -1)
      .split(',')
      .map((entry) => (/^\s*-?\d+\s*$/.test(entry) ? Number(entry) : fail()));
  };
  const match = grammar.exec(text.trim());
  if (match === null) return fail();
  const [, unsigned, bits, fractionBits, options] = match;
  const format: { -readonly [K in keyof Format]: Format[K] } = {
    bits: Number(bits),
    signed: unsigned === '',
    narrow: false,
    fractionBits: integers(fractionBits),
    mantissa: 1,
    zeroPoint: 0,
    axis: null,
  };
  const seen = new Set<string>();
  option.lastIndex = 0;
  while (option.lastIndex < options.length) {
    const [, narrow, name, field] = option.exec(options) ?? fail();
    if (seen.has(narrow ?? name)) fail();
    seen.add(narrow ?? name);
    if (narrow !== undefined) format.narrow = true;
    else if (name === 'axis') format.axis = field.startsWith('[') ? fail() : Number(field);
    else format[name as 'mantissa' | 'zeroPoint'] = integers(field);
  }
  checkFormat(format, text);
  return format;
}
