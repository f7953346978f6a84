/** Headless Chromium for tests that look at a page as its user does. */
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { findTool, toolTest } from '../tools.js';

const executable = findTool('chromium', 'chromium-browser', 'google-chrome');

/** A test that needs a browser: skipped, by name, where there is none; a failure there under CI. */
export const browserTest = toolTest(executable);

/** Undefined where there is no browser, so that tests can be skipped. */
export async function launchBrowser(): Promise<Browser | undefined> {
  if (executable === undefined) return undefined;
  const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];
  return await chromium.launch({ executablePath: executable, args });
}

export interface OpenedPage {
  readonly page: Page;
  /** What the console and the page's scripts complained about, and addresses that were asked for. */
  readonly complaints: string[];
  readonly requests: string[];
}

/** Opens a file without a network. */
export async function openFile(
  browser: Browser | undefined,
  file: string,
  width = 1280,
): Promise<OpenedPage> {
  if (browser === undefined) throw new Error('no Chromium on the PATH');
  const context = await browser.newContext({ viewport: { width, height: 900 }, offline: true });
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(pathToFileURL(file).href);
  return { page, complaints, requests };
}
