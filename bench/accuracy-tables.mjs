/** Tables of docs/accuracy.md. */
import { aimRows } from './accuracy-aims.mjs';
import { configurations } from './accuracy-configurations.mjs';
import { changeInterval, pool } from './accuracy-interval.mjs';
import { networks } from './accuracy-networks.mjs';
import { published, tfliteNetworks } from './tflite-accuracy.mjs';

const percent = (share) => (share === undefined ? '' : (100 * share).toFixed(2));
const signed = (value, digits = 2) => `${value > 0 ? '+' : ''}${value.toFixed(digits)}`;
const decibels = (sqnr) => (sqnr === null || sqnr === Infinity ? 'exact' : sqnr.toFixed(1));

function markdown(headings, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(headings), `|${' --- |'.repeat(headings.length)}`, ...rows.map(line)].join('\n');
}

/** Fixed less float top-1, in points. */
const change = ({ float, fixed }) => 100 * (fixed.top1 - float.top1);
/** Least output SQNR in dB; infinite where all are exact. */
const leastSqnr = ({ outputs }) => Math.min(...outputs.map(({ sqnr }) => sqnr ?? Infinity));
const isScored = (row) => row.float !== undefined;

/** Cells of top-1, change, changes and agreement. */
function scoreCells(row) {
  if (!isScored(row)) return ['', '', '', '', percent(row.agreement)];
  const { low, high } = changeInterval(row);
  return [
    percent(row.float.top1),
    percent(row.fixed.top1),
    `${signed(change(row))} (${signed(low)} to ${signed(high)})`,
    `${row.rightToWrong} / ${row.wrongToRight}`,
    percent(row.agreement),
  ];
}
const scoreHeadings = [
  'float top-1 %',
  'fixed top-1 %',
  'change, 95 % interval',
  'right to wrong / wrong to right',
  'agreement %',
];

/** The rows of a configuration, and all labelled samples as one. */
function configurationTable(rows) {
  const notes = new Map(networks.map((network) => [network.name, network.notes ?? '']));
  const lines = rows.map((row) => {
    const start = [row.network, notes.get(row.network)];
    if (row.error) return [...start, '', '', '', row.error, '', '', '', '', '', ''];
    const { samples, size, macs, wallSeconds } = row;
    const wide = percent(macs.wide / macs.all);
    const sqnr = decibels(leastSqnr(row));
    const end = [sqnr, (size.fixedBytes / 1e6).toFixed(2), wide, wallSeconds.toFixed(0)];
    return [...start, samples, ...scoreCells(row), ...end];
  });
  const scored = rows.filter(isScored);
  if (scored.length > 1) {
    const all = pool(scored);
    lines.push(['**pooled**', `${scored.length} networks`, all.samples, ...scoreCells(all), '', '', '', '']);
  }
  const end = ['output SQNR dB', 'size MB', 'MACs above 8 bits %', 'seconds'];
  return markdown(['network', 'notes', 'samples', ...scoreHeadings, ...end], lines);
}

/** A row for each configuration: all labelled samples as one, and the worst network. */
function summaryTable(rows) {
  const lines = configurations.flatMap(({ name, hardware, bits }) => {
    const scored = rows.filter((row) => row.configuration === name && isScored(row));
    if (scored.length === 0) return [];
    const all = pool(scored);
    const worst = scored.reduce((a, b) => (change(b) < change(a) ? b : a));
    const differing = scored.reduce((a, b) => (b.agreement < a.agreement ? b : a));
    const least = `${percent(differing.agreement)} (${differing.network})`;
    const largest = `${signed(change(worst))} (${worst.network})`;
    return [[hardware, bits, scored.length, all.samples, ...scoreCells(all), largest, least]];
  });
  const headings = ['hardware', 'widths', 'networks', 'samples', ...scoreHeadings];
  return markdown([...headings, 'worst network, points', 'least agreement %'], lines);
}

/** Mixed widths against 8 bits on the same hardware. */
function mixedTable(rows) {
  const mixed = configurations.filter(({ bits }) => bits === 'mixed');
  const lines = mixed.flatMap(({ name, hardware }) => {
    const narrow = configurations.find((one) => one.hardware === hardware && one.bits === 'int8');
    return rows
      .filter((row) => row.configuration === name && !row.error)
      .flatMap((row) => {
        const other = rows.find((one) => one.configuration === narrow.name && one.network === row.network);
        if (other === undefined || other.error) return [];
        const gain = leastSqnr(row) - leastSqnr(other);
        const differing = (one) => Math.round((1 - one.agreement) * one.samples);
        const [before, after] = [differing(other), differing(row)];
        const recovered = before === 0 ? '' : percent((before - after) / before);
        const wide = percent(row.macs.wide / row.macs.all);
        return [[hardware, row.network, wide, signed(gain, 1), `${before} / ${after}`, recovered]];
      });
  });
  const changes = ['disagreements, 8 bits / mixed', 'recovered %'];
  return markdown(['hardware', 'network', 'MACs above 8 bits %', 'less noise power, dB', ...changes], lines);
}

/** Networks without labels, in every configuration. */
function unlabelledTable(rows) {
  const names = networks.filter(({ labels }) => !labels).map(({ name }) => name);
  const lines = names.flatMap((name) =>
    configurations.flatMap(({ name: configuration, hardware, bits }) => {
      const row = rows.find((one) => one.network === name && one.configuration === configuration);
      if (row === undefined || row.error) return [];
      const { median, largest } = row.topChange;
      const changes = [median, largest].map((value) => value.toFixed(4));
      return [
        [name, hardware, bits, row.samples, percent(row.agreement), decibels(leastSqnr(row)), ...changes],
      ];
    }),
  );
  const changes = ['change of the top-1 output, median', 'largest'];
  return markdown(
    ['network', 'hardware', 'widths', 'samples', 'agreement %', 'output SQNR dB', ...changes],
    lines,
  );
}

/** Networks that came quantised: the float twin, and the integers beside their dequantised meaning. */
function publishedTable(rows) {
  const lines = rows.map((row) => {
    const { network, samples, twin, size, wallSeconds } = row;
    const notes = twin === undefined ? 'no labels' : '';
    const end = [decibels(leastSqnr(row)), (size.fixedBytes / 1e6).toFixed(2), wallSeconds.toFixed(0)];
    return [network, notes, samples, percent(twin), ...scoreCells(row), ...end];
  });
  const [, ...others] = scoreHeadings;
  const headings = ['network', 'notes', 'samples', 'float twin top-1 %', 'dequantised top-1 %', ...others];
  return markdown([...headings, 'output SQNR dB', 'size MB', 'seconds'], lines);
}

/** All sections below the introduction, of whatever rows there are; `greedy`: those of bench/greedy.mjs. */
export function renderTables(rows, greedy) {
  const place = new Map([...networks, ...tfliteNetworks].map(({ name }, index) => [name, index]));
  const sorted = rows.toSorted((a, b) => place.get(a.network) - place.get(b.network));
  const of = (name) => sorted.filter(({ configuration }) => configuration === name);
  const sections = [
    ['Aims', markdown(...aimRows(rows, greedy))],
    ['Every configuration, all labelled samples', summaryTable(sorted)],
    ['Mixed widths against 8 bits', mixedTable(sorted)],
    ['Networks without labels', unlabelledTable(sorted)],
    ...configurations.map(({ name }) => [name, configurationTable(of(name))]),
    [published, publishedTable(of(published))],
  ];
  return sections
    .filter(([, table]) => table.split('\n').length > 2)
    .map(([title, table]) => `## ${title}\n\n${table}\n`)
    .join('\n');
}

/** A row in a line. */
export function describeRow(row) {
  const { network, configuration, error, float, fixed, agreement, outputs, wallSeconds } = row;
  const name = `${configuration} ${network}`;
  if (error) return `${name}: ${error}`;
  const scores = float ? `float ${percent(float.top1)} fixed ${percent(fixed.top1)} ` : '';
  const sqnr = decibels(outputs[0].sqnr);
  return `${name}: ${scores}agreement ${percent(agreement)} SQNR ${sqnr} in ${wallSeconds.toFixed(0)} s`;
}
