/** The networks of bench/accuracy.mjs; files are named from the shared data. */
const signed = { mean: 127.5, std: 127.5 };
const imagenetStatistics = { scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const photos = { data: 'imagenet/validation', calibration: 'imagenet/calibration' };
const labelled = { ...photos, labels: { file: 'imagenet/validation.txt' } };
const cifar = {
  data: 'cifar10/test_1000.bin.gz',
  calibration: 'cifar10/train_3000.bin.gz',
  calibrationLimit: 200,
};
const background = { file: 'imagenet/validation.txt', offset: 1 };
const seeded = {
  ...photos,
  calibrationLimit: 50,
  limit: 50,
  preprocess: { crop: 224, offset: -118, scale: 1 / 58 },
  only: ['generic-int8', 'generic-int16'],
  notes: 'seeded weights',
};

/** Networks, their data and preprocessing; `notes` go into the table. `only`: not every configuration. */
export const networks = [
  {
    name: 'MobileNetV2',
    model: 'imagenet/mobilenet_v2_1.0_224',
    ...labelled,
    labels: background,
    preprocess: { crop: 224, ...signed },
    notes: 'deq',
  },
  {
    name: 'MobileNetV1 0.75',
    model: 'imagenet/mobilenet_v1_0.75_192',
    ...labelled,
    labels: background,
    preprocess: { resize: 192, crop: 192, ...signed },
    notes: 'deq, trained quantised',
  },
  {
    name: 'MobileNetV1 0.25',
    model: 'imagenet/mobilenet_v1_0.25_128',
    ...labelled,
    labels: background,
    preprocess: { resize: 128, crop: 128, ...signed },
    notes: 'deq, trained quantised',
  },
  {
    name: 'SqueezeNet 1.1',
    model: 'imagenet/squeezenet1.1',
    ...labelled,
    preprocess: { crop: 224, channels: 'bgr', mean: [104, 117, 123] },
  },
  { name: 'ResNet-20', model: 'cifar10/resnet20', ...cifar, labels: {}, preprocess: imagenetStatistics },
  { name: 'ResNet-56', model: 'cifar10/resnet56', ...cifar, labels: {}, preprocess: imagenetStatistics },
  { name: 'ResNet-8', model: 'cifar10/resnet8_mlperf', ...cifar, labels: {}, preprocess: {} },
  { name: 'WinML CNN', model: 'cifar10/winml_tutorial_cnn', ...cifar, labels: {}, preprocess: signed },
  { name: 'mnist-8', model: 'mnist/mnist-8', data: 'mnist', labels: {}, preprocess: {} },
  {
    name: 'keyword spotting',
    model: 'mlperf-tiny/kws_float',
    data: 'keywords',
    labels: { pattern: '(\\d+)\\.bin$' },
    raw: { type: 'int8', shape: [1, 1, 49, 10] },
    preprocess: { offset: -83, scale: 0.5847029 },
    notes: 'deq',
  },
  {
    name: 'Inception-v3',
    model: 'imagenet/inception_v3',
    ...photos,
    calibrationLimit: 50,
    limit: 50,
    preprocess: { resize: 299, crop: 299, scale: 1 / 255 },
    only: ['generic-int8', 'generic-mixed', 'generic-int16', 'dpu-int8'],
    notes: 'deq, no labels',
  },
  { name: 'ResNet-50 graph', seed: 'light_resnet50', ...seeded },
  { name: 'Inception-v1 graph', seed: 'light_inception_v1', ...seeded },
];
