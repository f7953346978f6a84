/** How functions of one variable are spelled: a name, with its parameters in parentheses. */
import type { Spelling } from './field.js';
import { PLAIN_FUNCTIONS, type UnaryFunction } from './instructions.js';
import type { program as proto } from './program.proto.js';
import { numberText, parseNumber } from './spellings.js';

/** Functions with parameters, and the names of these in order. */
const PARAMETERS = { hardSigmoid: ['alpha', 'beta'], elu: ['alpha', 'scale'] } as const;
const PARAMETRIC = Object.keys(PARAMETERS) as (keyof typeof PARAMETERS)[];

type Numbers = Readonly<Record<string, number>>;

function withParameters(name: keyof typeof PARAMETERS, values: Numbers): UnaryFunction {
  const entries = PARAMETERS[name].map((key) => [key, values[key]] as const);
  return { name, ...Object.fromEntries(entries) } as UnaryFunction;
}

export const unaryFunction: Spelling<UnaryFunction> = {
  expected: [...PLAIN_FUNCTIONS, ...PARAMETRIC.map((name) => `${name}(${PARAMETERS[name]})`)].join(' | '),
  print(value) {
    const parametric = PARAMETRIC.find((name) => name === value.name);
    if (parametric === undefined) return value.name;
    const texts = PARAMETERS[parametric].map((key) => numberText((value as unknown as Numbers)[key]));
    return `${parametric}(${texts})`;
  },
  parse(text) {
    const [, name, list = ''] = /^(\w+)\((.*)\)$/.exec(text) ?? [];
    const parametric = PARAMETRIC.find((entry) => entry === name);
    if (parametric !== undefined) {
      const keys = PARAMETERS[parametric];
      const values = list.split(',').map(parseNumber);
      if (values.length !== keys.length || values.some((value) => value === undefined)) return undefined;
      return withParameters(parametric, Object.fromEntries(keys.map((key, i) => [key, values[i]!])));
    }
    const plainName = PLAIN_FUNCTIONS.find((entry) => entry === text);
    return plainName && { name: plainName };
  },
  encode: (value) => ({ [value.name]: PARAMETRIC.some((name) => name === value.name) ? value : {} }),
  decode(wire) {
    const message = wire as proto.UnaryFunction | null;
    const parametric = PARAMETRIC.find((name) => message?.[name]);
    if (parametric !== undefined) return withParameters(parametric, message![parametric] as Numbers);
    const plainName = PLAIN_FUNCTIONS.find((entry) => message?.[entry]);
    return plainName && { name: plainName };
  },
};
