/**
 * Thousands of images, killed again and again: `npm run bench:calibration`. Cuts 2,000 different crops of 224x224 from the shared photographs,
 * calibrates MobileNetV2 on them once undisturbed and once killed at random moments and resumed, compares the bytes, and follows the
 * memory of the process. The result goes to bench/results/calibration.json.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readStatistics } from 'dynafix';
import { encode } from 'fast-png';
import { decodeImage } from '../dist/inputs/image.js';
import { root, shared } from './shared-data.mjs';

const model = join(shared, 'models/imagenet/mobilenet_v2_1.0_224.onnx.gz');
const COUNT = Number(process.argv[2] ?? 2000);
const SIDE = 224;
const THREADS = 2;
const scratch = mkdtempSync(join(tmpdir(), 'dynafix-calibration-'));

/** The next of a sequence of numbers in [0, 1). */
let state = 1;
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

/** Crops at random places, none twice. */
function writeCrops(folder) {
  mkdirSync(folder);
  const photographs = join(shared, 'imagenet/calibration');
  const files = readdirSync(photographs).sort();
  const seen = new Set();
  while (seen.size < COUNT) {
    const file = files[seen.size % files.length];
    const { width, height, channels, data } = decodeImage(readFileSync(join(photographs, file)), file);
    const left = Math.floor(random() * (width - SIDE + 1));
    const top = Math.floor(random() * (height - SIDE + 1));
    const pixels = new Uint8Array(SIDE * SIDE * channels);
    for (let row = 0; row < SIDE; row++) {
      const from = ((top + row) * width + left) * channels;
      pixels.set(data.subarray(from, from + SIDE * channels), row * SIDE * channels);
    }
    const digest = createHash('sha256').update(pixels).digest('hex');
    if (seen.has(digest)) continue;
    const name = `${String(seen.size).padStart(5, '0')}.png`;
    writeFileSync(
      join(folder, name),
      encode({ width: SIDE, height: SIDE, channels, depth: 8, data: pixels }),
    );
    seen.add(digest);
  }
}

/** MiB that a process has in memory; undefined where it has ended. */
function residentMemory(pid) {
  try {
    return Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  } catch {
    return undefined;
  }
}

/** Runs `dynafix calibrate` to its end, or kills it after some seconds. */
async function calibrate(images, output, killAfter = Infinity) {
  const words = ['calibrate', model, '--data', images, '--threads', THREADS, '-o', output];
  const preprocess = join(scratch, 'preprocess.json');
  writeFileSync(preprocess, JSON.stringify({ mean: 127.5, std: 127.5 }));
  const start = performance.now();
  const child = spawn(
    process.execPath,
    [join(root, 'dist/cli/main.js'), ...words, '--preprocess', preprocess],
    {
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve(code ?? signal)));
  const memory = [];
  let exit;
  ended.then((value) => {
    exit = value;
  });
  while (exit === undefined) {
    await pause(250);
    const resident = residentMemory(child.pid);
    if (resident) memory.push(resident);
    if ((performance.now() - start) / 1000 > killAfter) child.kill('SIGKILL');
  }
  return { exit, memory, seconds: (performance.now() - start) / 1000 };
}

try {
  const images = join(scratch, 'images');
  writeCrops(images);
  console.log(`${COUNT} crops`);
  const [whole, pieces] = [join(scratch, 'whole.pb'), join(scratch, 'pieces.pb')];
  const undisturbed = await calibrate(images, whole);
  if (undisturbed.exit !== 0) throw new Error(`calibrate ended with ${undisturbed.exit}`);
  const { memory, seconds } = undisturbed;
  // Each tenth of the time: while samples are counted memory may not grow; sensitivities come last.
  const tenths = Array.from({ length: 10 }, (_, tenth) => {
    const part = memory.slice((tenth * memory.length) / 10, ((tenth + 1) * memory.length) / 10);
    return Math.round(Math.max(...part));
  });
  console.log(`undisturbed: ${seconds.toFixed(0)} s, at most ${tenths.join(' ')} MiB`);
  const kills = [];
  for (;;) {
    const { exit } = await calibrate(images, pieces, seconds * (0.05 + 0.35 * random()));
    if (exit === 0) break;
    if (exit !== 'SIGKILL') throw new Error(`calibrate ended with ${exit}`);
    let samples = 0;
    try {
      samples = readStatistics(pieces).samples.length;
    } catch {
      // Killed before anything was written.
    }
    kills.push(samples);
    console.log(`killed with ${samples} samples written`);
  }
  const result = {
    cpu: cpus()[0].model,
    node: process.version,
    model: 'MobileNetV2',
    images: COUNT,
    threads: THREADS,
    undisturbed: { seconds: Math.round(seconds), mostMebibytesPerTenth: tenths },
    samplesWrittenAtEachKill: kills,
    sameBytes: readFileSync(whole).equals(readFileSync(pieces)),
    sha256: createHash('sha256').update(readFileSync(whole)).digest('hex'),
  };
  if (!result.sameBytes) throw new Error('the bytes differ');
  writeFileSync(join(root, 'bench/results/calibration.json'), `${JSON.stringify(result, null, 1)}\n`);
  console.log(`the same bytes after ${kills.length} kills`);
} finally {
  rmSync(scratch, { recursive: true });
}
