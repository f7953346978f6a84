/* The charts. uPlot is global; colours are those of page.css. */
import { formatCount, formatDecibels, formatNumber } from './numbers.js';

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
const axis = () => ({
  stroke: color('soft'),
  grid: { stroke: color('line') },
  ticks: { stroke: color('line') },
});

const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) target.chart.setSize(sizeOf(target));
});
const sizeOf = ({ clientWidth, clientHeight }) => ({ width: clientWidth, height: clientHeight });

/** Draws into `root`, whose size is that of the chart, now and whenever it changes. */
function draw(root, options, columns) {
  root.chart = new uPlot({ ...sizeOf(root), legend: { show: false }, ...options }, columns, root);
  resized.observe(root);
}

/** Says beside the cursor what `describe` tells of the point under it; a click calls `choose`. */
function pointTip(describe, choose) {
  const tip = Object.assign(document.createElement('div'), { className: 'tip', hidden: true });
  return {
    hooks: {
      init: ({ over, cursor }) => {
        over.append(tip);
        over.addEventListener('click', () => cursor.idx != null && choose(cursor.idx));
      },
      setCursor: ({ over, cursor }) => {
        tip.hidden = cursor.idx == null || cursor.left < 0;
        if (tip.hidden) return;
        tip.textContent = describe(cursor.idx);
        const right = cursor.left + 12;
        tip.style.left = `${right + tip.offsetWidth <= over.clientWidth ? right : Math.max(0, cursor.left - tip.offsetWidth - 12)}px`;
      },
    },
  };
}

/** SQNR of every layer, in the order of the network; `worst` holds indices of layers to mark. */
export function drawSqnr(root, layers, worst, choose) {
  const describe = (index) => {
    const { name, operator, format, sqnr, isolatedSqnr } = layers[index];
    return `${index + 1}  ${name}\n${operator}, ${format}\ncumulative ${formatDecibels(sqnr)}, isolated ${formatDecibels(isolatedSqnr)}`;
  };
  const points = (size, fill) => ({ show: true, size, fill });
  const options = {
    scales: {
      x: { time: false, range: (_, low, high) => [low - 0.5, high + 0.5] },
      y: { range: (_, low, high) => uPlot.rangeNum(low ?? 0, high ?? 100, 0.1, false) },
    },
    axes: [
      { ...axis(), label: 'layer', labelSize: 20, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500] },
      { ...axis(), label: 'SQNR, dB', labelSize: 20 },
    ],
    cursor: { y: false },
    plugins: [pointTip(describe, choose)],
    series: [
      {},
      { stroke: color('accent'), width: 2, points: points(5, '#fff') },
      { stroke: color('isolated'), width: 1, dash: [4, 3], points: points(4, '#fff') },
      { stroke: color('bad'), paths: () => null, points: points(8, color('bad')) },
    ],
  };
  const columns = [
    layers.map((_, index) => index + 1),
    layers.map(({ sqnr }) => sqnr),
    layers.map(({ isolatedSqnr }) => isolatedSqnr),
    layers.map(({ isolatedSqnr }, index) => (worst.has(index) ? isolatedSqnr : null)),
  ];
  draw(root, options, columns);
}

/** The band behind the bars: what the format can represent. */
const drawBand = (low, high) => (chart) => {
  const { ctx, bbox } = chart;
  const [from, to] = [low, high].map((value) => Math.round(chart.valToPos(value, 'x', true)));
  ctx.fillStyle = color('band');
  ctx.fillRect(from, bbox.top, to - from, bbox.height);
  ctx.fillStyle = color('accent');
  for (const x of [from, to]) ctx.fillRect(x, bbox.top, devicePixelRatio, bbox.height);
};

/** Decimal logarithm where the bars start: a count of one is seen. */
const FLOOR = Math.log10(0.5);

/** Counts of a tensor's values, those outside of the range of its format in another colour. */
export function drawHistogram(root, { low, high, step, histogram: { binWidth, first, counts } }) {
  const last = first + counts.length;
  // An empty bin at either side gives uPlot the width of a bar where there is only one.
  const bins = [null, ...counts, null].map((count, index) => ({
    value: (first + index - 0.5) * binWidth,
    height: count > 0 ? Math.log10(count) : null,
  }));
  const saturates = ({ value }) => value < low - step / 2 || value > high + step / 2;
  const left = Math.min(low, first * binWidth);
  const right = Math.max(high, last * binWidth);
  const margin = (right - left) * 0.04;
  const bars = (fill) => ({
    paths: uPlot.paths.bars({ size: [1] }),
    fill,
    width: 0,
    fillTo: FLOOR,
    points: { show: false },
  });
  const options = {
    cursor: { show: false },
    padding: [8, 8, 0, 0],
    scales: {
      x: { time: false, range: [left - margin, right + margin] },
      y: { range: [FLOOR, Math.max(1, ...bins.map(({ height }) => height)) * 1.05] },
    },
    axes: [
      { ...axis(), size: 28, values: (_, ticks) => ticks.map((tick) => formatNumber(tick)) },
      {
        ...axis(),
        size: 46,
        incrs: [1, 2, 3, 4],
        values: (_, ticks) => ticks.map((tick) => formatCount(10 ** tick)),
      },
    ],
    series: [{}, bars(color('bar')), bars(color('bad'))],
    hooks: { drawClear: [drawBand(low, high)] },
  };
  const heights = (shown) => bins.map((bin) => (shown(bin) ? bin.height : null));
  const columns = [bins.map(({ value }) => value), heights((bin) => !saturates(bin)), heights(saturates)];
  draw(root, options, columns);
}
