//! The tear sheet: one document to print or to send, without any script and without anything from elsewhere.

import type { Metrics } from '@perf-aggregator/secure-client';
import { legend, plots } from './charts.js';
import { coverage } from './coverage.js';
import { headline } from './headline.js';
import { day, moment } from './format.js';
import { section, type Setting } from './parts.js';
import { image } from './plot.js';
import { figures, text, type Figures } from './read.js';
import { reason } from './reasons.js';
import { inALine } from './restatements.js';
import { years } from './series.js';
import { heatMap, statisticsOnPaper } from './statistics.js';
import { change, costs, symbols } from './symbols.js';
import { STYLE, STYLE_SHA256 } from './tear_sheet_style.js';
import { h, toText, type Child, type Tree } from './tree.js';

/** What was verified of the enclave that answered. */
export interface Proof {
  /** When the answer was signed, RFC 3339, if it was. */
  readonly signedAt?: string;
  readonly measurement: string;
  /** The published release with that measurement, or null. */
  readonly release: string | null;
  /** What hardware vouched for it, in words. */
  readonly hardware: string;
  readonly development: boolean;
  readonly environment: string;
  /** The key that signs results, hex. */
  readonly resultKey?: string;
  readonly serviceUrl?: string;
}

/** Two pages of A4 or Letter. */
const WIDTH = 690;
const SYMBOLS_MOST = 8;
const POLICY = `default-src 'none'; style-src '${STYLE_SHA256}'; base-uri 'none'; form-action 'none'`;

/** The whole document. */
export function tearSheet(metrics: Metrics, proof: Proof): string {
  const of = figures(metrics);
  const name = `Performance, ${day(of.asOf)}`;
  const head = [
    h('meta', { charset: 'utf-8' }),
    h('meta', { 'http-equiv': 'Content-Security-Policy', content: POLICY }),
    h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    h('meta', { name: 'referrer', content: 'no-referrer' }),
    h('meta', { name: 'color-scheme', content: 'light' }),
    h('title', {}, name),
  ];
  const body = h('body', {}, h('main', {}, pages(of, proof)));
  // The style is ours to the letter, and the policy above has its hash.
  return `<!doctype html>\n<html lang="en"><head>${head.map(toText).join('')}<style>${STYLE}</style></head>${toText(body)}</html>\n`;
}

function pages(of: Figures, proof: Proof): Child {
  const setting: Setting = { name: 'pf', currency: of.currency, opens: false, width: WIDTH, allSymbols: false };
  const first = [masthead(of, proof), bands(of, proof)];
  if (of.total === null) {
    const why = of.why === null ? 'No figures were collected.' : `No figures: ${reason(of.why)}.`;
    return [first, h('p', {}, why), coverage(setting, of), proven(proof)];
  }
  return [
    h(
      'div',
      { class: 'pf-page' },
      first,
      headline(setting, of),
      images(setting, of),
      heatMap(setting, of),
      coverage(setting, { ...of, prices: [] }),
    ),
    h(
      'div',
      { class: 'pf-page' },
      statisticsOnPaper(setting, of, costs(setting, of)),
      symbols(setting, of, SYMBOLS_MOST),
      h('div', { class: 'pf-section pf-blocks' }, change(setting, of), proven(proof)),
    ),
  ];
}

function masthead(of: Figures, { environment, release }: Proof): Tree {
  const venues = [...new Set(of.accounts.map((account) => text(account['venue'])))].filter((venue) => venue !== '');
  return h(
    'header',
    { class: 'pf-masthead' },
    h('h1', {}, 'Performance'),
    h('p', {}, [...venues, `as of ${moment(of.asOf)}`].join(' · ')),
    h(
      'p',
      { class: 'pf-environment' },
      `${environment || 'environment not told'}${release === null ? '' : ` · release ${release}`}`,
    ),
  );
}

/** What must not be overlooked. */
function bands(of: Figures, proof: Proof): Tree[] {
  const said = [
    (proof.development || of.environment === 'development') &&
      'DEVELOPMENT. No protected hardware stands behind these figures, and nobody has to believe them.',
    of.environment === 'sandbox' && 'SANDBOX. The test network of the exchange: no real money was at work.',
    !['live', 'sandbox', 'development'].includes(of.environment) &&
      'The environment is not known: not the figures of a live account.',
    proof.environment !== of.environment &&
      `The enclave was verified for "${proof.environment}", and these figures are of "${of.environment}": do not believe them.`,
  ].filter((band) => band !== false);
  return said.map((band) => h('p', { class: 'pf-band' }, band));
}

function images(setting: Setting, of: Figures): Child {
  if (of.days.length === 0) return h('p', { class: 'pf-note' }, 'No whole day is known yet.');
  // A longer history has more rows of months below, and days that were told anew a line: they take their room from the charts.
  const less = Math.min(56, 8 * Math.max(0, years(of.months).length - 2)) + (inALine(of) === null ? 0 : 8);
  return h(
    'section',
    { class: 'pf-section pf-charts' },
    plots(of).map((plot) => {
      const size =
        plot.id === 'curve' ? { width: WIDTH, height: 156 - less } : { width: (WIDTH - 20) / 2, height: 127 - less };
      const beside = plot.lines[1];
      return h(
        'figure',
        { class: `pf-chart pf-chart-${plot.id}` },
        h(
          'figcaption',
          {},
          plot.title,
          plot.unit === '' ? '' : `, ${plot.unit}`,
          beside !== undefined && ` (dashed: ${beside.name.toLowerCase()})`,
        ),
        image(plot, size, `pf-${plot.id}`),
      );
    }),
    legend(setting, of),
  );
}

/** What stands behind the figures, and what this sheet does not prove. */
function proven({ signedAt, measurement, release, hardware, development, resultKey, serviceUrl }: Proof): Tree {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Hardware', development ? `${hardware} (development: proves nothing)` : hardware],
    ['Measurement of the program', measurement],
    ['Release', release ?? 'none that is published'],
    ['Key that signs results', resultKey],
    ['Signed', signedAt === undefined ? undefined : moment(signedAt)],
    ['Service', serviceUrl],
  ];
  return section(
    'proof',
    'What stands behind these figures',
    h(
      'dl',
      { class: 'pf-facts' },
      facts.flatMap(([name, said]) =>
        said === undefined ? [] : [h('div', { class: 'pf-fact' }, h('dt', {}, name), h('dd', {}, said))],
      ),
    ),
    h(
      'p',
      { class: 'pf-note' },
      'The evidence of the enclave was verified before it was asked. This sheet proves nothing by itself: whoever has it can alter it. ' +
        'Ask for the saved answer, and judge it with perfagg verify or the page that verifies. What each number means: docs/metrics.md.',
    ),
  );
}
