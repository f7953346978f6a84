/* What the choice of formats says of itself: what it expects, what the constraints cost, what recovery gained. */
import { formatDecibels, formatSeconds, withDecibels } from './numbers.js';
import { byId, element, plainTable } from './page.js';

/** Rules and nodes whose price is less are not listed. */
const LEAST_PRICE = 0.005;

const gainOf = (before, after) => {
  if (after === null) return before === null ? '' : 'exact';
  if (before === null) return 'no longer exact';
  return `${after < before ? '\u2212' : '+'}${Math.abs(after - before).toFixed(2)}`;
};
const priceOf = ({ sqnr }) => (sqnr === null ? 'exact' : `+${sqnr.toFixed(2)}`);
const isDear = ({ sqnr }) => sqnr === null || sqnr >= LEAST_PRICE;

/** Shows the section of constraints; nothing where formats were not assigned by a profile of powers of two. */
export function showConstraints({ prediction, prices, outputs, recovery = [] }, linkTo) {
  if (prediction === undefined) return;
  byId('constraints').hidden = false;
  const measured = outputs.map(({ name, sqnr }) => `${name} ${withDecibels(sqnr)}`).join(', ');
  const recovered = recovery.some(({ kept }) => kept) ? ', before recovery' : '';
  const doubt = prediction.measured
    ? ''
    : ' Calibration has not measured what noise does to the outputs, so that every noise counts relative to its own value.';
  byId('prediction').textContent =
    `Predicted SQNR of the outputs when formats were chosen${recovered}: ${withDecibels(prediction.sqnr)}. Measured in the end: ${measured}.${doubt}`;
  if (prices === undefined) return;
  byId('price-meaning').hidden = false;
  const rules = prices.rules.filter(isDear);
  const nodes = prices.nodes.filter(isDear);
  const free = prices.rules.length - rules.length;
  byId('prices').append(
    ...(rules.length > 0 ? [ruleTable(rules)] : []),
    ...(nodes.length > 0 ? [nodeTable(nodes, linkTo)] : []),
  );
  const count = (number) => (number === 1 ? 'One rule costs' : `${number} rules cost`);
  byId('free-rules').textContent = free === 0 ? '' : `${count(free)} nothing here.`;
}

function ruleTable(rules) {
  const rows = rules.map((rule) => {
    const { measured } = rule;
    const checked =
      measured === undefined
        ? ['', '', '']
        : [
            formatDecibels(measured.with),
            formatDecibels(measured.without),
            gainOf(measured.with, measured.without),
          ];
    return [rule.rule, priceOf(rule), ...checked];
  });
  return plainTable(['rule', 'price, dB', 'run with it, dB', 'without, dB', 'gain, dB'], rows);
}

function nodeTable(nodes, linkTo) {
  const rows = nodes.map((entry) => [linkTo(entry.node), entry.operator, priceOf(entry)]);
  return plainTable(['node', 'operator', 'price of its rules, dB'], rows, [2]);
}

const STEPS = {
  equalise: 'gave channels like ranges, by powers of two',
  absorb: 'made biases of what never changes of a value',
  stretch: 'scaled values to what a power of two suits best',
  expect: 'corrected in biases the mean error that rounded weights are expected to make',
  correct: 'corrected in biases the error that was measured behind rectifiers',
  round: 'rounded weights up or down for the inputs they meet',
};

/** Shows the section of recovery; nothing where none was tried. */
export function showRecovery({ recovery = [] }) {
  if (recovery.length === 0) return;
  byId('recovery').hidden = false;
  const rows = recovery.map(({ step, before, after, kept, seconds }) => [
    step,
    formatDecibels(before),
    formatDecibels(after),
    gainOf(before, after),
    formatSeconds(seconds),
    kept ? 'kept' : 'undone',
  ]);
  const headings = ['step', 'before, dB', 'after, dB', 'gain, dB', 'time', ''];
  const notes = recovery
    .filter(({ step }) => STEPS[step] !== undefined)
    .map(({ step }) => element('li', {}, element('b', {}, step), ` ${STEPS[step]}`));
  byId('recovery-steps').append(
    plainTable(headings, rows, [1, 2, 3, 4]),
    element('ul', { className: 'notes' }, ...notes),
  );
}
