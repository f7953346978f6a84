/** Walks over any graph, given the neighbours of a node. None of them recurses, so that long graphs do not exhaust the stack. */

/** Everything that can be reached from `starts`, these included, nearest first. */
export function breadthFirst<T>(starts: Iterable<T>, neighbours: (node: T) => Iterable<T>): Set<T> {
  const reached = new Set(starts);
  // A set visits what is added to it while it is walked.
  for (const node of reached) for (const next of neighbours(node)) reached.add(next);
  return reached;
}

/**
 * Everything that can be reached from `starts`, these included, each after all that can be reached from it: with the sources of a
 * node as neighbours, an order that computes everything. A neighbour that leads back to itself is given to `onCycle` with the
 * nodes of the cycle, from it on; the walk then goes on without that edge.
 */
export function depthFirst<T>(
  starts: Iterable<T>,
  neighbours: (node: T) => Iterable<T>,
  onCycle: (cycle: readonly T[]) => void = () => {},
): Set<T> {
  const done = new Set<T>();
  const open = new Set<T>();
  // From a start to where the walk is: each node with the neighbours that are left.
  const path: { readonly node: T; readonly rest: Iterator<T> }[] = [];
  const enter = (node: T) => {
    open.add(node);
    path.push({ node, rest: neighbours(node)[Symbol.iterator]() });
  };
  for (const start of starts) {
    if (!done.has(start)) enter(start);
    for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
      const { value: next, done: ended } = last.rest.next();
      if (ended) {
        path.pop();
        open.delete(last.node);
        done.add(last.node);
      } else if (open.has(next)) {
        const nodes = path.map(({ node }) => node);
        onCycle(nodes.slice(nodes.indexOf(next)));
      } else if (!done.has(next)) enter(next);
    }
  }
  return done;
}

/** `start` and what `next` leads to from it, one after the other; `next` gives undefined at the end. */
export function* follow<T>(start: T, next: (node: T) => T | undefined): Generator<T> {
  for (let node: T | undefined = start; node !== undefined; node = next(node)) yield node;
}
