/* Draws the report from its JSON block. Runs in the browser; uPlot is global. */
(() => {
  const { title, summary, tensors } = JSON.parse(document.getElementById('data').textContent);
  const element = (name, properties = {}, ...children) => {
    const node = Object.assign(document.createElement(name), properties);
    node.append(...children);
    return node;
  };
  const percent = (share) => `${(100 * share).toFixed(2)} %`;
  const decibel = (value) => (value === null ? 'exact' : `${value.toFixed(1)} dB`);
  const short = (value) => Number(value.toPrecision(4)).toString();
  const mega = (bytes) => `${(bytes / 1e6).toPrecision(3)} MB`;

  document.getElementById('subtitle').textContent =
    `${summary.samples} samples, ${summary.hardware}, kernels ${summary.variant}, ${summary.threads} threads`;

  function showSummary() {
    const facts = [];
    if (summary.float) {
      facts.push(['top-1 float', percent(summary.float.top1)], ['top-1 fixed', percent(summary.fixed.top1)]);
      facts.push(['top-5 float', percent(summary.float.top5)], ['top-5 fixed', percent(summary.fixed.top5)]);
      facts.push(['right to wrong', summary.rightToWrong], ['wrong to right', summary.wrongToRight]);
    }
    if (summary.agreement !== undefined) facts.push(['agreement with float', percent(summary.agreement)]);
    for (const { name, sqnr } of summary.outputs) facts.push([`SQNR of ${name}`, decibel(sqnr)]);
    facts.push(['float size', mega(summary.size.floatBytes)], ['fixed size', mega(summary.size.fixedBytes)]);
    facts.push(['float speed', `${short(summary.imagesPerSecond.float)} /s`]);
    facts.push(['fixed speed', `${short(summary.imagesPerSecond.fixed)} /s`]);
    const root = document.getElementById('summary');
    for (const [name, value] of facts) {
      root.append(
        element('div', { className: 'fact' }, element('b', {}, String(value)), element('span', {}, name)),
      );
    }
    if (summary.digest) {
      root.append(
        element(
          'div',
          { className: 'fact wide' },
          element('b', {}, summary.digest),
          element('span', {}, 'digest of all output codes (SHA-256)'),
        ),
      );
    }
  }

  function showSqnr() {
    const { layers } = summary;
    const root = document.getElementById('sqnr');
    const options = {
      width: root.clientWidth || 1000,
      height: 300,
      scales: { x: { time: false } },
      axes: [{ label: 'layer' }, { label: 'dB' }],
      series: [
        { label: 'layer', value: (_, index) => (index === null ? '' : (layers[index]?.name ?? '')) },
        {
          label: 'cumulative',
          stroke: '#1f6feb',
          width: 2,
          points: { show: true, size: 5 },
          value: (_, v) => (v === null || v === undefined ? '' : decibel(v)),
        },
        {
          label: 'isolated',
          stroke: '#d9822b',
          width: 1,
          dash: [4, 3],
          points: { show: true, size: 4 },
          value: (_, v) => (v === null || v === undefined ? '' : decibel(v)),
        },
      ],
    };
    const columns = [
      layers.map((_, index) => index),
      layers.map((layer) => layer.sqnr),
      layers.map((layer) => layer.isolatedSqnr),
    ];
    new uPlot(options, columns, root);
  }

  const columns = [
    ['layer', (layer) => layer.name],
    ['operator', (layer) => layer.operator],
    ['format', (layer) => layer.format],
    ['SQNR dB', (layer) => layer.sqnr, 1],
    ['isolated dB', (layer) => layer.isolatedSqnr, 1],
    ['max error', (layer) => layer.maxError, 4],
    ['clipped %', (layer) => 100 * layer.clipped, 3],
    ['bits proved', (layer) => layer.accumulatorBits?.proved],
    ['bits observed', (layer) => layer.accumulatorBits?.observed],
  ];

  /** Exact layers (null) stand above every number, layers without a figure below. */
  const rank = (value) => (value === null ? Infinity : (value ?? -Infinity));
  const cell = (value, digits) => {
    if (value === null) return 'exact';
    if (value === undefined) return '';
    if (typeof value === 'string') return value;
    return digits === undefined ? String(value) : digits === 4 ? value.toPrecision(3) : value.toFixed(digits);
  };

  function showLayers() {
    const table = document.getElementById('layers');
    const body = element('tbody');
    const order = summary.layers.map((layer, index) => ({ layer, index }));
    const numeric = columns.map((_, index) => index > 2);
    const fill = () => {
      body.replaceChildren(
        ...order.map(({ layer }) => {
          const cells = columns.map(([, get, digits], index) =>
            element('td', { className: numeric[index] ? 'number' : '' }, cell(get(layer), digits)),
          );
          return element('tr', { onclick: () => choose(layer.name) }, ...cells);
        }),
      );
    };
    const headings = columns.map(([name, get], index) => {
      const heading = element('th', { className: numeric[index] ? 'number' : '', scope: 'col' }, name);
      heading.onclick = () => {
        const ascending = heading.getAttribute('aria-sort') !== 'ascending';
        for (const other of headings) other.removeAttribute('aria-sort');
        heading.setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
        order.sort((a, b) => {
          const [left, right] = [get(a.layer), get(b.layer)];
          const difference = numeric[index]
            ? rank(left) - rank(right) || 0
            : String(left).localeCompare(String(right));
          return (ascending ? difference : -difference) || a.index - b.index;
        });
        fill();
      };
      return heading;
    });
    table.append(element('thead', {}, element('tr', {}, ...headings)), body);
    fill();
  }

  const figures = new Map();
  function choose(name) {
    const figure = figures.get(name);
    if (!figure) return;
    for (const other of figures.values()) other.classList.remove('chosen');
    figure.classList.add('chosen');
    figure.scrollIntoView({ block: 'center' });
  }

  /** A band behind the bars: what the format can represent. */
  function shadeRange(low, high) {
    return (chart) => {
      const { ctx, bbox } = chart;
      const clip = (value) =>
        Math.min(Math.max(chart.valToPos(value, 'x', true), bbox.left), bbox.left + bbox.width);
      const [from, to] = [clip(low), clip(high)];
      ctx.save();
      ctx.fillStyle = '#e3eefb';
      ctx.fillRect(from, bbox.top, to - from, bbox.height);
      ctx.strokeStyle = '#1f6feb';
      for (const x of [from, to]) {
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
      }
      ctx.restore();
    };
  }

  function drawHistogram(root, tensor) {
    const { binWidth, first, counts } = tensor.histogram;
    const values = counts.map((_, index) => (first + index + 0.5) * binWidth);
    const decades = counts.map((count) => (count > 0 ? Math.log10(count) + 0.2 : null));
    const left = Math.min(tensor.low, first * binWidth);
    const right = Math.max(tensor.high, (first + counts.length) * binWidth);
    const margin = (right - left) * 0.03;
    const options = {
      width: root.clientWidth - 20,
      height: 150,
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: [left - margin, right + margin] },
        y: { range: [0, Math.max(1, ...decades) * 1.05] },
      },
      axes: [
        { size: 30 },
        { size: 44, values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? `1e${tick}` : '')) },
      ],
      series: [
        {},
        {
          paths: uPlot.paths.bars({ size: [1, 100] }),
          fill: '#41526b',
          stroke: '#41526b',
          width: 0,
          points: { show: false },
        },
      ],
      hooks: { drawClear: [shadeRange(tensor.low, tensor.high)] },
    };
    new uPlot(options, [values, decades], root);
  }

  function showTensors() {
    const root = document.getElementById('tensors');
    const drawn = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          if (!isIntersecting) continue;
          drawn.unobserve(target);
          drawHistogram(target, target.tensor);
        }
      },
      { rootMargin: '300px' },
    );
    for (const tensor of tensors) {
      const caption = element(
        'figcaption',
        {},
        element('b', {}, tensor.name),
        ' ',
        element('code', {}, tensor.format),
      );
      caption.append(element('small', {}, `${short(tensor.low)} to ${short(tensor.high)}. ${tensor.reason}`));
      const figure = element('figure', { tensor }, caption);
      figures.set(tensor.layer, figure);
      root.append(figure);
      drawn.observe(figure);
    }
  }

  document.title = title;
  showSummary();
  showSqnr();
  showLayers();
  showTensors();
  document.body.dataset.ready = 'true';
})();
