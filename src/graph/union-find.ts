/** Disjoint sets of names, united step by step (Tarjan 1975, with path halving). */
export interface UnionFind {
  /** Puts both names into one set; the first name's representative represents it. */
  unite(first: string, second: string): void;
  /** The representative of a name's set; a name never united represents itself. */
  find(name: string): string;
  /** The sets of all names ever seen, in order of first appearance, members likewise. */
  sets(): string[][];
}

export function createUnionFind(names: Iterable<string> = []): UnionFind {
  const parents = new Map<string, string>();
  const find = (name: string): string => {
    if (!parents.has(name)) parents.set(name, name);
    for (;;) {
      const parent = parents.get(name)!;
      if (parent === name) return name;
      const grandparent = parents.get(parent)!;
      parents.set(name, grandparent);
      name = grandparent;
    }
  };
  for (const name of names) find(name);
  return {
    find,
    unite(first, second) {
      const root = find(first);
      parents.set(find(second), root);
    },
    sets() {
      const sets = new Map<string, string[]>();
      for (const name of parents.keys()) {
        const root = find(name);
        const set = sets.get(root);
        if (set === undefined) sets.set(root, [name]);
        else set.push(name);
      }
      return [...sets.values()];
    },
  };
}
