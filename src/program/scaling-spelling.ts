/** How a scaling is spelled: `shift(7,halfEven)`, `doubling([m,n],[s,t])`, `scale(0.5,halfEven)` and so on. */
import type { Spelling } from './field.js';
import type { Instructions, ScaledPair, Scaling } from './instructions.js';
import type { program as proto } from './program.proto.js';
import { call, integer, list, number, perChannel, rounding, scales } from './spellings.js';

type Spellings<T> = { readonly [K in keyof T]: Spelling<T[K]> };

/** The fields of each style, in the order of the text. */
const styles: { readonly [S in Scaling['style']]: Spellings<Omit<Extract<Scaling, { style: S }>, 'style'>> } =
  {
    shift: { shift: perChannel, rounding },
    multiplier: { multiplier: perChannel, shift: perChannel, rounding },
    doubling: { multiplier: perChannel, shift: perChannel },
    scale: { scale: scales, rounding },
    division: { divisor: perChannel, rounding },
  };
const names = Object.keys(styles) as Scaling['style'][];
const fieldsOf = (style: Scaling['style']) =>
  Object.entries(styles[style] as unknown as Record<string, Spelling<unknown>>);

/** Applies `convert` to every field of a style; undefined where one of them is. */
function collect(
  style: Scaling['style'],
  convert: (spelling: Spelling<unknown>, key: string, index: number) => unknown,
): Scaling | undefined {
  const entries = fieldsOf(style).map(([key, spelling], index) => [key, convert(spelling, key, index)]);
  return entries.some(([, value]) => value === undefined)
    ? undefined
    : ({ style, ...Object.fromEntries(entries) } as Scaling);
}

export const scaling: Spelling<Scaling> = {
  expected: names.map((style) => `${style}(${fieldsOf(style).map(([key]) => key)})`).join(' | '),
  print: (value) =>
    `${value.style}(${fieldsOf(value.style).map(([key, spelling]) => spelling.print(value[key as keyof Scaling]))})`,
  parse(text) {
    const found = call(text);
    const style = names.find((name) => name === found?.name);
    if (style === undefined || found!.parts.length !== fieldsOf(style).length) return undefined;
    return collect(style, (spelling, _, index) => spelling.parse(found!.parts[index]));
  },
  encode: (value) => ({
    [value.style]: Object.fromEntries(
      fieldsOf(value.style).map(([key, spelling]) => [key, spelling.encode(value[key as keyof Scaling])]),
    ),
  }),
  decode(wire) {
    const message = wire as proto.Scaling | null;
    const style = names.find((name) => message?.[name]);
    if (style === undefined) return undefined;
    const fields = message![style] as Readonly<Record<string, unknown>>;
    return collect(style, (spelling, key) => spelling.decode(fields[key]));
  },
};

type CountScaling = Instructions['averagePool']['scalings'][number];

/** `count:scaling` for each count. */
export const countScalings = list<CountScaling>({
  expected: 'count:scaling',
  print: ({ count, scaling: by }) => `${count}:${scaling.print(by)}`,
  parse(text) {
    const colon = text.indexOf(':');
    const count = integer.parse(text.slice(0, Math.max(colon, 0)));
    const by = scaling.parse(text.slice(colon + 1));
    return count === undefined || by === undefined ? undefined : { count, scaling: by };
  },
  encode: ({ count, scaling: by }) => ({ count, scaling: scaling.encode(by) }),
  decode(wire) {
    const message = wire as proto.CountScaling;
    const by = scaling.decode(message.scaling);
    return by && { count: message.count, scaling: by };
  },
});

const two = list<Scaling, readonly [Scaling, Scaling]>(scaling, 2);

/** Of the two operands of a sum. */
export const scalingPair: Spelling<readonly [Scaling, Scaling]> = {
  ...two,
  encode: (value) => ({ operands: two.encode(value) }),
  decode: (wire) => two.decode((wire as proto.ScalingPair).operands),
};

/** `sum(scaleA,scaleB,offset)` or `product(scale,offset)`; in the file told apart by the number of scales. */
export const scaledPair: Spelling<ScaledPair> = {
  expected: 'sum(scaleA,scaleB,offset) | product(scale,offset)',
  print: (by) => `${by.function}(${[...scalesOf(by), by.offset].map(number.print)})`,
  parse(text) {
    const found = call(text);
    const values = found?.parts.map((part) => number.parse(part));
    if (!values?.every((value) => value !== undefined)) return undefined;
    const by = pairBy(values.slice(0, -1), values.at(-1) ?? 0);
    return by?.function === found!.name ? by : undefined;
  },
  encode: (by) => ({ scales: scalesOf(by), offset: by.offset }),
  decode(wire) {
    const message = wire as proto.ScaledPair | null;
    return message ? pairBy(message.scales, message.offset) : undefined;
  },
};

function scalesOf(by: ScaledPair): readonly number[] {
  return by.function === 'sum' ? by.scales : [by.scale];
}

function pairBy(scales: readonly number[], offset: number): ScaledPair | undefined {
  if (scales.length === 2) return { function: 'sum', scales: [scales[0], scales[1]], offset };
  return scales.length === 1 ? { function: 'product', scale: scales[0], offset } : undefined;
}
