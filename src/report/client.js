/* Builds the report from its JSON block. */
import { showConstraints, showRecovery } from './assignment.js';
import { drawHistogram, drawSqnr } from './charts.js';
import {
  formatBytes,
  formatDecibels,
  formatNumber,
  formatPercent,
  formatSeconds,
  formatShare,
  withDecibels,
} from './numbers.js';
import { byId, cell, element, fact, plainTable, sortableTable } from './page.js';
import { showWidthMap } from './width-map.js';

const { summary, tensors, causes = {}, widths } = JSON.parse(byId('data').textContent);
const { layers, outputs } = summary;

/** The figure that belongs to a layer; a layer whose output is float has none. */
const figureOf = new Map();
for (const [index, { layer, kind }] of tensors.entries()) {
  if (layer !== '' && kind === 'value' && !figureOf.has(layer)) figureOf.set(layer, `tensor-${index}`);
}
const linkTo = (name) =>
  figureOf.has(name) ? element('a', { href: `#${figureOf.get(name)}` }, name) : element('span', {}, name);

/** Indices of the layers that lose most by themselves, the worst first: a quarter of them, ten at most. */
const worst = layers
  .map(({ isolatedSqnr }, index) => ({ isolatedSqnr, index }))
  .filter(({ isolatedSqnr }) => isolatedSqnr !== null)
  .sort((a, b) => a.isolatedSqnr - b.isolatedSqnr)
  .slice(0, Math.min(10, Math.ceil(layers.length / 4)))
  .map(({ index }) => index);

function showHeader() {
  const { samples, calibration, hardware, variant, threads, seconds } = summary;
  const count = (number, word) => `${number.toLocaleString('en')} ${word}${number === 1 ? '' : 's'}`;
  const calibrated = calibration ? [`calibrated on ${count(calibration.samples, 'sample')}`] : [];
  const parts = [`${count(samples, 'sample')} scored`, ...calibrated, hardware];
  const times = Object.entries(seconds).map(([name, value]) => `${name} ${formatSeconds(value)}`);
  parts.push(`${variant} kernels`, count(threads, 'thread'), times.join(', '));
  byId('subtitle').textContent = parts.join(' · ');
  if (calibration?.disjoint === false) {
    const warning = byId('warning');
    warning.hidden = false;
    warning.textContent = 'Some of the scored samples were also used for calibration: the figures flatter.';
  }
}

function showSummary() {
  const { float, fixed, agreement, rightToWrong, wrongToRight, topChange } = summary;
  const { size, memory, macs, imagesPerSecond, digest } = summary;
  const facts = [];
  if (agreement !== undefined) facts.push(fact(formatPercent(agreement), 'same answer as float'));
  if (float) {
    facts.push(fact(rightToWrong, 'right in float, wrong in fixed'));
    facts.push(fact(wrongToRight, 'wrong in float, right in fixed'));
  }
  if (topChange)
    facts.push(fact(formatNumber(topChange.median), 'median change of the output of the chosen class'));
  if (outputs.length === 1) {
    const [{ name, sqnr, maxError }] = outputs;
    facts.push(fact(withDecibels(sqnr), `SQNR of ${name}`));
    facts.push(fact(formatNumber(maxError), `largest error of ${name}`));
  }
  const points = (share) => `${share > 0 ? '+' : ''}${(100 * share).toFixed(2)} points`;
  const accuracy = (name, key) => [
    name,
    formatPercent(float[key]),
    formatPercent(fixed[key]),
    points(fixed[key] - float[key]),
  ];
  const rows = float ? [accuracy('top-1', 'top1'), accuracy('top-5', 'top5')] : [];
  const { floatBytes, fixedBytes } = size;
  rows.push([
    'weights and biases',
    formatBytes(floatBytes),
    formatBytes(fixedBytes),
    `÷ ${formatNumber(floatBytes / fixedBytes)}`,
  ]);
  rows.push(['memory: packed weights', '', formatBytes(memory.packedBytes), '']);
  rows.push(['memory: activations of a run', '', formatBytes(memory.activationBytes), '']);
  rows.push(['memory: arena of each worker', '', formatBytes(memory.arenaBytes), '']);
  if (macs?.all > 0)
    rows.push(['multiplications of more than 8 bits', '', formatPercent(macs.wide / macs.all), '']);
  const speed = imagesPerSecond.fixed / imagesPerSecond.float;
  rows.push([
    'samples per second',
    formatNumber(imagesPerSecond.float),
    formatNumber(imagesPerSecond.fixed),
    `× ${formatNumber(speed)}`,
  ]);
  const tables = [plainTable(['', 'float', 'fixed', 'change'], rows)];
  if (outputs.length > 1) {
    const lines = outputs.map(({ name, sqnr, maxError }) => [
      name,
      formatDecibels(sqnr),
      formatNumber(maxError),
    ]);
    tables.push(plainTable(['output', 'SQNR, dB', 'largest error'], lines));
  }
  const root = byId('summary');
  root.append(element('div', { className: 'facts' }, ...facts));
  root.append(element('div', { className: 'tables' }, ...tables));
  if (outputs.length > 0) {
    root.append(
      element(
        'p',
        { className: 'digest' },
        'Errors of outputs are taken before a float tail such as Softmax.',
        ...(digest ? [' SHA-256 of all output codes: ', element('code', {}, digest)] : []),
      ),
    );
  }
}

function showIslands() {
  const names = summary.floatIslands.map(({ node, operator }) => `${node} (${operator})`);
  byId('islands').textContent = `Computed in float32: ${names.join(', ') || 'nothing'}.`;
}

function showSqnr() {
  const choose = (index) => linkTo(layers[index].name).click();
  drawSqnr(byId('sqnr'), layers, new Set(worst), choose);
  const rows = worst.map((index) => {
    const { name, operator, format, isolatedSqnr } = layers[index];
    const { kind = '', text = '' } = causes[name] ?? {};
    const reason = element('span', {}, element('span', { className: 'kind' }, kind), kind ? ': ' : '', text);
    return [linkTo(name), withDecibels(isolatedSqnr), `${operator}, ${format}`, reason];
  });
  byId('worst').append(plainTable(['layer', 'isolated', 'operator, format', 'reason'], rows, [1]));
}

function showWidths() {
  if (widths === undefined || layers.length === 0) return;
  byId('widths').hidden = false;
  const choose = (index) => linkTo(layers[index].name).click();
  showWidthMap(
    byId('width-map'),
    layers,
    layers.map(({ name }) => widths[name] ?? { output: null }),
    choose,
  );
}

/** Exact layers stand above every number. */
const rank = (value) => value ?? Infinity;
const accumulator = (title, hint, pick) => ({
  title,
  hint,
  value: (layer) => pick(layer) ?? -Infinity,
  text: (layer) => pick(layer)?.toLocaleString('en') ?? '',
  numeric: true,
  descending: true,
});
const columns = [
  { title: '#', hint: 'order of the network', value: ({ index }) => index, numeric: true },
  { title: 'layer', value: ({ name }) => name, text: ({ name }) => linkTo(name) },
  { title: 'operator', value: ({ operator }) => operator },
  { title: 'format', hint: 'of the output', value: ({ format }) => format },
  {
    title: 'SQNR, dB',
    hint: 'cumulative: everything upstream is fixed point, too',
    value: ({ sqnr }) => rank(sqnr),
    text: ({ sqnr }) => formatDecibels(sqnr),
    numeric: true,
  },
  {
    title: 'isolated, dB',
    hint: 'float inputs, only this layer is fixed point',
    value: ({ isolatedSqnr }) => rank(isolatedSqnr),
    text: ({ isolatedSqnr }) => formatDecibels(isolatedSqnr),
    numeric: true,
    name: 'isolated',
  },
  {
    title: 'reason',
    hint: 'what costs most in the layer',
    value: ({ name }) => causes[name]?.kind ?? '',
    text: ({ name }) => element('span', { title: causes[name]?.text ?? '' }, causes[name]?.kind ?? ''),
  },
  {
    title: 'largest error',
    hint: 'cumulative',
    value: ({ maxError }) => maxError,
    text: ({ maxError }) => formatNumber(maxError),
    numeric: true,
    descending: true,
  },
  {
    title: 'clipped, %',
    hint: 'share of the values outside of the range before saturation',
    value: ({ clipped }) => clipped,
    text: ({ clipped }) => formatShare(clipped),
    numeric: true,
    descending: true,
  },
  ...(layers.some(({ accumulatorBits }) => accumulatorBits)
    ? [
        accumulator('wraps', 'how often a register of the accumulator wrapped', ({ wraps }) => wraps),
        accumulator(
          'saturations',
          'how often a register of the accumulator was saturated',
          ({ saturations }) => saturations,
        ),
        accumulator(
          'bits proved',
          'accumulator bits that the weights can reach, sign and bias included',
          ({ accumulatorBits }) => accumulatorBits?.proved || undefined,
        ),
        accumulator(
          'bits observed',
          'accumulator bits that the data reached, sign and bias included',
          ({ accumulatorBits }) => accumulatorBits?.observed,
        ),
        accumulator(
          'headroom',
          'bits of the register above those that the data reached',
          ({ headroomBits }) => headroomBits,
        ),
        accumulator('least sum', 'least accumulator that the data reached', ({ minimum }) => minimum),
        accumulator('greatest sum', 'greatest accumulator that the data reached', ({ maximum }) => maximum),
      ]
    : []),
];

function showLayers() {
  const bad = new Set(worst);
  const rows = layers.map((layer, index) => {
    const entry = { ...layer, index: index + 1 };
    const cells = columns.map(({ value, text = value, numeric, name }) => {
      const data = cell(text(entry), numeric);
      if (name) data.classList.add(name);
      return data;
    });
    const row = element('tr', { id: `layer-${index + 1}` }, ...cells);
    row.classList.toggle('worst', bad.has(index));
    const link = row.querySelector('a');
    if (link) {
      row.classList.add('linked');
      row.onclick = ({ target }) => {
        if (target !== link) link.click();
      };
    }
    return { entry, row };
  });
  sortableTable(byId('layers'), columns, rows);
}

const KINDS = { value: 'values', weights: 'weights', bias: 'biases' };

/** What the format can say, and what was seen of it: codes of constants, real numbers of values. */
function rangeOf({ kind, low, high, step, largestStep, minimum, maximum, zeros }) {
  const share = zeros > 0 ? `, ${formatShare(zeros)} % zeros` : '';
  const number = (value) => formatNumber(value, 5);
  const steps = largestStep
    ? `steps ${formatNumber(step, 4)} to ${formatNumber(largestStep, 4)}`
    : `step ${formatNumber(step, 4)}`;
  if (kind === 'value') {
    const seen = `seen ${formatNumber(minimum, 4)} to ${formatNumber(maximum, 4)}${share}`;
    return [`range ${number(low)} to ${number(high)}, ${steps}`, seen];
  }
  const whole = kind === 'bias' ? '' : ` of ${number(low)} to ${number(high)}`;
  return [`codes ${number(minimum)} to ${number(maximum)}${whole}${share}`, steps];
}

function captionOf(tensor) {
  const { name, kind, layer, format, reason } = tensor;
  const index = layers.findIndex((entry) => entry.name === layer);
  const place = [];
  if (index >= 0) {
    const { operator, sqnr, isolatedSqnr } = layers[index];
    const link = element('a', { href: `#layer-${index + 1}` }, `layer ${index + 1}`);
    const figures = `: ${withDecibels(sqnr)} cumulative, ${withDecibels(isolatedSqnr)} isolated`;
    const role = kind === 'value' ? `${operator}${figures}` : `${kind} of ${operator}`;
    place.push(element('small', {}, link, `, ${role}`));
  }
  const lines = [...rangeOf(tensor), reason].map((text) => element('small', {}, text));
  return element(
    'figcaption',
    {},
    element('b', {}, name),
    ' ',
    element('code', {}, format),
    ...place,
    ...lines,
  );
}

/** Hides what the boxes above the figures leave out. */
function showFilter(figures) {
  const search = element('input', { type: 'search' });
  const boxes = [...new Set(tensors.map(({ kind }) => kind))].map((kind) => ({
    kind,
    box: element('input', { type: 'checkbox', checked: true }),
  }));
  const apply = () => {
    const text = search.value.toLowerCase();
    const kinds = new Set(boxes.filter(({ box }) => box.checked).map(({ kind }) => kind));
    for (const [index, { name, layer, kind }] of tensors.entries()) {
      const found = name.toLowerCase().includes(text) || layer.toLowerCase().includes(text);
      figures[index].hidden = !(found && kinds.has(kind));
    }
  };
  search.oninput = apply;
  for (const { box } of boxes) box.onchange = apply;
  // A link leads to its figure, whatever is hidden.
  window.onhashchange = () => {
    const target = byId(location.hash.slice(1));
    if (target?.hidden) target.hidden = false;
    target?.scrollIntoView();
  };
  const labels = boxes.map(({ kind, box }) => element('label', {}, box, ` ${KINDS[kind]}`));
  byId('filter').append(element('label', {}, 'Name or layer ', search), ...labels);
}

/** Histograms are drawn when they come near the window. */
function showTensors() {
  const near = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        near.unobserve(target);
        drawHistogram(target, target.tensor);
      }
    },
    { rootMargin: '400px' },
  );
  const figures = tensors.map((tensor, index) => {
    const plot = element('div', { className: 'plot', tensor });
    const figure = element('figure', { id: `tensor-${index}` }, captionOf(tensor), plot);
    byId('tensors').append(figure);
    near.observe(plot);
    return figure;
  });
  showFilter(figures);
}

/** A link to each section that is shown. */
function showContents() {
  const sections = [...document.querySelectorAll('section')].filter(({ hidden }) => !hidden);
  byId('contents').append(
    ...sections.map(({ id, dataset }) => element('a', { href: `#${id}` }, dataset.title)),
  );
}

showHeader();
showSummary();
showIslands();
showConstraints(summary, linkTo);
showRecovery(summary);
showLayers();
showTensors();
showWidths();
showContents();
byId('main').hidden = false;
showSqnr();
