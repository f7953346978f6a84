/** A pass: one reason to change a graph. Passes are listed in index.ts, in the order they run. */
import type { Graph } from '../graph/graph.js';
import { type Change, type Rule, rewriteGraph } from '../graph/rewrite.js';

export interface Pass {
  readonly name: string;
  run(graph: Graph): { graph: Graph; changes: readonly Change[] };
}

/** A pass that applies one rule to a fixed point. */
export function rulePass(name: string, rule: Rule): Pass {
  return { name, run: (graph) => rewriteGraph(graph, name, rule) };
}
