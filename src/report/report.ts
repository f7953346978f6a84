/**
 * The report: one HTML file that opens offline. The page is static; its data is a JSON block, its charts are drawn by
 * uPlot (inlined).
 */
import type { Prediction, Prices } from '../assign/formats-file.js';
import { readAsset } from '../platform/assets.js';
import type { RecoverySummary } from '../recover/steps.js';
import type { Summary } from '../validate/summary.js';
import type { Cause } from './causes.js';
import type { LayerWidths } from './widths.js';

/** A tensor's distribution over the range that its format can represent. */
export interface ReportTensor {
  readonly name: string;
  /** Values are shown as real numbers, constants as codes: their channels may differ in scale. */
  readonly kind: 'value' | 'weights' | 'bias';
  /** The layer that computes or reads it; '' for an input of the network. */
  readonly layer: string;
  /** Text form of the format. */
  readonly format: string;
  /** The smallest and the largest code, of values what they stand for. */
  readonly low: number;
  readonly high: number;
  /** Real value of one step between codes; where channels differ, of the smallest, and of the largest. */
  readonly step: number;
  readonly largestStep?: number;
  /** Least and greatest value seen in calibration, or code; and the share 0..1 of zeros. */
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
  readonly summary: Summary & {
    readonly prediction?: Prediction;
    readonly prices?: Prices;
    readonly recovery?: readonly RecoverySummary[];
    readonly macs?: { readonly all: number; readonly wide: number };
  };
  readonly tensors: readonly ReportTensor[];
  /** Why a layer loses what it loses, by its name. */
  readonly causes?: Readonly<Record<string, Cause>>;
  /** By the layer's name. */
  readonly widths?: Readonly<Record<string, LayerWidths>>;
}

/** The page's own modules, each after those that it imports. */
const SCRIPTS = ['numbers.js', 'charts.js', 'page.js', 'width-map.js', 'assignment.js', 'client.js'];

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
