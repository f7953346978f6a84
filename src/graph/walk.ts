/** Walks over any graph, given the neighbours of a node. */

/** Everything that can be reached from `starts`, these included, nearest first. */
export function breadthFirst<T>(starts: Iterable<T>, neighbours: (node: T) => Iterable<T>): Set<T> {
  const reached = new Set(starts);
  // A set visits what is added to it while it is walked.
  for (const node of reached) for (const next of neighbours(node)) reached.add(next);
  return reached;
}
