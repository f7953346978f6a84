/** The fraction bits of a constant: one for all, or one per channel. */
export interface Position {
  readonly name: string;
  readonly bits: readonly number[];
}

export function createPosition(name: string, bits: readonly number[]): Position {
  return { name, bits: [...bits] };
}
