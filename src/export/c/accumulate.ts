/** Registers that add up products step by step in C: docs/arithmetic.md section 4.1. */
import { overflowBeyond } from '../../formats/overflow.js';
import type { Overflow } from '../../formats/rounding.js';
import { seedOf } from '../../formats/rounding.js';
import type { Accumulator } from '../../program/instructions.js';
import type { Library } from './library.js';
import {
  defineRoundShift,
  defineRoundWide,
  defineStochasticBits,
  defineWide,
  roundingName,
} from './rounding.js';
import { integerText } from './text.js';

/** A register of this many bits is rounded in 64 bits. */
const NARROW = 60;

/** What the code of an emulation depends on, as a part of a function's name; defines what all emulations use. */
export function defineAccumulator(library: Library, accumulator: Accumulator): string {
  const { order, overflow, bias, treeBits, partialSum, bits } = accumulator;
  library.define(
    'struct accumulator',
    () => `
/* a register that adds up the products of one output element, step by step */
struct accumulator {
  int lanes;                   /* products per step */
  int64_t low, high;           /* of the register */
  int64_t tree_low, tree_high; /* of the adder tree of one step */
  int every;                   /* steps after which a partial sum is stored */
  int64_t partial_low, partial_high;
  int dropped;                 /* bits that a partial sum has less than the register */
};`,
  );
  const loops = order
    .map((loop) => loop.replace(/[a-z]+/, (word) => word[0]))
    .join('')
    .toLowerCase();
  const partial =
    partialSum === null
      ? ''
      : `_partial_${overflowBeyond(partialSum.overflow)}_${roundingName(partialSum.rounding)}${bits > NARROW ? '_wide' : ''}`;
  return `${loops}_${overflowBeyond(overflow)}_bias_${bias}${treeBits > 0 ? '_tree' : ''}${partial}`;
}

/** The text of a `struct accumulator`. */
export function accumulatorText(accumulator: Accumulator): string {
  const { bits, treeBits, overflow, partialSum, productsPerStep } = accumulator;
  const [low, high] = ends(bits, overflow);
  const fields = [`.lanes = ${productsPerStep}, .low = ${low}, .high = ${high}`];
  if (treeBits > 0) {
    const [treeLow, treeHigh] = ends(treeBits, overflow);
    fields.push(`.tree_low = ${treeLow}, .tree_high = ${treeHigh}`);
  }
  if (partialSum !== null) {
    const [partialLow, partialHigh] = ends(partialSum.bits, partialSum.overflow);
    fields.push(`.every = ${partialSum.every}, .partial_low = ${partialLow}, .partial_high = ${partialHigh}`);
    fields.push(`.dropped = ${Math.max(0, bits - partialSum.bits)}`);
  }
  return `{ ${fields.join(',\n    ')} }`;
}

function ends(bits: number, overflow: Overflow): [string, string] {
  const high = 2n ** BigInt(bits - 1) - 1n;
  return [integerText(overflow === 'saturateSymmetric' ? -high : -high - 1n), integerText(high)];
}

/**
 * `int64_t add_NAME(int64_t a, int64_t b, int64_t low, int64_t high)`, where a lies in the register already; add_trap also
 * takes an `int *` that it sets to 1. The text of a call.
 */
function addText(
  library: Library,
  overflow: Overflow,
  a: string,
  b: string,
  ends: 'low' | 'tree' | 'partial',
): string {
  const name = `add_${overflowBeyond(overflow)}`;
  const trap = overflowBeyond(overflow) === 'trap';
  library.define(name, () => {
    if (overflowBeyond(overflow) === 'wrap')
      return `
/* a + b in a register that wraps */
static int64_t add_wrap(int64_t a, int64_t b, int64_t low, int64_t high)
{
  const uint64_t mask = (uint64_t)high - (uint64_t)low;
  const uint64_t above = ((uint64_t)a + (uint64_t)b - (uint64_t)low) & mask; /* low */
  return above > (uint64_t)high ? (int64_t)(above - (uint64_t)high - 1) : low + (int64_t)above;
}`;
    if (trap)
      return `
/* a + b in a register that must not overflow */
static int64_t add_trap(int64_t a, int64_t b, int64_t low, int64_t high, int *trapped)
{
  if ((a > 0 && b > high - a) || (a < 0 && b < low - a) || (a + b < low) || (a + b > high)) {
    *trapped = 1;
    return 0;
  }
  return a + b;
}`;
    return `
/* a + b in a register that saturates */
static int64_t add_saturate(int64_t a, int64_t b, int64_t low, int64_t high)
{
  if (a > 0 && b > high - a) return high;
  if (a < 0 && b < low - a) return low;
  return a + b < low ? low : a + b > high ? high : a + b;
}`;
  });
  const prefix = ends === 'low' ? '' : `${ends}_`;
  return `${name}(${a}, ${b}, p->${prefix}low, p->${prefix}high${trap ? ', &trapped' : ''})`;
}

const extents: Readonly<Record<Accumulator['order'][number], string>> = {
  row: 'for (int r = 0; r < g->kernel_height; r++)',
  column: 'for (int c = 0; c < g->kernel_width; c++)',
  inputChannel: 'for (int k = 0; k < g->depth; k++)',
  inputBlock: 'for (int block = 0; block < blocks; block++)',
  inputLane: 'for (int lane = 0; lane < p->lanes; lane++)',
};

/** A trap of an addition as a statement. */
const check = (by: Overflow) => (by === 'trap' ? '\nif (trapped) return 1;' : '');

/** Declarations of what stepText works with; `count` counts the products of an output element. */
export function stepVariables({ overflow, partialSum }: Accumulator): string {
  const traps = overflow === 'trap' || partialSum?.overflow === 'trap';
  return `${traps ? 'int trapped = 0;\n' : ''}int64_t step = 0;
int count = 0${partialSum === null ? '' : ', steps = 0'};`;
}

/** Statements that add the step in `step` to the register in `sum`; `total` is the number of products. */
export function stepText(library: Library, accumulator: Accumulator): string {
  const { overflow, treeBits, partialSum, bits } = accumulator;
  const tree =
    treeBits === 0 ? '' : `step = ${addText(library, overflow, '0', 'step', 'tree')};${check(overflow)}\n`;
  const store =
    partialSum === null
      ? ''
      : `if (++steps % p->every == 0 && count < total) {
  ${partialText(library, partialSum, bits)}
  sum = ${addText(library, partialSum.overflow, '0', 'sum', 'partial')};${check(partialSum.overflow).replace('\n', '\n  ')}
  sum = sum * ((int64_t)1 << p->dropped);
}\n`;
  return `${tree}sum = ${addText(library, overflow, 'sum', 'step', 'low')};${check(overflow)}
${store}step = 0;`;
}

/** Statements that leave the accumulator of element (n, i, j, o) in `sum`; `product` uses \`pixel[k]\` and \`tap[k]\`. */
export function emulationText(
  library: Library,
  accumulator: Accumulator,
  product: string,
  types: { readonly x: string; readonly weights: string },
): string {
  const { order, overflow, bias } = accumulator;
  const blocked = order.includes('inputLane');
  const depth = order.length;
  const indent = '  '.repeat(depth);
  const loops = order.map((name, level) => `${'  '.repeat(level)}${extents[name]}`).join('\n');
  const lanes = blocked ? `const int k = block * p->lanes + lane;\n${indent}  ` : '';
  const inside = 'row >= 0 && row < g->height && column >= 0 && column < g->width';
  const biasText = 'bias == NULL ? 0 : bias[o]';
  const first =
    bias === 'first' ? `${addText(library, overflow, '0', biasText, 'low')};${check(overflow)}` : '0;';
  const last =
    bias === 'last' ? `\nsum = ${addText(library, overflow, 'sum', biasText, 'low')};${check(overflow)}` : '';
  return `${stepVariables(accumulator)}
int64_t sum = ${first}
${blocked ? 'const int blocks = (g->depth + p->lanes - 1) / p->lanes;\n' : ''}const int total = g->kernel_height * g->kernel_width * ${blocked ? 'blocks * p->lanes' : 'g->depth'};
${loops} {
${indent}  ${lanes}const int row = i * g->stride_rows - g->top + r * g->dilation_rows;
${indent}  const int column = j * g->stride_columns - g->left + c * g->dilation_columns;
${indent}  if (${blocked ? 'k < g->depth && ' : ''}${inside}) {
${indent}    const ${types.x} *pixel = x + ((size_t)(n * g->height + row) * g->width + column) * g->channels + first;
${indent}    const ${types.weights} *tap = weights + (size_t)((o * g->kernel_height + r) * g->kernel_width + c) * g->depth;
${indent}    step += ${product};
${indent}  }
${indent}  if (++count % p->lanes != 0 && count < total) continue;
${stepText(library, accumulator).replace(/^/gm, `${indent}  `)}
${'  '.repeat(depth - 1)}}${last}`;
}

function partialText(
  library: Library,
  { rounding }: NonNullable<Accumulator['partialSum']>,
  bits: number,
): string {
  const seed = seedOf(rounding);
  if (seed !== undefined) defineStochasticBits(library);
  const random = seed === undefined ? '' : `, stochastic_bits(${seed}u, element)`;
  if (bits <= NARROW) return `sum = ${defineRoundShift(library, rounding)}(sum, p->dropped${random});`;
  defineWide(library);
  const wide = '(struct wide){ sum < 0 ? UINT64_MAX : 0, (uint64_t)sum }';
  return `if (p->dropped > 0) sum = ${defineRoundWide(library, rounding, false)}(${wide}, p->dropped${random});`;
}
