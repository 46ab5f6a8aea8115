//! The three charts of a record, each with its legend, its crosshair and the same as a table.

import { title } from './definitions.js';
import { counted } from './format.js';
import { label, section, type Setting } from './parts.js';
import { image, markSign, type Plot } from './plot.js';
import { MARKS, type Figures } from './read.js';
import { drawdownSeries, equitySeries, growthSeries, paidInSeries } from './series.js';
import { h, type Tree } from './tree.js';

/** The charts, by the figure whose definition they open. */
export function plots(figures: Figures): Plot[] {
  const { days, currency } = figures;
  return [
    {
      id: 'curve',
      title: title('curve'),
      kind: 'money',
      unit: currency,
      days,
      lines: [
        { name: 'Equity', points: equitySeries(days), style: 'main' },
        { name: 'Paid in, less taken out', points: paidInSeries(figures), style: 'beside' },
      ],
      filled: false,
    },
    {
      id: 'total_return',
      title: title('total_return'),
      kind: 'return',
      unit: '',
      days,
      lines: [{ name: 'Return since the beginning', points: growthSeries(days), style: 'main' }],
      filled: false,
    },
    {
      id: 'drawdown',
      title: title('drawdown'),
      kind: 'percent',
      unit: '',
      days,
      lines: [{ name: 'Below the highest value so far', points: drawdownSeries(days), style: 'main' }],
      filled: true,
    },
  ];
}

/** From here on charts stand beside each other, so far apart, in pixels; figures.css has the same. */
const WIDE = 760;
const BETWEEN = 32;

/** Charts that are wide stand two in a row where there is room. */
export function chartSize(setting: Setting, id: string): { width: number; height: number } {
  const wide = setting.width >= WIDE;
  if (id === 'curve') return { width: setting.width, height: wide ? 280 : 220 };
  return { width: wide ? Math.floor((setting.width - BETWEEN) / 2) : setting.width, height: wide ? 220 : 190 };
}

export function charts(setting: Setting, figures: Figures): Tree {
  if (figures.days.length === 0) {
    return section('charts', 'Day by day', h('p', { class: 'pf-note' }, 'No whole day is known yet.'));
  }
  return section(
    'charts',
    'Day by day',
    h(
      'div',
      { class: setting.width >= WIDE ? 'pf-chart-row pf-chart-row-wide' : 'pf-chart-row' },
      plots(figures).map((plot) => chart(setting, plot)),
    ),
    legend(setting, figures),
  );
}

function chart(setting: Setting, plot: Plot): Tree {
  const name = `${setting.name}-${plot.id}`;
  const size = chartSize(setting, plot.id);
  return h(
    'figure',
    { class: `pf-chart pf-chart-${plot.id}`, key: plot.id, 'data-chart': plot.id },
    h(
      'figcaption',
      {},
      label(setting, plot.id, undefined, plot.title),
      plot.unit !== '' && h('span', { class: 'pf-unit' }, ` ${plot.unit}`),
      plot.lines.length > 1 &&
        h(
          'span',
          { class: 'pf-keys' },
          plot.lines.map(({ name: line, style }) => h('span', { class: 'pf-key' }, lineSign(style), line)),
        ),
    ),
    setting.opens && h('p', { class: 'pf-readout', 'data-own': 'readout', 'aria-hidden': 'true' }),
    h(
      'div',
      { class: 'pf-plot' },
      image(plot, size, name),
      setting.opens &&
        h('div', {
          class: 'pf-scrub',
          'data-own': 'scrub',
          role: 'slider',
          tabindex: '0',
          'aria-label': `${plot.title}, day by day`,
          'aria-valuemin': '0',
          'aria-valuemax': String(plot.days.length - 1),
          'aria-valuenow': String(plot.days.length - 1),
        }),
    ),
    setting.opens &&
      h(
        'details',
        { class: 'pf-as-table', 'data-table': plot.id },
        h('summary', {}, 'As a table'),
        h('div', { 'data-own': 'table' }),
      ),
  );
}

function lineSign(style: string): Tree {
  return h(
    'svg',
    { class: 'pf-sign', viewBox: '0 0 18 8', width: 18, height: 8, 'aria-hidden': 'true' },
    h('path', { class: `pf-line pf-${style}`, d: 'M0,4L18,4' }),
  );
}

/** How the days are known, with the signs that stand under each chart. */
export function legend(setting: Setting, { days }: Figures): Tree {
  const found = MARKS.map((mark) => ({ mark, times: days.filter((day) => day.mark === mark).length }));
  return h(
    'p',
    { class: 'pf-legend' },
    'Under each chart, ',
    label(setting, 'how', undefined, 'how each day is known'),
    ': ',
    found
      .filter(({ times }) => times > 0)
      .map(({ mark, times }) =>
        h('span', { class: 'pf-key' }, markSign(mark), `${mark} ${counted(String(times), 'day')}`),
      ),
  );
}
