/* The charts. uPlot is global; colours are those of page.css. */
import { formatCount, formatNumber, withDecibels } from './numbers.js';

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
const rule = () => ({ stroke: color('line'), width: 1 });
const axis = () => ({ stroke: color('soft'), grid: rule(), ticks: rule() });

const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) target.chart.setSize(sizeOf(target));
});
const sizeOf = ({ clientWidth, clientHeight }) => ({ width: clientWidth, height: clientHeight });

/** Every chart that is drawn, with what draws it again. */
const drawn = new Map();

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  for (const again of drawn.values()) again();
});

/** Draws into `root`, whose size is that of the chart, now and whenever it or the colours change. */
function draw(root, makeOptions, columns) {
  const again = () => {
    root.chart?.destroy();
    root.chart = new uPlot({ ...sizeOf(root), legend: { show: false }, ...makeOptions() }, columns, root);
  };
  drawn.set(root, again);
  again();
  resized.observe(root);
}

/** Says above the chart what `describe` tells of the point under it; a click calls `choose`. */
function pointTip(describe, choose) {
  const tip = Object.assign(document.createElement('div'), { className: 'tip', hidden: true });
  return {
    hooks: {
      init: ({ over, cursor }) => {
        over.append(tip);
        over.addEventListener('click', () => {
          if (cursor.idx != null) choose(cursor.idx);
        });
      },
      setCursor: ({ over, cursor }) => {
        tip.hidden = cursor.idx == null || cursor.left < 0;
        if (tip.hidden) return;
        tip.textContent = describe(cursor.idx);
        const rightmost = over.clientWidth - tip.offsetWidth;
        const left = Math.max(0, Math.min(cursor.left - tip.offsetWidth / 2, rightmost));
        tip.style.transform = `translateX(${left}px)`;
      },
    },
  };
}

/** Room above the chart for the tip. */
const TIP_HEIGHT = 56;

/** SQNR of every layer, in the order of the network; `worst` holds indices of layers to mark. */
export function drawSqnr(root, layers, worst, choose) {
  const describe = (index) => {
    const { name, operator, format, sqnr, isolatedSqnr } = layers[index];
    const figures = `cumulative ${withDecibels(sqnr)}, isolated ${withDecibels(isolatedSqnr)}`;
    return `${index + 1}  ${name}\n${operator}, ${format}: ${figures}`;
  };
  const line = (stroke, size, style) => ({ stroke, points: { show: true, size, fill: stroke }, ...style });
  const makeOptions = () => ({
    padding: [TIP_HEIGHT, null, null, null],
    scales: {
      x: { time: false, range: (_, low, high) => [low - 0.5, high + 0.5] },
      y: { range: (_, low, high) => uPlot.rangeNum(low ?? 0, high ?? 100, 0.1, false) },
    },
    axes: [
      { ...axis(), label: 'layer', labelSize: 20, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500] },
      { ...axis(), label: 'SQNR, dB', labelSize: 20 },
    ],
    cursor: { y: false, drag: { x: false } },
    plugins: [pointTip(describe, choose)],
    series: [
      {},
      line(color('accent'), 5, { width: 2 }),
      line(color('isolated'), 4, { width: 1, dash: [4, 3] }),
      line(color('bad'), 9, { paths: () => null }),
    ],
  });
  const columns = [
    layers.map((_, index) => index + 1),
    layers.map(({ sqnr }) => sqnr),
    layers.map(({ isolatedSqnr }) => isolatedSqnr),
    layers.map(({ isolatedSqnr }, index) => (worst.has(index) ? isolatedSqnr : null)),
  ];
  draw(root, makeOptions, columns);
}

/** What the format can represent: a band behind the bars, its edges before everything. */
function bandHooks(low, high) {
  const edges = (chart) => [low, high].map((value) => Math.round(chart.valToPos(value, 'x', true)));
  const fill = ({ ctx, bbox }, from, width) => ctx.fillRect(from, bbox.top, width, bbox.height);
  const drawBand = (chart) => {
    const [from, to] = edges(chart);
    chart.ctx.fillStyle = color('band');
    fill(chart, from, to - from);
  };
  const drawEdges = (chart) => {
    chart.ctx.fillStyle = color('accent');
    for (const x of edges(chart)) fill(chart, x, devicePixelRatio);
  };
  return { drawClear: [drawBand], draw: [drawEdges] };
}

/** Decimal logarithm where the bars start: a count of one is seen. */
const FLOOR = Math.log10(0.5);

/** Counts of a tensor's values, those outside of the range of its format in another colour. */
export function drawHistogram(root, { kind, low, high, step, histogram: { binWidth, first, counts } }) {
  const last = first + counts.length;
  // An empty bin at either side gives uPlot the width of a bar where there is only one.
  const bins = [null, ...counts, null].map((count, index) => ({
    value: (first + index - 0.5) * binWidth,
    height: count > 0 ? Math.log10(count) : null,
  }));
  const half = kind === 'value' ? step / 2 : 1 / 2;
  const saturates = ({ value }) => value < low - half || value > high + half;
  const used = [first * binWidth, last * binWidth];
  const [left, right] = kind === 'bias' ? used : [Math.min(low, used[0]), Math.max(high, used[1])];
  const margin = (right - left) * 0.04;
  const bars = (fill) => ({
    paths: uPlot.paths.bars({ size: [1] }),
    fill,
    width: 0,
    fillTo: FLOOR,
    points: { show: false },
  });
  const makeOptions = () => ({
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
    hooks: bandHooks(low, high),
  });
  const heights = (shown) => bins.map((bin) => (shown(bin) ? bin.height : null));
  const columns = [bins.map(({ value }) => value), heights((bin) => !saturates(bin)), heights(saturates)];
  draw(root, makeOptions, columns);
}
