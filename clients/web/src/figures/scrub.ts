//! The crosshair of a chart: it follows the pointer and the arrow keys, and says which day it is on.

import { counted, day, shown, shownNumber } from './format.js';
import { layout, round, type Plot, type Size } from './plot.js';
import { h, toElement } from './tree.js';

/** Puts the crosshair of a chart on a day (an index of its days), or takes it away. */
export function cross(figure: Element, plot: Plot, size: Size, index: number | null): void {
  const [group, readout, scrub] = ['.pf-cross', '.pf-readout', '.pf-scrub'].map((part) => figure.querySelector(part));
  const at = index === null ? undefined : plot.days[Math.min(Math.max(index, 0), plot.days.length - 1)];
  const shownIndex = at === undefined ? plot.days.length - 1 : plot.days.indexOf(at);
  scrub?.setAttribute('aria-valuemax', String(Math.max(0, plot.days.length - 1)));
  scrub?.setAttribute('aria-valuenow', String(Math.max(0, shownIndex)));
  scrub?.setAttribute('aria-valuetext', said(plot, shownIndex));
  readout?.replaceChildren(said(plot, shownIndex));
  if (at === undefined) {
    group?.replaceChildren();
    return;
  }
  const places = layout(plot, size);
  const x = round(places.x(at.number));
  const marks = plot.lines.flatMap(({ points }) => {
    const value = points[shownIndex]?.value ?? null;
    return value === null ? [] : [h('circle', { cx: x, cy: round(places.y(value)), r: 3.5 })];
  });
  const line = h('line', { x1: x, x2: x, y1: places.top, y2: places.bottom });
  group?.replaceChildren(...[line, ...marks].map((part) => toElement(part, true)));
}

/** A day of a chart in words. */
export function said({ days, lines, kind, id, unit }: Plot, index: number): string {
  const at = days[index];
  if (at === undefined) return 'no day';
  const values = lines.flatMap(({ name, points }, line) => {
    const value = points[index]?.value ?? null;
    // The answer's own digits, where the line is one of its numbers.
    const own = id === 'curve' && line === 0 && at.equity.text !== null ? shown(at.equity.text, kind) : null;
    const number = own ?? (value === null ? '—' : shownNumber(value, kind));
    return [
      `${lines.length > 1 ? `${name.toLowerCase()} ` : ''}${number}${unit === '' || number === '—' ? '' : ` ${unit}`}`,
    ];
  });
  return `${day(at.date)}: ${values.join(', ')} (${at.mark})`;
}

/** Where a key moves the crosshair, or null if it is not for it. */
export function moved(key: string, index: number, days: number): number | null {
  const by: Readonly<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowDown: -1,
    ArrowRight: 1,
    ArrowUp: 1,
    PageDown: -30,
    PageUp: 30,
    Home: -days,
    End: days,
  };
  const step = Object.hasOwn(by, key) ? by[key] : undefined;
  return step === undefined ? null : Math.min(Math.max(index + step, 0), days - 1);
}

/** The index of the day that is nearest to a place on the screen. */
export function nearest({ days }: Plot, wanted: number): number {
  let best = 0;
  for (const [index, { number }] of days.entries()) {
    if (Math.abs(number - wanted) < Math.abs((days[best]?.number ?? number) - wanted)) best = index;
  }
  return best;
}

/** How many days a table shows before all are asked for. */
export const DAYS_FIRST = 100;

/** The chart as a table, newest day first. */
export function table(plot: Plot, all: boolean): Element {
  const order = plot.days.map((_, index) => plot.days.length - 1 - index);
  const here = all ? order : order.slice(0, DAYS_FIRST);
  const unit = plot.unit === '' ? '' : `, ${plot.unit}`;
  const rows = here.flatMap((index) => {
    const at = plot.days[index];
    if (at === undefined) return [];
    const values = plot.lines.map(({ points }, line) => {
      const value = points[index]?.value ?? null;
      const own = plot.id === 'curve' && line === 0 ? at.equity.text : null;
      return own !== null ? shown(own, plot.kind) : value === null ? '—' : shownNumber(value, plot.kind);
    });
    return [
      h(
        'tr',
        {},
        h('th', { scope: 'row' }, at.date),
        values.map((value) => h('td', { class: 'pf-n' }, value)),
        h('td', {}, at.mark),
      ),
    ];
  });
  return toElement(
    h(
      'div',
      {},
      h(
        'div',
        { class: 'pf-scroll pf-tall', tabindex: '0', role: 'region', 'aria-label': `${plot.title}, as a table` },
        h(
          'table',
          { class: 'pf-table' },
          h(
            'thead',
            {},
            h(
              'tr',
              {},
              h('th', { scope: 'col' }, 'Day'),
              plot.lines.map(({ name }) => h('th', { scope: 'col', class: 'pf-n' }, `${name}${unit}`)),
              h('th', { scope: 'col' }, 'Known'),
            ),
          ),
          h('tbody', {}, rows),
        ),
      ),
      here.length < order.length &&
        h(
          'button',
          { type: 'button', class: 'pf-more', 'data-days': 'all' },
          `Show all ${counted(String(order.length), 'day')}`,
        ),
    ),
  );
}
