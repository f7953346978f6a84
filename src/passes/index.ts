/** The passes in the order they run, and the way from a graph as read to a graph that can be compiled. */
import { ModelError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import { nodesBehind } from '../graph/order.js';
import type { Change } from '../graph/rewrite.js';
import { verifyGraph } from '../graph/verify.js';
import { findHardSwish } from './find-hard-swish.js';
import { foldAffine } from './fold-affine.js';
import { foldPadding } from './fold-padding.js';
import { fuseActivation } from './fuse-activation.js';
import { inferShapes, type Unsupported } from './infer-shapes.js';
import { listUnsupported } from './list-unsupported.js';
import { normaliseGemm } from './normalise-gemm.js';
import { type Pass, rulePass } from './pass.js';
import { removeNoOps } from './remove-no-ops.js';
import { replaceBatchNorm } from './replace-batch-norm.js';
import { replaceDivision } from './replace-division.js';
import { splitCrop } from './split-crop.js';
import { splitPRelu } from './split-p-relu.js';
import { splitVariadic } from './split-variadic.js';
import { unfoldPadding } from './unfold-padding.js';
import { upgradeBroadcast } from './upgrade-broadcast.js';

export const passes: readonly Pass[] = [
  upgradeBroadcast,
  rulePass('remove-no-ops', removeNoOps),
  rulePass('split-variadic', splitVariadic),
  rulePass('split-p-relu', splitPRelu),
  splitCrop,
  rulePass('find-hard-swish', findHardSwish),
  rulePass('normalise-gemm', normaliseGemm),
  rulePass('fold-affine', foldAffine),
  rulePass('replace-batch-norm', replaceBatchNorm),
  // A scale or offset after a BatchNormalization that stands alone.
  rulePass('fold-affine', foldAffine),
  rulePass('replace-division', replaceDivision),
  rulePass('fold-padding', foldPadding),
  rulePass('unfold-padding', unfoldPadding),
  rulePass('fuse-activation', fuseActivation),
];

export interface PassOptions {
  /** Checks the graph after every pass, not only at the end; default false. */
  readonly verifyEach?: boolean;
}

/** A graph and what was done to it, in order. */
export interface Prepared {
  readonly graph: Graph;
  readonly log: readonly Change[];
}

/**
 * Drops the nodes that no output needs, infers shapes and runs the passes. Types stay complete in between, except at
 * and behind nodes that are not supported. Throws a ModelError for a graph that is not well formed.
 */
export function runPasses(graph: Graph, list = passes, { verifyEach = false }: PassOptions = {}): Prepared {
  verifyGraph(graph);
  const inferred = inferShapes({ ...graph, nodes: nodesBehind(graph.nodes, graph.outputs) });
  const log = [...inferred.changes];
  let current = inferred.graph;
  for (const pass of list) {
    const { graph: changed, changes } = pass.run(current);
    if (changed === current) continue;
    if (verifyEach) verifyGraph(changed, pass.name);
    const next = inferShapes(changed);
    log.push(...changes, ...next.changes);
    current = next.graph;
  }
  verifyGraph(current, list.at(-1)?.name);
  return { graph: current, log };
}

/**
 * A graph that can be compiled: shapes known, constants folded; normalizations, biases, padding and activations part
 * of the nodes they belong to. Throws one ModelError whose `issues` list everything that is not supported.
 */
export function prepareGraph(graph: Graph, options?: PassOptions): Prepared {
  const prepared = runPasses(graph, passes, options);
  throwUnsupported(prepared.graph, listUnsupported(prepared.graph));
  return prepared;
}

/** Throws one ModelError whose `issues` list everything that is not supported; does nothing where that is nothing. */
export function throwUnsupported({ name }: Graph, unsupported: readonly Unsupported[]): void {
  if (unsupported.length === 0) return;
  const issues = unsupported.map(({ node, operator, reason }) => `node "${node}" (${operator}): ${reason}`);
  const [{ node, operator, reason }] = unsupported;
  if (issues.length === 1)
    throw new ModelError({ where: `node "${node}" (${operator})`, what: reason, issues });
  throw new ModelError({
    where: `graph "${name}"`,
    what: `${issues.length} nodes are not supported`,
    got: [...new Set(unsupported.map((issue) => issue.operator))].join(', '),
    issues,
  });
}
