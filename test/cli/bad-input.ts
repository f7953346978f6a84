/** What the tables of bad input have in common. */

export interface Case {
  readonly name: string;
  /** By their path in the folder where the command runs. */
  readonly files?: Readonly<Record<string, Uint8Array | string>>;
  readonly words: readonly string[];
  /** All lines on standard error, without the name of the program. */
  readonly lines: readonly (string | RegExp)[];
}

/** What the commands make of the digits. */
export interface Made {
  readonly statistics: Uint8Array;
  readonly formats: string;
  readonly program: Uint8Array;
}

/** The same bytes but for one bit. */
export function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.with(at, bytes[at] ^ 0x40);
}
