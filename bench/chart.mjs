/** The chart of docs/performance.md: speed of whole networks in int8 on one thread, onnxruntime-node as it comes being 1. */

const WIDTH = 960;
const LEFT = 120;
const RIGHT = 60;
const BAR = 9;
const GAP = 10;

/** Legend, colour, and how a network's speed over that of onnxruntime-node is found. */
const series = [
  ['dynafix, fastest variant', '#1b6ca8', (index, work) => index.fastest(work)],
  ['dynafix, plain SIMD', '#8fbfe0', (index, work) => index.find(work, 'dynafix/simd')],
  ['onnxruntime-node, exact mode', '#7a7a7a', (index, work) => index.find(work, 'onnxruntime-node exact')],
  ['onnxruntime-web int8', '#e08a2c', (index, work) => index.find(work, 'onnxruntime-web')],
  ['onnxruntime-web float', '#f0c48f', (index, work) => index.find(work, 'onnxruntime-web float')],
];

const text = (x, y, content, attributes = '') => `<text x="${x}" y="${y}" ${attributes}>${content}</text>`;

function measure({ index }) {
  return index.networks().map((name) => ({
    name,
    speeds: series.map(([, , find]) => find(index, `${name} int8`)?.ratioTo['onnxruntime-node'] ?? 0),
  }));
}

function panel({ result, networks }, top, scale) {
  const group = series.length * BAR + GAP;
  const bottom = top + networks.length * group;
  const parts = [text(LEFT, top - 12, `${result.cpu}, Node ${result.node}`, 'font-weight="bold"')];
  for (let tick = 0; LEFT + tick * scale <= WIDTH - RIGHT; tick += 0.25) {
    const x = LEFT + tick * scale;
    const colour = tick === 1 ? '#333' : '#e4e4e4';
    parts.push(`<line x1="${x}" y1="${top}" x2="${x}" y2="${bottom}" stroke="${colour}"/>`);
    if (tick % 0.5 === 0) parts.push(text(x, bottom + 14, tick, 'text-anchor="middle"'));
  }
  for (const [row, { name, speeds }] of networks.entries()) {
    const y = top + row * group + GAP / 2;
    parts.push(text(LEFT - 8, y + (series.length * BAR) / 2 + 4, name, 'text-anchor="end"'));
    for (const [bar, speed] of speeds.entries()) {
      if (speed === 0) continue;
      const [, colour] = series[bar];
      const place = `x="${LEFT}" y="${y + bar * BAR}" height="${BAR - 1}"`;
      parts.push(`<rect ${place} width="${(speed * scale).toFixed(1)}" fill="${colour}"/>`);
      const end = (LEFT + speed * scale + 4).toFixed(1);
      parts.push(text(end, y + bar * BAR + BAR - 1.5, speed.toFixed(2), 'font-size="8"'));
    }
  }
  return { parts, bottom };
}

/** An SVG with a panel per result. */
export function drawChart(results) {
  const panels = results
    .map((entry) => ({ ...entry, networks: measure(entry) }))
    .filter(({ networks }) => networks.length > 0);
  const largest = Math.max(1, ...panels.flatMap(({ networks }) => networks.flatMap(({ speeds }) => speeds)));
  const scale = (WIDTH - LEFT - RIGHT) / (Math.ceil(largest * 4) / 4);
  const title =
    'Speed of int8 networks on one thread; onnxruntime-node as it comes, whose sums saturate on CPUs without VNNI, is 1';
  const parts = [text(LEFT, 22, title, 'font-size="14"')];
  for (const [place, [name, colour]] of series.entries()) {
    const x = 24 + place * 180;
    parts.push(
      `<rect x="${x}" y="34" width="10" height="10" fill="${colour}"/>`,
      text(x + 14, 43, name, 'font-size="10"'),
    );
  }
  let top = 82;
  for (const entry of panels) {
    const drawn = panel(entry, top, scale);
    parts.push(...drawn.parts);
    top = drawn.bottom + 56;
  }
  const size = `width="${WIDTH}" height="${top - 20}" viewBox="0 0 ${WIDTH} ${top - 20}"`;
  const style = 'font-family="sans-serif" font-size="11" fill="#222"';
  const background = `<rect width="${WIDTH}" height="${top - 20}" fill="#fff"/>`;
  const content = [`<title>${title}</title>`, background, ...parts].join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${style}>\n${content}\n</svg>\n`;
}
