/** What the report tells beside the layers: reasons, widths, constraints, recovery, weights. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect } from 'vitest';
import { type ReportContent, renderReport } from '#src/report/report.js';
import { browserTest, launchBrowser, openFile } from './browser.js';
import { makeContent, makeLayer, makeTensor } from './content.js';

const folder = mkdtempSync(join(tmpdir(), 'dynafix-sections-'));
let browser: Browser | undefined;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

const names = ['a', 'b', 'c', 'd'];
const plain = makeContent(
  names.map((name, index) => makeLayer(name, { isolatedSqnr: 40 - index })),
  names.map((name) => makeTensor(name)),
);

async function open(content: ReportContent, width?: number): Promise<Page> {
  const file = join(folder, 'report.html');
  writeFileSync(file, renderReport(content));
  const { page, complaints } = await openFile(browser, file, width);
  expect(complaints).toEqual([]);
  return page;
}

const rowsOf = async (page: Page, table: string) =>
  (await page.locator(`${table} tbody tr`).allInnerTexts()).map((row) => row.split('\t'));

browserTest('sections without data are not shown, and are not among the links', async () => {
  const page = await open(plain);
  for (const id of ['widths', 'constraints', 'recovery'])
    expect(await page.locator(`#${id}`).isVisible()).toBe(false);
  expect(await page.locator('#contents a').allTextContents()).toEqual([
    'Summary',
    'Losses',
    'Layers',
    'Tensors',
  ]);
});

browserTest('the worst layers come first, with the reason', async () => {
  const layers = Array.from({ length: 40 }, (_, index) =>
    makeLayer(`l${index}`, { isolatedSqnr: 20 + ((7 * index) % 40) }),
  );
  const causes = { l0: { kind: 'clipping', text: '3 % of its output saturate' } } as const;
  const page = await open({ ...makeContent(layers, [makeTensor('l0')]), causes });
  const rows = await rowsOf(page, '#worst');
  expect(rows).toHaveLength(10);
  expect(rows[0]).toEqual(['l0', '20.0 dB', 'Conv, fixed(8,0)', 'clipping: 3 % of its output saturate']);
  expect(rows.map(([, sqnr]) => sqnr)).toEqual(
    Array.from({ length: 10 }, (_, index) => `${20 + index}.0 dB`),
  );
});

browserTest('the width map joins neighbours of the same width and leads to their tensor', async () => {
  const widths = {
    a: { output: 8, weights: 8, accumulator: 20 },
    b: { output: 8 },
    c: { output: 16, weights: 16, accumulator: 40 },
    d: { output: null, weights: null },
  };
  const page = await open({ ...plain, widths });
  const rows = await page
    .locator('#width-map .runs')
    .evaluateAll((runs: readonly { children: Iterable<{ title: string }> }[]) =>
      runs.map(({ children }) => [...children].map(({ title }) => title)),
    );
  expect(rows).toEqual([
    ['layers 1 to 2: 8 bits', 'layer 3, c: 16 bits', 'layer 4, d: float32'],
    ['layer 1, a: 8 bits', 'layer 2, b: none', 'layer 3, c: 16 bits', 'layer 4, d: float32'],
    ['layer 1, a: 20 bits', 'layer 2, b: none', 'layer 3, c: 40 bits', 'layer 4, d: none'],
  ]);
  await page.getByTitle('layer 3, c: 16 bits').first().click();
  expect(await page.locator('figure:target b').textContent()).toBe('c.out');
});

browserTest('prices: dear rules and nodes with what running them showed, the others counted', async () => {
  const prices = {
    rules: [
      {
        rule: 'windows.shiftCut.max 9',
        noise: 0.1,
        sqnr: 4,
        measured: { samples: 8, with: 20, without: 23.5 },
      },
      { rule: 'weights.perChannel false', noise: 0.1, sqnr: 0.25 },
      { rule: 'accumulator.proof', noise: 0, sqnr: 0 },
    ],
    nodes: [{ node: 'a', operator: 'Conv', noise: 0.1, sqnr: 1.5 }],
  };
  const summary = { ...plain.summary, prediction: { noise: 0.01, sqnr: 20, measured: true }, prices };
  const page = await open({ ...plain, summary });
  expect(await page.locator('#prediction').textContent()).toBe(
    'Predicted SQNR of the outputs when formats were chosen: 20.0 dB. Measured in the end: output 30.0 dB.',
  );
  const rows = await rowsOf(page, '#prices');
  expect(rows).toEqual([
    ['windows.shiftCut.max 9', '+4.00', '20.0', '23.5', '+3.50'],
    ['weights.perChannel false', '+0.25', '', '', ''],
    ['a', 'Conv', '+1.50'],
  ]);
  expect(await page.locator('#free-rules').textContent()).toBe('One rule costs nothing here.');
});

browserTest(
  'the summary tells how much is computed in more than 8 bits, and how the chosen class changes',
  async () => {
    const more = { macs: { all: 8000, wide: 1000 }, topChange: { median: 0.0125, largest: 0.5 } };
    const page = await open({ ...plain, summary: { ...plain.summary, ...more } });
    expect(await rowsOf(page, '#summary')).toContainEqual([
      'multiplications of more than 8 bits',
      '',
      '12.50 %',
      '',
    ]);
    expect(await page.locator('.fact').allInnerTexts()).toContain(
      '0.0125\nmedian change of the output of the chosen class',
    );
  },
);

browserTest('recovery: what each step gained, and what was undone', async () => {
  const recovery = [
    { step: 'correct', before: 20, after: 22.5, kept: true, seconds: 1 },
    { step: 'round', before: 22.5, after: 22, kept: false, seconds: 2 },
  ] as const;
  const page = await open({ ...plain, summary: { ...plain.summary, recovery } });
  expect(await rowsOf(page, '#recovery')).toEqual([
    ['correct', '20.0', '22.5', '+2.50', '1 s', 'kept'],
    ['round', '22.5', '22.0', '\u22120.50', '2 s', 'undone'],
  ]);
});

browserTest('tensors are found by name, layer and kind; a link shows what is hidden', async () => {
  const weights = makeTensor('b', { name: 'w', kind: 'weights', largestStep: 4, minimum: -90, maximum: 80 });
  const page = await open({ ...plain, tensors: [...plain.tensors, weights] });
  const visible = async () => {
    const figures = await page.locator('figure').filter({ visible: true }).all();
    return await Promise.all(figures.map((figure) => figure.locator('b').textContent()));
  };
  expect(await page.locator('figure').last().innerText()).toContain('codes -90 to 80 of -128 to 127');
  expect(await page.locator('figure').last().innerText()).toContain('steps 1 to 4');
  await page.getByRole('searchbox').fill('B');
  expect(await visible()).toEqual(['b.out', 'w']);
  await page.getByLabel('values').uncheck();
  expect(await visible()).toEqual(['w']);
  await page.locator('#layers a').first().click();
  expect(await visible()).toEqual(['a.out', 'w']);
});

browserTest('a dark page has light letters, and charts in its colours', async () => {
  const page = await open(plain);
  const colors = async () =>
    await page.evaluate(
      '[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]',
    );
  expect(await colors()).toEqual(['rgb(28, 36, 48)', 'rgb(255, 255, 255)']);
  const draw = () => page.evaluate('document.querySelector("#sqnr canvas").toDataURL()');
  const before = await draw();
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await colors()).toEqual(['rgb(228, 233, 240)', 'rgb(18, 22, 28)']);
  await expect.poll(draw).not.toBe(before);
  expect(await page.locator('#sqnr canvas').count()).toBe(1);
});
