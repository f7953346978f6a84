/** Random roundings, requantisations, accumulators, windows and clamps that fit their instruction. */
import { at, codeRange, type Format } from '#src/formats/format.js';
import { OVERFLOWS, type Overflow, ROUNDINGS, type Rounding } from '#src/formats/rounding.js';
import type {
  Accumulator,
  Clamp,
  PerChannel,
  Requantize,
  Scaling,
  Window,
} from '#src/program/instructions.js';
import type { ProgramTensor } from '#src/program/program.js';
import { sweep, tapCount, windowCount } from '#src/program/windows.js';
import type { Builder } from './builder.js';
import { drawFormat } from './draw.js';

export function drawRounding({ draw, unusual }: Builder): Rounding {
  if (unusual && draw.chance(15)) return `stochastic(${draw.integer(0, 2 ** 31)})`;
  return draw.pick(['halfEven', ...ROUNDINGS]);
}

/** A scaling of values of about `bits` bits by about 2^-shift, of any style; no register of `doubling` overflows. */
export function drawScaling(builder: Builder, shift: number, bits: number, channels: number): Scaling {
  const { draw } = builder;
  const each = (make: () => number): PerChannel =>
    draw.chance(50) ? make() : Array.from({ length: channels }, make);
  const rounding = drawRounding(builder);
  const mantissa = () => draw.pick([2 ** 30, 2 ** 31 - 1, draw.integer(2 ** 30, 2 ** 31 - 1)]);
  const style = draw.pick(['multiplier', 'scale', 'division', 'doubling'] as const);
  if (style === 'scale')
    return { style, scale: each(() => Math.fround(draw.pick([1, 1.1, 0.7]) * 2 ** -shift)), rounding };
  if (style === 'division')
    return { style, divisor: each(() => draw.integer(1, 2 ** Math.min(Math.max(shift, 0), 30))), rounding };
  if (style === 'doubling' && bits <= 30 && shift >= 0 && shift <= 31)
    return {
      style,
      multiplier: each(mantissa),
      shift: each(() => draw.integer(Math.max(0, shift - 2), shift)),
    };
  return {
    style: 'multiplier',
    multiplier: each(mantissa),
    shift: each(() => Math.min(62, shift + 31)),
    rounding,
  };
}

/** Never a trap, which random values would spring; a narrow format cannot wrap. */
export function drawOverflow({ draw, unusual }: Builder, narrow = false): Overflow {
  if (!unusual) return 'saturate';
  return draw.pick(OVERFLOWS.filter((name) => name !== 'trap' && !(narrow && name === 'wrap')));
}

/**
 * A requantisation of values of about `bits` bits, and the format it leads to. `positions` are the binary points of the
 * values, one or one per channel. The format is per channel only where everything unusual is wanted.
 */
export function drawRequantize(
  builder: Builder,
  positions: number | readonly number[],
  bits: number,
  { axis = null, widest }: { readonly axis?: number | null; readonly widest?: number } = {},
): { requantize: Requantize; format: Format } {
  const { draw, unusual } = builder;
  const base = drawFormat(draw, { unusual, widest });
  const wanted = draw.pick([bits - base.bits, 0, 1, draw.integer(-4, bits + 2)]);
  const shift = Math.min(Math.max(wanted, -4), 50);
  const first = typeof positions === 'number' ? positions : positions[0];
  const channels = typeof positions === 'number' ? [] : positions;
  const perChannel = unusual && axis !== null && channels.length > 0 && draw.chance(20);
  const overflow = drawOverflow(builder, base.narrow);
  const format = { ...base, fractionBits: first - shift };
  if (unusual && draw.chance(40)) {
    const scaling = drawScaling(builder, shift, bits, Math.max(1, channels.length));
    const fits = channels.length > 0 || !Object.values(scaling).some((value) => typeof value === 'object');
    if (fits) return { requantize: { ...scaling, overflow }, format };
  }
  return {
    requantize: {
      style: 'shift',
      shift:
        perChannel || typeof positions === 'number'
          ? shift
          : channels.map((position) => position - first + shift),
      rounding: drawRounding(builder),
      overflow,
    },
    format: perChannel
      ? { ...format, fractionBits: channels.map((position) => position - shift), axis }
      : format,
  };
}

/** Where sums of magnitude up to `bound` fit exactly; or any register at all, to be emulated. */
export function drawAccumulator({ draw, unusual }: Builder, bound: number): Accumulator {
  const proved = Math.ceil(Math.log2(bound + 1)) + 1;
  const exact: Accumulator = {
    bits: draw.pick([Math.max(proved, 8), 32, 64].filter((bits) => bits >= proved)),
    overflow: draw.pick(OVERFLOWS),
    order: draw.pick([
      ['row', 'column', 'inputChannel'],
      ['inputChannel', 'row', 'column'],
      ['inputBlock', 'row', 'column', 'inputLane'],
    ]),
    productsPerStep: draw.pick([1, 4, 16]),
    treeBits: draw.pick([0, 64]),
    bias: draw.pick(['first', 'last']),
    partialSum: null,
    provedBits: proved,
  };
  if (!unusual || !draw.chance(50)) return exact;
  const overflow = draw.pick(['saturate', 'wrap'] as const);
  const sum = {
    every: draw.integer(1, 9),
    bits: draw.integer(8, 40),
    rounding: draw.pick(ROUNDINGS),
    overflow,
  };
  return {
    ...exact,
    bits: draw.pick([8, 12, 16, 20, 24, 32, 48]),
    overflow,
    treeBits: draw.pick([0, 12, 20, 32]),
    partialSum: draw.chance(40) ? sum : null,
    provedBits: draw.chance(50) ? proved : 0,
  };
}

/** Of the sums of magnitude up to `bound` in a register: what partial sums drop can bring them to its ends. */
export function sumBits({ bits, partialSum }: Accumulator, bound: number): number {
  const exact = Math.ceil(Math.log2(bound + 1)) + 1;
  return partialSum === null ? exact : Math.max(exact, bits);
}

export function drawClamp({ draw }: Builder, format: Format | null): Clamp | null {
  if (!draw.chance(40)) return null;
  if (format === null) {
    const ends = [
      [0, Infinity],
      [0, 6],
      [-1, 1],
      [-Infinity, 0.5],
      [-0, Math.fround(0.1)],
    ];
    const [low, high] = draw.pick(ends);
    return { low, high };
  }
  const range = codeRange(format);
  const low = draw.chance(50) ? Math.max(0, range.low) : draw.integer(range.low, range.high);
  return { low, high: draw.chance(50) ? range.high : draw.integer(low, range.high) };
}

/** A window over a tensor [N, H, W, C] and the output's spatial size; no window lies wholly in the padding. */
export function drawWindow(
  { draw }: Builder,
  [, height, width]: readonly number[],
  ceil: boolean,
): { window: Window; spatial: [number, number] } {
  const axis = (size: number) => {
    const kernel = draw.pick([1, 2, 3, 5, size]);
    const stride = draw.integer(1, 3);
    const dilation = draw.chance(20) ? 2 : 1;
    const extent = (kernel - 1) * dilation + 1;
    const [before, after] = [0, 0].map(() => draw.integer(0, Math.min(extent - 1, 3)));
    return extent <= size + before + after
      ? { kernel, stride, dilation, before, after }
      : { kernel: 1, stride, dilation: 1, before: 0, after: 0 };
  };
  const axes = [axis(height), axis(width)] as const;
  const pairOf = (name: 'kernel' | 'stride' | 'dilation') => [axes[0][name], axes[1][name]] as const;
  const [rows, columns] = axes;
  const window: Window = {
    kernel: pairOf('kernel'),
    strides: pairOf('stride'),
    pads: [rows.before, columns.before, rows.after, columns.after],
    dilations: pairOf('dilation'),
  };
  const sweeps = [sweep(window, 0, height), sweep(window, 1, width)];
  const isFull = (count: number, index: number) =>
    Array.from({ length: count }).every((_, position) => tapCount(sweeps[index], position, false) > 0);
  const counts = sweeps.map((along, index) => {
    const most = windowCount(along, true);
    return ceil && draw.chance(50) && isFull(most, index) ? most : windowCount(along);
  });
  if (counts.every(isFull)) return { window, spatial: [counts[0], counts[1]] };
  const plain: Window = { kernel: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] };
  return { window: plain, spatial: [height, width] };
}

/** Largest magnitude of a sum of products: over the output channels, sum |w| times the largest |x|, above their zero points. */
export function productBound(weights: ProgramTensor, input: Format): number {
  const { low, high } = codeRange(input);
  const zero = at(input.zeroPoint, 0);
  const { zeroPoint } = weights.format!;
  const data = weights.data!;
  const [channels] = weights.shape;
  const row = data.length / channels;
  const sums = Array.from({ length: channels }, (_, channel) => {
    const own = Array.from(data.subarray(channel * row, (channel + 1) * row), Number);
    return own.reduce((sum, weight) => sum + Math.abs(weight - at(zeroPoint, channel)), 0);
  });
  return Math.max(...sums) * Math.max(zero - low, high - zero);
}
