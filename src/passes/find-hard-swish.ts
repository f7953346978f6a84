/**
 * Recognises x * clip(x + 3, 0, 6) / 6, as exporters write HardSwish out of Add, Clip, Mul and Div in any order, and
 * x * HardSigmoid(x) with the same slope and offset.
 */
import { floatAttribute } from '../graph/attributes.js';
import type { Node } from '../graph/graph.js';
import type { RewriteContext, Rule } from '../graph/rewrite.js';
import { readClamp } from './clamp.js';

/** Exporters round 1/6 to six or more digits. */
const near = (value: number, expected: number) => Math.abs(value - expected) <= 1e-5 * Math.abs(expected);

export const findHardSwish: Rule = (node, context) => {
  if (!isProduct(node)) return undefined;
  const { values, scale } = readFactors(node, context);
  if (values.length !== 2) return undefined;
  for (const [x, gateName] of [values, [values[1], values[0]]]) {
    const gate = readGate(gateName, context);
    if (gate?.input !== x || !near(gate.slope * scale, 1 / 6)) continue;
    if (!near(gate.offset * scale, 0.5) || !near(gate.high * scale, 1)) continue;
    const [output] = node.outputs;
    const hardSwish = { name: node.name, operator: 'HardSwish', domain: '', inputs: [x], outputs: [output] };
    return { what: 'recognised as HardSwish', nodes: [{ ...hardSwish, attributes: {} }] };
  }
  return undefined;
};

function isProduct({ operator, domain, clamp }: Node): boolean {
  return domain === '' && clamp === undefined && (operator === 'Mul' || operator === 'Div');
}

/** A constant of one element. */
function scalar(value: string, context: RewriteContext): number | undefined {
  const tensor = context.constant(value);
  return tensor?.type === 'float32' && tensor.data.length === 1 ? Number(tensor.data[0]) : undefined;
}

/** The product as values that are not constant, and what they are multiplied by. */
function readFactors(node: Node, context: RewriteContext): { values: string[]; scale: number } {
  const [a, b] = node.inputs;
  const divisor = node.operator === 'Div' ? scalar(b, context) : undefined;
  if (node.operator === 'Div') {
    if (divisor === undefined) return { values: [], scale: 1 };
    const { values, scale } = factorsOf(a, context);
    return { values, scale: scale / divisor };
  }
  const parts = [a, b].map((value) => factorsOf(value, context));
  return { values: parts.flatMap(({ values }) => values), scale: parts[0].scale * parts[1].scale };
}

function factorsOf(value: string, context: RewriteContext): { values: string[]; scale: number } {
  const constant = scalar(value, context);
  if (constant !== undefined) return { values: [], scale: constant };
  const producer = context.soleProducer(value);
  if (producer === undefined || !isProduct(producer)) return { values: [value], scale: 1 };
  const factors = readFactors(producer, context);
  return factors.values.length > 0 ? factors : { values: [value], scale: 1 };
}

/** clip(slope * input + offset, 0, high). */
interface Gate {
  readonly input: string;
  readonly slope: number;
  readonly offset: number;
  readonly high: number;
}

function readGate(value: string, context: RewriteContext): Gate | undefined {
  const node = context.soleProducer(value);
  if (node === undefined || node.domain !== '' || node.clamp !== undefined) return undefined;
  if (node.operator === 'HardSigmoid') {
    const [slope, offset] = [floatAttribute(node, 'alpha', 0.2), floatAttribute(node, 'beta', 0.5)];
    return { input: node.inputs[0], slope, offset, high: 1 };
  }
  const limits = readClamp(node, context);
  const sum = limits?.low === 0 ? context.soleProducer(node.inputs[0]) : undefined;
  if (limits === undefined || sum?.operator !== 'Add' || sum.domain !== '' || sum.clamp) return undefined;
  const index = sum.inputs.findIndex((name) => scalar(name, context) !== undefined);
  if (index < 0) return undefined;
  const offset = scalar(sum.inputs[index], context)!;
  return { input: sum.inputs[1 - index], slope: 1, offset, high: limits.high };
}
