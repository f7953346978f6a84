import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { type ReportContent, renderReport } from '#src/report/report.js';
import type { Summary } from '#src/validate/summary.js';
import { browserTest, launchBrowser, openFile } from './browser.js';
import { makeContent, makeLayer, makeTensor } from './content.js';

const folder = mkdtempSync(join(tmpdir(), 'dynafix-report-'));
let browser: Browser | undefined;
let summary: Summary;

beforeAll(async () => {
  browser = await launchBrowser();
  if (browser === undefined) return;
  const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
  execFileSync(process.execPath, [main, 'demo', '-o', folder], { stdio: 'pipe' });
  summary = JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8'));
});

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

const openDemo = () => openFile(browser, join(folder, 'report.html'));

async function openContent(content: ReportContent, width?: number) {
  const file = join(folder, 'made.html');
  writeFileSync(file, renderReport(content));
  return await openFile(browser, file, width);
}

const column = (page: Page, index: number) =>
  page.locator(`#layers tbody td:nth-child(${index})`).allTextContents();

/** What the tests use of a canvas element. */
interface Canvas {
  readonly width: number;
  readonly height: number;
  cloneNode(): Canvas;
  getContext(
    kind: '2d',
    options: { willReadFrequently: boolean },
  ): {
    drawImage(source: Canvas, x: number, y: number): void;
    getImageData(x: number, y: number, width: number, height: number): { data: Uint8ClampedArray };
  };
}

/** Places 0..1 across a canvas, ascending, where a pixel has exactly this colour. */
async function placesOf(canvas: Locator, color: string): Promise<number[]> {
  const wanted = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  return await canvas.evaluate((node: unknown, [red, green, blue]) => {
    const source = node as Canvas;
    const { width, height } = source;
    const context = source.cloneNode().getContext('2d', { willReadFrequently: true });
    context.drawImage(source, 0, 0);
    const { data } = context.getImageData(0, 0, width, height);
    const columns = new Set<number>();
    for (let at = 0; at < data.length; at += 4) {
      if (data[at] === red && data[at + 1] === green && data[at + 2] === blue) {
        columns.add(((at / 4) % width) / width);
      }
    }
    return [...columns].sort((a, b) => a - b);
  }, wanted);
}

const cumulative = '#1f6feb';
const band = '#e3eefb';
const inside = '#41526b';
const outside = '#cf3a2f';

/** Scrolls to the figure of a tensor and gives its canvas. */
async function histogramOf(page: Page, tensor: string): Promise<Locator> {
  const figure = page.locator('figure').filter({ has: page.getByText(tensor, { exact: true }) });
  await figure.scrollIntoViewIfNeeded();
  return figure.locator('canvas');
}

browserTest('the report of the demo opens offline, without complaint, and asks for nothing', async () => {
  const { page, complaints, requests } = await openDemo();
  for (const figure of await page.locator('figure').all()) {
    await figure.scrollIntoViewIfNeeded();
    await figure.locator('canvas').waitFor();
  }
  expect(complaints).toEqual([]);
  expect(requests).toEqual([page.url()]);
  expect(await page.title()).toContain('digits');
});

browserTest('the summary shows the figures of summary.json', async () => {
  const { page } = await openDemo();
  const rows = await page.locator('#summary tr').allInnerTexts();
  const cells = new Map(rows.map((row) => row.split('\t')).map(([name, ...rest]) => [name, rest]));
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  const { float, fixed, agreement, outputs, size } = summary;
  expect(cells.get('top-1')?.slice(0, 2)).toEqual([percent(float!.top1), percent(fixed!.top1)]);
  expect(cells.get('top-5')?.slice(0, 2)).toEqual([percent(float!.top5), percent(fixed!.top5)]);
  const kilobytes = (bytes: number) => `${Number((bytes / 1000).toPrecision(3))} kB`;
  expect(cells.get('weights and biases')?.slice(0, 2)).toEqual([
    kilobytes(size.floatBytes),
    kilobytes(size.fixedBytes),
  ]);
  const facts = await page.locator('.fact').allInnerTexts();
  const fact = (name: string) => facts.find((text) => text.endsWith(name))?.split('\n')[0];
  expect(fact('same answer as float')).toBe(percent(agreement!));
  expect(fact('right in float, wrong in fixed')).toBe(String(summary.rightToWrong));
  expect(fact('wrong in float, right in fixed')).toBe(String(summary.wrongToRight));
  expect(fact(`SQNR of ${outputs[0].name}`)).toBe(`${outputs[0].sqnr!.toFixed(1)} dB`);
  expect(await page.locator('#summary code').textContent()).toBe(summary.digest);
});

browserTest('the summary names what is computed in float32', async () => {
  const { page } = await openContent(makeContent([makeLayer('a')], []));
  expect(await page.locator('#islands').textContent()).toBe('Computed in float32: tail (Softmax).');
});

browserTest('the table shows every layer and sorts by a click on a heading', async () => {
  const { page } = await openDemo();
  const { layers } = summary;
  expect(await column(page, 2)).toEqual(layers.map(({ name }) => name));
  const names = (order: 1 | -1) =>
    [...layers].sort((a, b) => order * (a.isolatedSqnr! - b.isolatedSqnr!)).map(({ name }) => name);
  await page.getByRole('button', { name: 'isolated, dB' }).click();
  expect(await column(page, 2)).toEqual(names(1));
  await page.getByRole('button', { name: 'isolated, dB' }).click();
  expect(await column(page, 2)).toEqual(names(-1));
  await page.getByRole('button', { name: '#' }).click();
  expect(await column(page, 2)).toEqual(layers.map(({ name }) => name));
});

browserTest('an exact layer sorts as the best and has no point in the chart', async () => {
  const exact = { sqnr: null, isolatedSqnr: null };
  const layers = ['a', 'b', 'c', 'd', 'e'].map((name, index) =>
    makeLayer(name, index > 0 && index < 4 ? exact : { sqnr: 30 + index }),
  );
  const { page } = await openContent(makeContent(layers, []));
  const places = await placesOf(page.locator('#sqnr canvas'), cumulative);
  const middle = places.filter((place) => place > 0.3 && place < 0.8);
  expect([places.length > 0, middle]).toEqual([true, []]);
  expect(await column(page, 5)).toEqual(['30.0', 'exact', 'exact', 'exact', '34.0']);
  await page.getByRole('button', { name: 'SQNR, dB' }).click();
  expect(await column(page, 5)).toEqual(['30.0', '34.0', 'exact', 'exact', 'exact']);
});

browserTest('hovering over the chart names the layer, a click shows its tensor', async () => {
  const { page } = await openDemo();
  const { layers } = summary;
  const area = page.locator('#sqnr .u-over');
  await area.scrollIntoViewIfNeeded();
  const { width } = (await area.boundingBox())!;
  for (const index of [0, 2]) {
    const position = { x: ((index + 0.5) / layers.length) * width, y: 50 };
    await area.hover({ position });
    expect(await page.locator('.tip').textContent()).toContain(layers[index].name);
    await area.click({ position });
    expect(await page.locator('figure:target').textContent()).toContain(layers[index].name);
    await page.locator('figure:target canvas').waitFor();
  }
});

browserTest('a click on a layer shows its tensor, drawn and in view', async () => {
  const names = Array.from({ length: 130 }, (_, index) => `conv${index}`);
  const content = makeContent(
    names.map((name) => makeLayer(name)),
    names.map((name) => makeTensor(name)),
  );
  const { page, complaints } = await openContent(content);
  expect(await page.locator('figure canvas').count()).toBeLessThan(60);
  await page.locator('#layers tbody tr').nth(120).locator('td').nth(2).click();
  const figure = page.locator('figure:target');
  await figure.locator('canvas').waitFor();
  expect(await figure.locator('b').textContent()).toBe('conv120.out');
  const { y, height } = (await figure.boundingBox())!;
  expect([y >= 0, y + height <= 900]).toEqual([true, true]);
  await figure.getByRole('link', { name: 'layer 121' }).click();
  expect(await page.locator('#layers tr:target td').nth(1).textContent()).toBe('conv120');
  expect(complaints).toEqual([]);
});

browserTest('a histogram shows the range of the format and, in another colour, what saturates', async () => {
  const counts = new Array<number>(100).fill(10);
  const tensors = [
    makeTensor('within'),
    makeTensor('beyond', { histogram: { binWidth: 4, first: 0, counts } }),
    makeTensor('single', { histogram: { binWidth: 4, first: 10, counts: [1] } }),
    makeTensor('unseen', { histogram: { binWidth: 4, first: 0, counts: [] } }),
  ];
  const content = makeContent(
    tensors.map(({ layer }) => makeLayer(layer)),
    tensors,
  );
  const { page, complaints } = await openContent(content);
  const places = async (layer: string, color: string) =>
    await placesOf(await histogramOf(page, `${layer}.out`), color);
  expect(await places('within', outside)).toEqual([]);
  const [bars, range] = [await places('within', inside), await places('within', band)];
  expect(range[0]).toBeLessThan(bars[0]);
  expect(range.at(-1)).toBeGreaterThan(bars.at(-1)!);
  // Bins from 0 to 400 of which those above 127.5 saturate.
  const [kept, lost] = [await places('beyond', inside), await places('beyond', outside)];
  expect(lost[0]).toBeGreaterThan(kept.at(-1)!);
  expect(lost.length / kept.length).toBeCloseTo((400 - 128) / 128, 0);
  expect((await places('single', inside)).length).toBeGreaterThan(0);
  expect(await places('unseen', inside)).toEqual([]);
  expect(complaints).toEqual([]);
});

browserTest('names from a network are text, whatever they hold', async () => {
  const hostile = '</script><img src=x onerror="document.title=1"><!--<script>\u2028{{script}}$&';
  const content = makeContent(
    [makeLayer(hostile, { operator: hostile, format: hostile })],
    [makeTensor(hostile, { name: hostile, reason: hostile })],
    hostile,
  );
  const { page, complaints, requests } = await openContent(content);
  expect(await page.locator('img').count()).toBe(0);
  expect((await page.title()).trim()).toContain('</script><img src=x');
  expect(await page.locator('#layers tbody a').textContent()).toBe(hostile);
  expect(await page.locator('figure b').textContent()).toBe(hostile);
  await page.locator('#sqnr .u-over').hover();
  expect(await page.locator('.tip').textContent()).toContain(hostile);
  expect(complaints).toEqual([]);
  expect(requests).toEqual([page.url()]);
});

browserTest('nothing is wider than a narrow window, and nothing moves once it is shown', async () => {
  const names = Array.from({ length: 20 }, (_, index) => `/features/stage${index}/${'depthwise'.repeat(9)}`);
  const content = makeContent(
    names.map((name) => makeLayer(name)),
    names.map((name) => makeTensor(name)),
    names[0],
  );
  const { page } = await openContent(content, 360);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  const before = await page.evaluate('document.documentElement.scrollHeight');
  await page.locator('figure').last().scrollIntoViewIfNeeded();
  await page.locator('figure canvas').last().waitFor();
  expect(await page.evaluate('document.documentElement.scrollHeight')).toBe(before);
});
