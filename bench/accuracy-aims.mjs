/** What dynafix aims at, beside what the rows reach. */
import { configurations } from './accuracy-configurations.mjs';
import { pool } from './accuracy-interval.mjs';

const points = (value) => `${value.toFixed(2)} points`;
const decibels = (value) => `${value.toFixed(2)} dB`;
const percent = (value) => `${value.toFixed(2)} %`;

/** What 16 bits in a fifth of the multiplications lower the noise by, in dB. */
const LEAST_GAIN = 4;

const change = ({ float, fixed }) => 100 * (fixed.top1 - float.top1);
const sqnrOf = ({ outputs }) => Math.min(...outputs.map(({ sqnr }) => sqnr ?? Infinity));
const disagreements = ({ agreement, samples }) => Math.round((1 - agreement) * samples);
const sum = (values) => values.reduce((a, b) => a + b, 0);

/** The least of some values with the names of what has it. */
function least(entries) {
  const [value, name] = entries.reduce((a, b) => (b[0] < a[0] ? b : a));
  return { value, name };
}

/** The least, with all names that are below the bar. */
function belowBar(entries, bar, write) {
  const below = entries.filter(([value]) => value < bar).sort(([a], [b]) => a - b);
  const { value, name } = least(entries);
  const others = below.slice(1).map(([other, network]) => `, ${network} ${write(other)}`);
  return { value, name: name + others.join('') };
}

/** Rows of a configuration, those of labelled networks first of all. */
function createAccess(rows) {
  const of = (configuration) =>
    rows.filter((row) => row.configuration === configuration && row.error === undefined);
  const labelled = (configuration) => of(configuration).filter(({ float }) => float !== undefined);
  const row = (configuration, network) => of(configuration).find((one) => one.network === network);
  return { of, labelled, row };
}

/** Each labelled network in mixed widths beside 8 bits on the same hardware. */
function pairMixed({ labelled, row }, { name, hardware }) {
  const narrow = configurations.find((one) => one.hardware === hardware && one.bits === 'int8').name;
  return labelled(name).flatMap((mixed) => {
    const other = row(narrow, mixed.network);
    return other === undefined ? [] : [{ mixed, other }];
  });
}

function mixedAims(access) {
  return configurations
    .filter(({ bits }) => bits === 'mixed')
    .flatMap((configuration) => {
      const pairs = pairMixed(access, configuration);
      if (pairs.length === 0) return [];
      const gains = pairs.map(({ mixed, other }) => [sqnrOf(mixed) - sqnrOf(other), mixed.network]);
      const before = sum(pairs.map(({ other }) => disagreements(other)));
      const after = sum(pairs.map(({ mixed }) => disagreements(mixed)));
      const below = pairs.filter(({ mixed, other }) => 2 * disagreements(mixed) > disagreements(other));
      const names = below.map(({ mixed }) => mixed.network).join(', ');
      const recovered = `of the disagreements of 8 bits, recovered${names && ` (singly less than half: ${names})`}`;
      return [
        [
          `${configuration.name}: less noise power than in 8 bits, least of all networks`,
          LEAST_GAIN,
          decibels,
          belowBar(gains, LEAST_GAIN, decibels),
        ],
        [`${configuration.name}: ${recovered}`, 50, percent, { value: (100 * (before - after)) / before }],
      ];
    });
}

/** `greedy`: the rows of bench/greedy.mjs. */
function greedyAims(greedy) {
  const difference = (key, write) => {
    const gains = greedy.map(({ network, program, greedy }) => [
      write(program[key]) - write(greedy[key]),
      network,
    ]);
    return least(gains);
  };
  const predicted = difference('predictedNoise', (noise) => -10 * Math.log10(noise));
  const measured = difference('sqnr', (sqnr) => sqnr);
  return [
    ['generic-mixed: predicted SQNR less that of the greedy choice, least', 0, decibels, predicted],
    ['the same, measured', 0, decibels, measured],
  ];
}

/** Headings and rows; what is missed is bold. */
export function aimRows(rows, greedy) {
  const access = createAccess(rows);
  const { of, labelled, row } = access;
  const worst = (name) => least(labelled(name).map((one) => [change(one), one.network]));
  const int16 = (network) => {
    const found = row('generic-int16', network);
    return found && { value: sqnrOf(found), name: network };
  };
  const inception = of('generic-int8').find(({ network }) => network === 'Inception-v3');
  const pooled = (name) => labelled(name).length > 0 && { value: change(pool(labelled(name))) };
  const aims = [
    ['generic-int8: change of top-1, all labelled samples', -0.5, points, pooled('generic-int8')],
    ['generic-int8: the same, worst network', -1.5, points, worst('generic-int8')],
    [
      'dpu-int8, one scale for all weights of a layer: all labelled samples',
      -1.5,
      points,
      pooled('dpu-int8'),
    ],
    [
      'generic-int16: agreement, least of all networks',
      99.8,
      percent,
      least(
        of('generic-int16')
          .filter(({ outputs }) => outputs)
          .map((one) => [100 * one.agreement, one.network]),
      ),
    ],
    ...['MobileNetV2', 'Inception-v3', 'ResNet-50 graph'].map((name) => [
      'generic-int16: output SQNR',
      60,
      decibels,
      int16(name),
    ]),
    ...mixedAims(access),
    ...greedyAims(greedy),
  ];
  const lines = aims
    .filter(([, , , reached]) => reached)
    .map(([title, bar, write, { value, name }]) => {
      const text = value >= bar ? write(value) : `**${write(value)}**`;
      return [title, `≥ ${write(bar)}`, name ? `${text} (${name})` : text];
    });
  if (inception)
    lines.push([
      'generic-int8: median change of the top-1 probability, Inception-v3',
      '≤ 0.02',
      inception.topChange.median.toFixed(4),
    ]);
  return [['figure', 'aim', 'reached'], lines];
}
