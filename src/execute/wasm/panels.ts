/** Values of output channels in panels, as kernels work through them. */

/** Spreads values per channel so that each group starts a new panel. */
export function byPanels<T>(values: ArrayLike<T>, groups: number, fill: T, lanes = 8): T[] {
  const perGroup = values.length / groups;
  const panel = Math.ceil(perGroup / lanes) * lanes;
  const spread = new Array<T>(groups * panel).fill(fill);
  for (let index = 0; index < values.length; index++) {
    const group = Math.floor(index / perGroup);
    spread[group * panel + (index % perGroup)] = values[index];
  }
  return spread;
}
