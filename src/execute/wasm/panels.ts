/** Values of output channels in panels, as kernels work through them. */

/** Spreads values per channel so that each group starts a new panel. */
export function byPanels<T>(values: ArrayLike<T>, groups: number, fill: T, lanes = 8): T[] {
  const perGroup = values.length / groups;
  const panel = Math.ceil(perGroup / lanes) * lanes;
  return Array.from({ length: groups * panel }, (_, index) => {
    const channel = index % panel;
    return channel < perGroup ? values[Math.floor(index / panel) * perGroup + channel] : fill;
  });
}
