/** What dynafix aims at, beside what the recorded results reach: ratios of one run each. */
const percent = (value) => `${value.toFixed(0)} %`;
const ratio = (value) => value.toFixed(2);

const least = (values) => {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
};

/** How the fastest variant compares in an int8 work. */
const against = (network, subject) => (index) => index.fastest(`${network} int8`)?.ratioTo[subject];

/** How plain SIMD compares in a work of another width. */
const plain = (work, subject) => (index) => index.find(work, 'dynafix/simd')?.ratioTo[subject];

/** What two threads bring, of what they bring to two streams. */
const share = (subject, network) => (index) => {
  const work = `${network} int8`;
  const own = index.find(work, subject, 2)?.ratioTo['dynafix/simd (1 thread)'];
  const streams = index.find(work, 'dot stream', 2)?.ratioTo['dot stream (1 thread)'];
  return own && streams && own / streams;
};

const squares = ['56x56x64 to 64', '28x28x128 to 128', '14x14x256 to 256', '7x7x512 to 512'];
const weakestSquare = (index) => {
  const shares = squares.map((name) => index.fastest(`layer 3x3 ${name} int8`)?.ratioTo['dot stream']);
  const found = least(shares);
  return found && 100 * found;
};

const statistics = (index) =>
  index.find('ResNet-50 calibrate', 'float inference with statistics, simd')?.ratioTo[
    'float inference alone, simd'
  ];

/** Inferences of the same program that loading takes. */
const inferences = (subject) => (index) =>
  index.find('ResNet-50 load', 'int8 inference, simd')?.ratioTo[subject];

const memory = (figure) => (index) => {
  const [own, planned] = [figure, 'planned'].map(
    (name) => index.rowsOf('Inception-v3 memory').find((row) => isFigure(row, name))?.median,
  );
  return own && planned && own / planned;
};
const isFigure = ({ subject, threads }, name) =>
  threads === 1 && subject.endsWith(`${name}, simd`) && !subject.includes('without');

/** Works, the bar, and which side of it is good; `node`: the version that the bar is for. */
const aims = [
  ['3x3 layers, least share of the dot stream', 85, 'least', percent, weakestSquare],
  [
    'ResNet-50 int8 against onnxruntime-web int8',
    1.6,
    'least',
    ratio,
    against('ResNet-50', 'onnxruntime-web'),
  ],
  [
    'MobileNetV2 int8 against the better of onnxruntime-web int8 and float',
    4,
    'least',
    ratio,
    (index) =>
      least(['onnxruntime-web', 'onnxruntime-web float'].map((name) => against('MobileNetV2', name)(index))),
  ],
  [
    'ResNet-50 16 x 8 bits against int8',
    0.9,
    'least',
    ratio,
    plain('ResNet-50 int16x8', 'dynafix/simd int8'),
  ],
  [
    'ResNet-50 16 x 16 bits against int8',
    0.35,
    'least',
    ratio,
    plain('ResNet-50 int16', 'dynafix/simd int8'),
  ],
  [
    'ResNet-50 float against onnxruntime-web',
    1.5,
    'least',
    ratio,
    plain('ResNet-50 float', 'onnxruntime-web'),
  ],
  ...['ResNet-50', 'MobileNetV2'].flatMap((name) => [
    [`${name}, two workers, of two streams`, 0.95, 'least', ratio, share('dynafix/simd', name)],
    [
      `${name}, two threads in one layer, of two streams`,
      0.85,
      'least',
      ratio,
      share('dynafix/simd latency', name),
    ],
  ]),
  ['calibration against float inference alone', 0.8, 'least', ratio, statistics],
  [
    'loading ResNet-50 from ONNX, inferences',
    10,
    'most',
    ratio,
    inferences('int8 from ONNX and formats, simd'),
  ],
  [
    'loading its program without V8 flags, inferences',
    2,
    'most',
    ratio,
    inferences('int8 from a program file without V8 flags, simd'),
  ],
  ['the same, all kernels optimised first', 2, 'most', ratio, inferences('int8 from a program file, simd')],
  ['memory of Inception-v3 against what is planned', 1.5, 'most', ratio, memory('executor')],
  ['the same with an engine', 1.5, 'most', ratio, memory('resident')],
];

const aims256 = [
  [
    'ResNet-50 int8 against onnxruntime-node as it comes',
    0.8,
    'least',
    ratio,
    against('ResNet-50', 'onnxruntime-node'),
  ],
  [
    'ResNet-50 int8 against its exact mode',
    1,
    'least',
    ratio,
    against('ResNet-50', 'onnxruntime-node exact'),
  ],
  [
    'MobileNetV2 int8 against onnxruntime-node as it comes',
    0.8,
    'least',
    ratio,
    against('MobileNetV2', 'onnxruntime-node'),
  ],
];

/** Headings and rows: a column for each CPU; what is missed is bold. `results`: with `index`, of all CPUs and versions of Node. */
export function aimRows(results) {
  const cpus = [...new Set(results.map(({ result }) => result.cpu))];
  const rows = [
    [20, aims],
    [24, aims256],
  ].flatMap(([node, list]) =>
    list.map(([title, bar, side, write, of]) => [
      `Node ${node}: ${title}`,
      `${side === 'least' ? '≥' : '≤'} ${write(bar)}`,
      ...cpus.map((cpu) => {
        const found = results.find(({ result }) => result.cpu === cpu && result.node.startsWith(`v${node}.`));
        const value = found && of(found.index);
        if (value === undefined) return '';
        const reached = side === 'least' ? value >= bar : value <= bar;
        return reached ? write(value) : `**${write(value)}**`;
      }),
    ]),
  );
  return [['work', 'aim', ...cpus], rows];
}
