/**
 * What is left of a set that conflicts when nothing more can be left out: without any one of these, there is no conflict. Parts are left
 * out whole where that is possible, else half by half, the last ones first.
 */
export function irreducible<T>(all: readonly T[], conflicts: (kept: readonly T[]) => boolean): T[] {
  let kept = [...all];
  const leaveOut = (part: readonly T[]): void => {
    if (part.length === 0) return;
    const gone = new Set(part);
    const rest = kept.filter((entry) => !gone.has(entry));
    if (conflicts(rest)) {
      kept = rest;
      return;
    }
    if (part.length === 1) return;
    const middle = Math.floor(part.length / 2);
    leaveOut(part.slice(middle));
    leaveOut(part.slice(0, middle));
  };
  leaveOut(all);
  return kept;
}
