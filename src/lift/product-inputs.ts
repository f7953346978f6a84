/** Constant operands of products of codes: weights, and a bias that stands where the products do. */
import type { Node } from '../graph/graph.js';
import type { Draft } from './draft.js';
import { formatOfScales } from './quantity.js';

/** Weights whose scales lie along the output channels, and a bias that stands where the products do. */
export function productInputs(node: Node, draft: Draft, isLong: boolean): readonly string[] | undefined {
  const [x, weights, bias = ''] = node.inputs;
  const found = draft.quantized.get(weights);
  if (found === undefined || found.bits > 16 || scalesInput(node)) return undefined;
  const { scale, zeroPoint } = found;
  if (scale.length > 1 && found.axis !== outputAxis(node, found.codes.shape.length)) return undefined;
  const tensor = draft.constant(weights)!;
  const named = draft.addConstant(`${weights}/real`, tensor, formatOfScales(found, scale, zeroPoint));
  if (bias === '') return [x, named];
  const added = draft.constant(bias);
  if (added === undefined) return undefined;
  const given = draft.quantized.get(bias);
  const step = (channel: number) => Math.fround(draft.quantity(x)!.scale * (scale[channel] ?? scale[0]));
  const aligned =
    given?.scale.every((own, channel) => own === step(channel)) && given.scale.length === scale.length;
  const codes = aligned ? (given!.codes.data as Int32Array) : undefined;
  const stored = codes && isLong ? BigInt64Array.from(codes, BigInt) : codes;
  return [x, named, draft.addConstant(`${bias}/real`, added, undefined, stored)];
}

/** True where a Gemm multiplies by more than its operands. */
function scalesInput({ operator, attributes }: Node): boolean {
  const factor = (name: string) => (attributes[name]?.value ?? 1) === 1;
  return operator === 'Gemm' && !(factor('alpha') && factor('beta'));
}

function outputAxis({ operator, attributes }: Node, rank: number): number {
  if (operator === 'Conv') return 0;
  return operator === 'Gemm' && attributes.transB?.value === 1 ? 0 : rank - 1;
}
