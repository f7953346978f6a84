/** What the suite knows of a kind of published cases: where they are, and how one is run. */

export type Outcome =
  /** `error` is the largest error in units of the tolerance; 0 where every bit agrees. */
  | { readonly status: 'passed'; readonly error: number }
  /** In scope, and not computed: the reason that dynafix gives. */
  | { readonly status: 'refused'; readonly reason: string }
  | { readonly status: 'mismatch'; readonly reason: string }
  /** Out of scope by a row of scope.ts. */
  | { readonly status: 'outside'; readonly reason: string }
  /** Neither inside nor outside: scope.ts has no row for it. */
  | { readonly status: 'unknown'; readonly reason: string };

export interface Report {
  readonly outcome: Outcome;
  /** The operators of the case, for the table: `Conv`, `com.microsoft::QGemm`, `Conv+Relu`. */
  readonly operators: string;
}

export interface Kind {
  /** Folder below the vectors that it reads, which also names it: `cmsis-nn`. */
  readonly kind: string;
  /** Paths of its cases relative to the folder, sorted. */
  find(folder: string): string[];
  /** Reads and runs one of them. What it throws counts as a case that cannot be read. */
  run(folder: string, name: string): Report;
}
