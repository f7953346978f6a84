/**
 * The report: one HTML file that opens offline. The page is static; its data is a JSON block, its charts are drawn by
 * uPlot (inlined).
 */
import { readAsset } from '../platform/assets.js';
import type { Summary } from '../validate/summary.js';

/** A tensor's distribution over the range that its format can represent. */
export interface ReportTensor {
  readonly name: string;
  /** The layer that computes it; '' for an input of the network. */
  readonly layer: string;
  /** Text form of the format. */
  readonly format: string;
  /** Real values of the format's smallest and largest code, and of one step between codes. */
  readonly low: number;
  readonly high: number;
  readonly step: number;
  /** Least and greatest value seen in calibration, and the share 0..1 of zeros. */
  readonly minimum: number;
  readonly maximum: number;
  readonly zeros: number;
  /** Why the format was chosen. */
  readonly reason: string;
  /** Counts per bin; bin i spans [first + i, first + i + 1) * binWidth. */
  readonly histogram: {
    readonly binWidth: number;
    readonly first: number;
    readonly counts: readonly number[];
  };
}

export interface ReportContent {
  readonly title: string;
  readonly summary: Summary;
  readonly tensors: readonly ReportTensor[];
}

/** The page's own modules, each after those that it imports. */
const SCRIPTS = ['numbers.js', 'charts.js', 'page.js', 'client.js'];

const asset = (name: string) => new TextDecoder().decode(readAsset(new URL(`./${name}`, import.meta.url)));

/** The modules as one: names are unique among them, so that only imports and the word `export` go. */
function joinScripts(): string {
  return SCRIPTS.map(asset)
    .join('\n')
    .replace(/^import [^;]*;\n/gm, '')
    .replace(/^export /gm, '');
}

/** JSON that is safe inside a script element. */
function embed(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** The whole page as text. */
export function renderReport(content: ReportContent): string {
  const parts: Record<string, string> = {
    title: escapeHtml(content.title),
    style: `${asset('uPlot.min.css')}\n${asset('page.css')}`,
    data: embed(content),
    library: asset('uPlot.iife.min.js'),
    script: joinScripts(),
  };
  return asset('page.html').replace(/\{\{(\w+)\}\}/g, (_, name: string) => parts[name]);
}
