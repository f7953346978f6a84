/* The widths along the network: layers that follow each other with the same width are one bar. */
import { element } from './page.js';

const ROWS = [
  ['output', 'output'],
  ['weights', 'weights'],
  ['accumulator', 'accumulator'],
];

/** Maximal runs of equal widths. */
function runsOf(widths) {
  const runs = [];
  for (const [index, bits] of widths.entries()) {
    const run = runs.at(-1);
    if (run?.bits === bits) run.last = index;
    else runs.push({ bits, first: index, last: index });
  }
  return runs;
}

/** Stronger colours are wider: from 4 bits to 64. */
const shareOf = (bits) => `${Math.round(16 * Math.max(1, Math.log2(bits) - 1))}%`;

function runButton({ bits, first, last }, layers, choose) {
  const place =
    first === last ? `layer ${first + 1}, ${layers[first].name}` : `layers ${first + 1} to ${last + 1}`;
  const [className, width] =
    bits === undefined ? ['none', 'none'] : bits === null ? ['float', 'float32'] : ['', `${bits} bits`];
  const label = bits == null ? [] : [element('span', {}, String(bits), element('i', {}, ' bits'))];
  const title = `${place}: ${width}`;
  const button = element('button', { type: 'button', className, title, tabIndex: -1 }, ...label);
  button.setAttribute('aria-label', title);
  button.style.setProperty('--layers', last - first + 1);
  if (bits != null) button.style.setProperty('--share', shareOf(bits));
  button.onclick = () => choose(first);
  return button;
}

/** Fills `root`; `widths` holds those of each layer. A click on a bar calls `choose` with its first layer. */
export function showWidthMap(root, layers, widths, choose) {
  const map = element('div', { className: 'map' });
  for (const [kind, title] of ROWS) {
    const runs = runsOf(widths.map((entry) => entry[kind]));
    if (runs.every(({ bits }) => bits === undefined)) continue;
    const buttons = runs.map((run) => runButton(run, layers, choose));
    map.append(element('span', {}, title), element('div', { className: 'runs' }, ...buttons));
  }
  const ends = element(
    'div',
    { className: 'ends' },
    element('span', {}, 'layer 1'),
    element('span', {}, `layer ${layers.length}`),
  );
  map.append(element('span'), ends);
  root.append(map);
}
