/** Graph and formats to program: every node is lowered by its operator, in order. */
import { FormatError, ModelError } from '../errors.js';
import type { Codes } from '../formats/format.js';
import type { Graph } from '../graph/graph.js';
import type { Tensor } from '../graph/tensor.js';
import { operatorOf } from '../operators/index.js';
import type { Lowering } from '../operators/lowering.js';
import type { Program } from '../program/program.js';
import { verifyProgram } from '../program/verify.js';
import { plainOrder } from './axis-order.js';
import { type Context, createContext } from './context.js';
import { lowerLogSoftmax, lowerLpNormalization, lowerLpPool } from './lower-composed.js';
import { lowerConvolution, lowerGemm } from './lower-convolution.js';
import {
  lowerAdd,
  lowerClamp,
  lowerExtremum,
  lowerLeakyRelu,
  lowerMultiply,
  lowerUnary,
} from './lower-elementwise.js';
import { lowerGiven } from './lower-given.js';
import { lowerMatmul } from './lower-matmul.js';
import {
  lowerAlias,
  lowerConcat,
  lowerPad,
  lowerReshape,
  lowerSlice,
  lowerTranspose,
} from './lower-movement.js';
import { lowerNormalize } from './lower-normalization.js';
import {
  lowerAveragePool,
  lowerLocalResponseNormalization,
  lowerMaxPool,
  lowerSoftmax,
} from './lower-pooling.js';
import { lowerDepthToSpace, lowerGather, lowerSpaceToDepth } from './lower-rearrangement.js';
import { lowerArgMax, lowerReduce } from './lower-reduction.js';
import { lowerResample } from './lower-resample.js';
import { lowerBinary, lowerSelect } from './lower-selection.js';
import { lowerSteps } from './lower-steps.js';
import type { ModelFormats } from './model-formats.js';
import { removeUnused } from './remove-unused.js';

/**
 * Compiles a prepared graph (see src/passes). With `formats` the values that have one become codes; without, the whole
 * program is float32. Throws a ModelError, FormatError or ConstraintError naming the node, and a FormatError for the
 * format of a value that is not in the graph.
 */
export function compileProgram(
  graph: Graph,
  formats: ModelFormats | null,
  metadata: Readonly<Record<string, string>> = {},
): Program {
  if (formats !== null) checkNames(graph, formats);
  const context = createContext(graph, formats);
  const lowering = createLowering(context);
  for (const { name, shape } of graph.inputs) {
    const format = formats?.integerInputs?.includes(name) ? context.format(name) : null;
    const tensor = context.builder.input(name, shape, format);
    context.define(name, { tensor, order: plainOrder(shape.length) }, []);
  }
  for (const node of graph.nodes) {
    const operator = operatorOf(node);
    if (operator?.lower === undefined) {
      throw new ModelError({ where: `node "${node.name}"`, what: `${node.operator} cannot be compiled` });
    }
    if (!lowerGiven(context, node)) operator.lower(node, lowering);
  }
  for (const value of graph.outputs) context.output(value);
  const program = removeUnused(context.builder.finish(graph.name, metadata));
  verifyProgram(program);
  return program;
}

/**
 * A value's name that is spelled wrong would leave the value in float32 unnoticed. That of a constant or node is missed where
 * it is needed.
 */
function checkNames({ inputs, nodes }: Graph, formats: ModelFormats): void {
  const known = new Set([...inputs.map(({ name }) => name), ...nodes.flatMap(({ outputs }) => outputs)]);
  const unknown = Object.keys(formats.tensors).find((name) => !known.has(name));
  if (unknown === undefined) return;
  throw new FormatError({ where: 'tensors of the formats', what: `the model has no "${unknown}"` });
}

function createLowering(context: Context): Lowering {
  const named = (name: string) => ({ name, tensor: context.constant(name)! });
  return {
    graph: context.graph,
    type: context.type,
    constant: context.constant,
    convolution: (node, weights, bias, window, groups) =>
      lowerConvolution(
        context,
        node,
        named(weights),
        bias === undefined ? undefined : named(bias),
        window,
        groups,
      ),
    spreadConvolution: (node, weights, bias, window, groups, interior) =>
      lowerConvolution(
        context,
        node,
        { ...weights, codes: arrangedCodes(context, weights) },
        bias === undefined ? undefined : named(bias),
        window,
        groups,
        interior,
      ),
    gemm: (node, weights, bias) => lowerGemm(context, node, weights, bias),
    matmul: (node) => lowerMatmul(context, node),
    add: (node, sign) => lowerAdd(context, node, sign),
    multiply: (node) => lowerMultiply(context, node),
    binary: (node, fn) => lowerBinary(context, node, fn),
    select: (node) => lowerSelect(context, node),
    steps: (node, steps) => lowerSteps(context, node, steps),
    extremum: (node, fn) => lowerExtremum(context, node, fn),
    clamp: (node, low, high) => lowerClamp(context, node, low, high),
    leakyRelu: (node, slopes) => lowerLeakyRelu(context, node, slopes),
    unary: (node, fn) => lowerUnary(context, node, fn),
    maxPool: (node, window) => lowerMaxPool(context, node, window),
    averagePool: (node, window, countIncludePad) => lowerAveragePool(context, node, window, countIncludePad),
    reduce: (node, fn, axes) => lowerReduce(context, node, fn, axes),
    argMax: (node, axis, last) => lowerArgMax(context, node, axis, last),
    softmax: (node, axis, beta) => lowerSoftmax(context, node, axis, beta),
    logSoftmax: (node, axis) => lowerLogSoftmax(context, node, axis),
    lpNormalization: (node, axis, p) => lowerLpNormalization(context, node, axis, p),
    lpPool: (node, window, p) => lowerLpPool(context, node, window, p),
    normalize: (node, options) => lowerNormalize(context, node, options),
    localResponseNormalization: (node, parameters) =>
      lowerLocalResponseNormalization(context, node, parameters),
    concat: (node, axis) => lowerConcat(context, node, axis),
    slice: (node, output, starts, steps) => lowerSlice(context, node, output, starts, steps),
    gather: (node, indices) => lowerGather(context, node, indices),
    resample: (node, axes) => lowerResample(context, node, axes),
    pad: (node, before, after, value) => lowerPad(context, node, before, after, value),
    transpose: (node, permutation) => lowerTranspose(context, node, permutation),
    depthToSpace: (node, size, mode) => lowerDepthToSpace(context, node, size, mode),
    spaceToDepth: (node, size) => lowerSpaceToDepth(context, node, size),
    reshape: (node) => lowerReshape(context, node),
    alias: (node) => lowerAlias(context, node),
  };
}

/** Given codes of a constant in the order in which an operator wants it. */
function arrangedCodes(
  context: Context,
  { name, arrange }: { readonly name: string; arrange(constant: Tensor): Tensor },
): Codes | undefined {
  const codes = context.givenCodes(name);
  if (codes === undefined) return undefined;
  // Data movement sees no difference between the integer types of one width.
  const type = codes instanceof Int16Array || codes instanceof Uint16Array ? 'int16' : 'int8';
  return arrange({ type, shape: context.constant(name)!.shape, data: codes }).data as Codes;
}
