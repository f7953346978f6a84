/** What rules cost, for people at a terminal. */
import type { Prediction, Price, Prices } from '../assign/formats-file.js';

/** How many rules and nodes are listed. */
const DEAREST = 5;

const decibel = (value: number | null) => (value === null ? 'exact' : `${value.toFixed(1)} dB`);
const gain = ({ sqnr }: Price) => (sqnr === null ? 'all noise' : `${sqnr.toFixed(2)} dB`);

/** Lines that say what the assignment expects, and the dearest rules and nodes. */
export function describePrices({
  prediction,
  prices,
}: {
  prediction?: Prediction;
  prices?: Prices;
}): string[] {
  const lines: string[] = [];
  if (prediction !== undefined) {
    const basis = prediction.measured ? '' : ', every noise relative to its own value';
    lines.push(`predicted    SQNR ${decibel(prediction.sqnr)}${basis}`);
  }
  const dearest = <P extends Price>(list: readonly P[] = []) =>
    list.filter(({ noise }) => noise > 0).slice(0, DEAREST);
  for (const price of dearest(prices?.rules)) {
    const { rule, measured } = price;
    const run =
      measured && `, measured ${decibel(measured.with)} with it and ${decibel(measured.without)} without`;
    lines.push(`price        ${rule}: ${gain(price)}${run ?? ''}`);
  }
  for (const price of dearest(prices?.nodes)) {
    lines.push(`price        rules of ${price.node} (${price.operator}): ${gain(price)}`);
  }
  return lines;
}
