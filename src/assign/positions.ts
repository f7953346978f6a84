/**
 * Fraction bits under constraints. Every repair lowers some fraction bits, which costs resolution and never
 * clips; so repairs end with the largest fraction bits that satisfy all constraints, whatever their order, or
 * with a contradiction. Only a lower limit of a position raises fraction bits, once, before anything else.
 */
import { ConstraintError } from '../errors.js';
import type { Node } from '../graph/graph.js';
import type { Move } from './formats-file.js';

/** The fraction bits of a value's group or of a constant: one for all, or one per channel. */
export interface Position {
  readonly name: string;
  readonly bits: number[];
  /** Least that is allowed, and the constraint that says so. */
  floor: number;
  floorConstraint: string;
}

/** Where a constraint comes from, as messages and moves name it. */
export interface Cause {
  readonly node: Node;
  readonly constraint: string;
}

/** A repair this long has met constraints that no fraction bits satisfy. */
const LONGEST_WAY = 64;

export function createPosition(name: string, bits: readonly number[]): Position {
  const floor = bits.reduce((a, b) => Math.min(a, b)) - LONGEST_WAY;
  return { name, bits: [...bits], floor, floorConstraint: '' };
}

/** Lowers and raises positions and keeps a record. */
export interface Repairs {
  readonly moves: Move[];
  /**
   * Lowers to at most `limit`; true where that changed anything. Throws a ConstraintError naming both sides.
   */
  lower(position: Position, limit: number, cause: Cause, channel?: number): boolean;
  /** Raises to at least `limit` and holds it there. */
  raise(position: Position, limit: number, cause: Cause): void;
}

export function createRepairs(): Repairs {
  const moves: Move[] = [];
  const record = (position: Position, index: number, to: number, { node, constraint }: Cause) => {
    const channel = position.bits.length === 1 ? null : index;
    const from = position.bits[index];
    position.bits[index] = to;
    const last = moves.findLast((move) => move.name === position.name && move.channel === channel);
    if (last?.node === node.name && last.constraint === constraint) last.to = to;
    else moves.push({ name: position.name, channel, from, to, node: node.name, constraint });
  };
  return {
    moves,
    lower(position, limit, cause, channel) {
      let changed = false;
      for (let index = channel ?? 0; index <= (channel ?? position.bits.length - 1); index++) {
        const slot = Math.min(index, position.bits.length - 1);
        if (position.bits[slot] <= limit) continue;
        if (limit < position.floor) throw contradiction(position, limit, cause, moves);
        record(position, slot, limit, cause);
        changed = true;
      }
      return changed;
    },
    raise(position, limit, cause) {
      if (limit > position.floor) {
        position.floor = limit;
        position.floorConstraint = describe(cause);
      }
      for (let index = 0; index < position.bits.length; index++) {
        if (position.bits[index] < limit) record(position, index, limit, cause);
      }
    },
  };
}

function describe({ node, constraint }: Cause): string {
  return `node "${node.name}": ${constraint}`;
}

function contradiction(
  position: Position,
  limit: number,
  cause: Cause,
  moves: readonly Move[],
): ConstraintError {
  const where = `node "${cause.node.name}" (${cause.node.operator})`;
  const subject = `the fraction bits of "${position.name}"`;
  if (position.floorConstraint !== '') {
    return new ConstraintError({
      where,
      what: `${cause.constraint} conflicts with ${position.floorConstraint} over ${subject}`,
      expected: `at least ${position.floor}`,
      got: `at most ${limit}`,
    });
  }
  const others = moves
    .filter(({ name }) => name === position.name)
    .map(({ node, constraint }) => `node "${node}": ${constraint}`);
  const listed = [...new Set([describe(cause), ...others])];
  const what = `no ${subject.slice(4)} satisfy all constraints on them: ${listed.join('; ')}`;
  return new ConstraintError({ where, what });
}
