/** docs/performance.md and its chart, from the results of all CPUs and Node versions in bench/results/. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aimRows } from './aims.mjs';
import { drawChart } from './chart.mjs';

/** Columns of ratios: a heading and what the row is compared with. */
const integerColumns = [
  ['onnxruntime-web int8', 'onnxruntime-web'],
  ['onnxruntime-web float', 'onnxruntime-web float'],
  ['onnxruntime-node int8', 'onnxruntime-node'],
  ['onnxruntime-node int8, exact', 'onnxruntime-node exact'],
  ['the dot stream', 'dot stream'],
];

const number = (value, digits = 2) => (value === undefined ? '' : value.toFixed(digits));

/** False for cells that are empty from the given one on. */
const isMeasured = (from) => (cells) => cells.slice(from).some((cell) => cell !== '');

function markdown(headings, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(headings), `|${' --- |'.repeat(headings.length)}`, ...rows.map(line)].join('\n');
}

/** Access to the rows of one result. */
export function createIndex({ rows }) {
  const works = [...new Set(rows.map(({ work }) => work))];
  const find = (work, subject, threads = 1) =>
    rows.find((row) => row.work === work && row.subject === subject && row.threads === threads);
  return {
    /** First parts of the names of works that end with a word. */
    named: (ending) =>
      works.filter((name) => name.endsWith(` ${ending}`)).map((name) => name.slice(0, -ending.length - 1)),
    networks: () =>
      works
        .filter((name) => name.endsWith(' int8') && !name.startsWith('layer'))
        .map((name) => name.slice(0, -5)),
    rowsOf: (work) => rows.filter((row) => row.work === work),
    find,
    /** dynafix on its fastest variant. */
    fastest: (work, threads = 1) =>
      rows
        .filter((row) => row.work === work && row.threads === threads && /^dynafix\/\S+$/.test(row.subject))
        .sort((a, b) => (a.unit === 'GMAC/s' ? b.median - a.median : a.median - b.median))[0],
  };
}

function integerTable(index) {
  const rows = index.networks().map((name) => {
    const row = index.fastest(`${name} int8`);
    const plain = index.find(`${name} int8`, 'dynafix/simd');
    const ratios = integerColumns.map(([, subject]) => number(row.ratioTo[subject]));
    return [name, number(plain?.median, 1), number(row.median, 1), row.subject.slice(8), ...ratios];
  });
  const headings = ['network', 'plain SIMD, ms', 'fastest, ms', 'variant'];
  return markdown([...headings, ...integerColumns.map(([heading]) => `against ${heading}`)], rows);
}

function otherTable(index) {
  const rows = index.networks().map((name) => {
    const against = (kind, subject) => index.find(`${name} ${kind}`, 'dynafix/simd')?.ratioTo[subject];
    return [
      name,
      number(against('int16x8', 'dynafix/simd int8')),
      number(against('int16', 'dynafix/simd int8')),
      number(against('float', 'onnxruntime-web')),
      number(against('float', 'onnxruntime-node')),
    ];
  });
  return markdown(
    [
      'network',
      '16 x 8 bits against int8',
      '16 x 16 bits against int8',
      'float against onnxruntime-web',
      'float against onnxruntime-node',
    ],
    rows.filter(isMeasured(1)),
  );
}

/** Profiles with other scales than powers of two, beside the generic ones of their width and beside ONNX Runtime. */
function hardwareTable(index) {
  const rows = index.named('hardware').flatMap((name) => {
    const work = `${name} hardware`;
    const variants = new Set(
      index.rowsOf(work).flatMap(({ subject }) => /^dynafix\/(\S+) /.exec(subject)?.[1] ?? []),
    );
    const plain = index.rowsOf(work).filter(({ subject }) => /^dynafix\/simd (?!generic)/.test(subject));
    return plain.map((row) => {
      const profile = row.subject.slice('dynafix/simd '.length);
      const generic = /16|mixed/.test(profile) ? 'generic-int16' : 'generic-int8';
      const fastest = [...variants].filter((variant) => variant !== 'simd');
      const others = fastest.map((variant) =>
        number(index.find(work, `dynafix/${variant} ${profile}`)?.ratioTo[`dynafix/${variant} generic-int8`]),
      );
      const is8 = generic === 'generic-int8';
      return [
        name,
        profile,
        number(row.median, 1),
        number(row.ratioTo['dynafix/simd generic-int8']),
        is8 ? '' : number(row.ratioTo['dynafix/simd generic-int16']),
        others.join(', '),
        is8 ? number(row.ratioTo['onnxruntime-web']) : '',
        is8 ? number(row.ratioTo['onnxruntime-node']) : '',
      ];
    });
  });
  const headings = ['network', 'profile', 'plain SIMD, ms', 'against generic-int8', 'against generic-int16'];
  const others = [
    'fastest against generic-int8',
    'against onnxruntime-web int8',
    'against onnxruntime-node int8',
  ];
  return markdown([...headings, ...others], rows);
}

/** What more threads bring, beside what they bring to streams that have nothing in common. */
function threadsTable(index, threads) {
  const one = (subject) => `${subject} (1 thread)`;
  const rows = index.networks().flatMap((name) => {
    const work = `${name} int8`;
    const [throughput, latency, stream] = ['dynafix/simd', 'dynafix/simd latency', 'dot stream'].map(
      (subject) => index.find(work, subject, threads),
    );
    if (throughput === undefined) return [];
    const scaling = stream.ratioTo[one('dot stream')];
    const ours = [throughput, latency].map((row) => row?.ratioTo[one('dynafix/simd')]);
    const shares = ours.map((value) => (value === undefined ? '' : number(value / scaling)));
    return [
      [name, number(scaling), number(ours[0]), shares[0], number(ours[1]), shares[1]].concat(
        ['onnxruntime-web', 'onnxruntime-node'].map((subject) => number(latency?.ratioTo[subject])),
      ),
    ];
  });
  return markdown(
    [
      'network',
      'streams',
      'throughput',
      'of the streams',
      'latency',
      'of the streams',
      'latency against onnxruntime-web',
      'against onnxruntime-node',
    ],
    rows,
  );
}

function layerTable(index) {
  const kinds = ['int8', 'int16x8', 'int16', 'float'];
  const names = [...new Set(kinds.flatMap((kind) => index.named(kind)))].filter((name) =>
    name.startsWith('layer '),
  );
  const cells = (name) =>
    kinds.flatMap((kind) => {
      const row = index.fastest(`${name} ${kind}`);
      return row === undefined
        ? ['', '']
        : [number(row.median, 1), number(100 * row.ratioTo['dot stream'], 0)];
    });
  const headings = kinds.flatMap((kind) => [`${kind} GMAC/s`, '%']);
  return markdown(
    ['layer', ...headings],
    names.map((name) => [name.slice(6), ...cells(name)]),
  );
}

/** Single layers beside ONNX Runtime, whose models have the layer alone and change layouts at its ends. */
function layerRuntimeTable(index) {
  const columns = ['onnxruntime-web', 'onnxruntime-node', 'onnxruntime-node exact'];
  const rows = index
    .named('int8')
    .filter((name) => name.startsWith('layer '))
    .map((name) => {
      const row = index.fastest(`${name} int8`);
      return [
        name.slice(6),
        number(row.median, 1),
        ...columns.map((subject) => number(row.ratioTo[subject])),
      ];
    });
  const headings = ['layer, int8', 'GMAC/s', ...columns.map((subject) => `against ${subject}`)];
  return markdown(headings, rows.filter(isMeasured(2)));
}

/** What moves more than it computes, beside a copy of as many bytes. */
function moveTable(index) {
  const rows = index.named('move').map((name) => {
    const row = index.fastest(`${name} move`);
    return [name.slice(6), number(row.median, 3), number(100 * row.ratioTo.copy, 0)];
  });
  return markdown(['layer, int8', 'ms', '% of the copy'], rows);
}

/** Times of loading in inferences of the same program; on plain SIMD, as processes may choose different variants. */
function loadTable(index) {
  const rows = index.named('load').flatMap((name) =>
    index
      .rowsOf(`${name} load`)
      .filter(({ subject }) => subject.endsWith(', simd') && !/^\S+ inference/.test(subject))
      .map((row) => {
        const [kind] = row.subject.split(' ');
        const inference = index.find(row.work, `${kind} inference, simd`);
        return [name, row.subject, number(row.median, 0), number(inference.ratioTo[row.subject], 1)];
      }),
  );
  return markdown(['network', 'loading', 'ms', 'inferences'], rows);
}

function memoryTable(index) {
  const rows = index.named('memory').flatMap((name) =>
    index
      .rowsOf(`${name} memory`)
      .filter(({ subject }) => subject.endsWith('planned, simd'))
      .map(({ work, subject, threads, median }) => {
        const [engine, resident, collected, peak] = ['engine', 'resident', 'collected', 'peak'].map(
          (figure) => index.find(work, subject.replace('planned', figure), threads),
        );
        const executor =
          threads === 1 ? index.find(work, subject.replace('planned', 'executor'), 1) : undefined;
        return [
          name,
          threads,
          number(median, 1),
          number(executor?.median, 1),
          number(executor && executor.median / median),
          number(resident.median, 1),
          number(resident.median / median),
          number(engine?.median, 1),
          number(engine && (resident.median - engine.median) / median),
          number(collected?.median, 1),
          number(peak.median, 1),
        ];
      }),
  );
  return markdown(
    [
      'network',
      'workers',
      'planned MiB',
      'without workers MiB',
      'without workers / planned',
      'resident MiB',
      'resident / planned',
      'engine alone MiB',
      '(resident - engine) / planned',
      'after a collection',
      'peak MiB',
    ],
    rows,
  );
}

/** Float inference with statistics against float inference alone. */
function calibrateTable(index) {
  const rows = index.named('calibrate').flatMap((name) =>
    index
      .rowsOf(`${name} calibrate`)
      .filter(({ subject }) => subject.endsWith('with statistics, simd'))
      .map(({ subject, threads, median, ratioTo }) => {
        const alone = ratioTo[subject.replace('with statistics', 'alone')];
        return [name, threads, number(median, 1), number(alone)];
      }),
  );
  return markdown(['network', 'threads', 'ms per sample', 'against inference alone'], rows);
}

function section(result) {
  const index = createIndex(result);
  const threads = Math.max(...result.rows.map((row) => row.threads));
  const part = (title, table) => (table.split('\n').length > 2 ? [`### ${title}\n\n${table}\n`] : []);
  return [
    `## ${result.cpu}, Node ${result.node}\n`,
    ...part('Networks, int8, one thread', integerTable(index)),
    ...part('Networks, other widths, one thread, plain SIMD', otherTable(index)),
    ...part('Other hardware, one thread', hardwareTable(index)),
    ...(threads > 1
      ? part(`Networks, int8, ${threads} threads against one, plain SIMD`, threadsTable(index, threads))
      : []),
    ...part('Layers, one thread: GMAC/s and percent of the dot stream', layerTable(index)),
    ...part('Layers beside ONNX Runtime, one thread', layerRuntimeTable(index)),
    ...part('Layers that move more than they compute, one thread', moveTable(index)),
    ...part('Calibration', calibrateTable(index)),
    ...part('Loading', loadTable(index)),
    ...part('Memory beyond an empty process', memoryTable(index)),
  ].join('\n');
}

/** The section of bench/validate.mjs. */
function validationSection({ node, threads, rows }) {
  const table = markdown(
    ['network', 'every layer', 'outputs only'],
    rows.map(({ network, layers, outputs }) => [network, number(layers), number(outputs)]),
  );
  const text = `Time of \`validate\` by the time of running the float and the fixed program one after the other, decoding included in all, Node ${node}, ${threads} threads.`;
  return `## Validation\n\n${text} Made by \`npm run bench:validate\`.\n\n${table}\n`;
}

/** Writes docs/performance.md and docs/performance.svg. */
export function writePerformance(root) {
  const folder = join(root, 'bench/results');
  const results = readdirSync(folder)
    .filter((name) => /-node\d+\.json$/.test(name))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
  const introduction = readFileSync(join(root, 'bench/performance-introduction.md'), 'utf8');
  const validation = validationSection(JSON.parse(readFileSync(join(folder, 'validate.json'), 'utf8')));
  const indexed = results.map((result) => ({ result, index: createIndex(result) }));
  const aims = `## Aims\n\n${markdown(...aimRows(indexed))}\n\n${readFileSync(join(root, 'bench/performance-limits.md'), 'utf8')}`;
  const sections = [aims, ...results.map(section), validation];
  writeFileSync(join(root, 'docs/performance.md'), `${introduction}\n${sections.join('\n')}`);
  writeFileSync(join(root, 'docs/performance.svg'), drawChart(indexed));
}
