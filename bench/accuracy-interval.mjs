/**
 * Interval of the change of accuracy between float and fixed point on the same samples, in points: the adjusted Wald interval
 * for paired proportions of Bonett and Price (2012), 95 %. It holds its level for few changes and for none, too.
 */
export function changeInterval({ rightToWrong, wrongToRight, samples }) {
  const lost = (rightToWrong + 1) / (samples + 2);
  const won = (wrongToRight + 1) / (samples + 2);
  const half = 1.959964 * Math.sqrt((lost + won - (won - lost) ** 2) / (samples + 2));
  return { low: 100 * Math.max(-1, won - lost - half), high: 100 * Math.min(1, won - lost + half) };
}

/** Right and wrong answers of several rows as of one. */
export function pool(rows) {
  const sum = (value) => rows.reduce((total, row) => total + value(row), 0);
  const samples = sum((row) => row.samples);
  const share = (value) => sum((row) => value(row) * row.samples) / samples;
  return {
    samples,
    float: { top1: share(({ float }) => float.top1) },
    fixed: { top1: share(({ fixed }) => fixed.top1) },
    rightToWrong: sum((row) => row.rightToWrong),
    wrongToRight: sum((row) => row.wrongToRight),
    agreement: share(({ agreement }) => agreement),
  };
}
