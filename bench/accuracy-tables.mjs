/** Tables of docs/accuracy.md. */

export const percent = (share, digits = 2) => (share === undefined ? '' : (100 * share).toFixed(digits));
const signedPoints = (value) => `${value > 0 ? '+' : ''}${value.toFixed(2)}`;

/** Half the width of the 95 % interval of a difference of paired shares, in points. */
function interval({ rightToWrong, wrongToRight, samples }) {
  const difference = (rightToWrong - wrongToRight) / samples;
  const variance = (rightToWrong + wrongToRight) / samples - difference ** 2;
  return 196 * Math.sqrt(variance / samples);
}

/** The rows of a configuration. */
export function table(rows) {
  const lines = rows.map((row) => {
    const { network, notes, samples, float, fixed, agreement, outputs, size, wallSeconds } = row;
    const loss = float
      ? `${signedPoints(100 * (fixed.top1 - float.top1))} ± ${interval(row).toFixed(2)}`
      : '';
    const changes = float ? `${row.rightToWrong} / ${row.wrongToRight}` : '';
    const sqnr = outputs[0].sqnr === null ? 'exact' : outputs[0].sqnr.toFixed(1);
    const cells = [
      network,
      notes,
      samples,
      percent(float?.top1),
      percent(fixed?.top1),
      loss,
      changes,
      percent(agreement),
      sqnr,
      (size.fixedBytes / 1e6).toFixed(2),
      wallSeconds.toFixed(0),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const heading =
    '| network | notes | samples | float top-1 % | fixed top-1 % | difference, 95 % interval | right to wrong / wrong to right | agreement % | output SQNR dB | size MB | seconds |';
  return [heading, `|${' --- |'.repeat(11)}`, ...lines].join('\n');
}

/** The shares of all labelled inputs of a configuration, in a sentence. */
export function pooled(rows) {
  const scored = rows.filter(({ float }) => float);
  if (scored.length === 0) return 'No labelled inputs.';
  const total = scored.reduce((sum, { samples }) => sum + samples, 0);
  const share = (kind) => scored.reduce((sum, row) => sum + row[kind].top1 * row.samples, 0) / total;
  return `Pooled over ${total} labelled inputs: float ${percent(share('float'))} %, fixed ${percent(share('fixed'))} % (${signedPoints(100 * (share('fixed') - share('float')))} points).`;
}
