/** From a graph as read to a graph that can be compiled, with the formats of a model that comes quantised. */
import type { ModelFormats } from '../compile/model-formats.js';
import type { Graph } from '../graph/graph.js';
import type { Change } from '../graph/rewrite.js';
import { passes, runPasses, throwUnsupported } from '../passes/index.js';
import type { Unsupported } from '../passes/infer-shapes.js';
import { listUnsupported } from '../passes/list-unsupported.js';
import { dequantizeConstants } from './constants.js';
import { isQuantized, liftGraph } from './lift.js';

export interface PreparedModel {
  readonly graph: Graph;
  /** Null for a float model. */
  readonly formats: ModelFormats | null;
  readonly log: readonly Change[];
  /** What stands in the way of compiling the graph, in its order. */
  readonly unsupported: readonly Unsupported[];
}

/** Passes that change weights and biases, whose codes a quantised model states. */
const changingConstants = new Set(['fold-affine', 'normalise-gemm']);

/**
 * Prepares a graph as src/passes does. The operators of a quantised model become those of a float model, with formats; those
 * of a graph that comes with `formats` stay as they are. Throws a
 * ModelError for a graph that is not well formed.
 */
export function prepareAnyModel(graph: Graph, formats: ModelFormats | null = null): PreparedModel {
  if (formats !== null) {
    const prepared = runPasses(graph, []);
    return { ...prepared, formats, unsupported: listUnsupported(prepared.graph) };
  }
  if (!isQuantized(graph)) {
    const prepared = runPasses(graph);
    return { ...prepared, formats: null, unsupported: listUnsupported(prepared.graph) };
  }
  const inferred = runPasses(graph, []);
  const constant = dequantizeConstants(inferred.graph);
  const kept = passes.filter(({ name }) => !changingConstants.has(name));
  const prepared = runPasses(constant.graph, kept);
  const { issues, ...lifted } = liftGraph(prepared.graph, constant.quantized);
  const named = new Set(issues.map(({ node }) => node));
  const others = listUnsupported(lifted.graph).filter(({ node }) => !named.has(node));
  return { ...lifted, log: [...inferred.log, ...prepared.log], unsupported: [...issues, ...others] };
}

/** As `prepareAnyModel`. Throws one ModelError whose `issues` list everything that is not supported. */
export function prepareModel(graph: Graph, formats: ModelFormats | null = null): PreparedModel {
  const prepared = prepareAnyModel(graph, formats);
  throwUnsupported(prepared.graph, prepared.unsupported);
  return prepared;
}
