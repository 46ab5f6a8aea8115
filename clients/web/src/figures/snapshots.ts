//! Snapshots that the enclave takes by itself: how many there are, and which were missed, when and why. Calm where none was.

import { counted, day, moment, shown } from './format.js';
import { label, number, scrolling, section, type Setting } from './parts.js';
import { count, list, text, value, type Figures, type Group } from './read.js';
import { h, type Child, type Tree } from './tree.js';

/** Rows that are shown before the rest is folded away. */
const ROWS_SHOWN = 7;

const CAUSES: Readonly<Record<string, string>> = {
  enclave_down: 'the enclave did not run, or had no key',
  venue_not_answering: 'the exchange did not answer',
  store_unavailable: 'what was read could not be stored',
  sync_in_progress: 'the history was still being read',
};

/** Every cause that has words. */
export const SNAPSHOT_CAUSES: readonly string[] = Object.keys(CAUSES);

/** A cause in words; one that is not known here is shown as it is. */
function cause(code: string): string {
  return Object.hasOwn(CAUSES, code) ? (CAUSES[code] ?? code) : code;
}

/** The section; none of an answer that says nothing of snapshots. */
export function snapshots(setting: Setting, { snapshots: of, currency }: Figures): Tree | null {
  if (of === null) return null;
  const misses = list(of['misses']);
  return section(
    'snapshots',
    'Snapshots',
    h(
      'p',
      { class: 'pf-note' },
      'While it may use the key, the enclave takes the equity by itself, twice a day. Nobody can ask for one, skip one or write one anew.',
    ),
    h(
      'dl',
      { class: 'pf-facts' },
      fact(label(setting, 'snapshots', sum(of), 'Taken and missed'), sum(of)),
      typeof of['last'] === 'object' && of['last'] !== null && fact('The last one', last(of['last'] as Group, currency)),
    ),
    count(of['missed']) > 0 && [bar(of, misses), when(misses, count(of['missed']))],
  );
}

/** How many were taken and missed, in a line. */
export function sum(of: Group): string {
  const [taken, missed] = [count(of['taken']), count(of['missed'])];
  if (taken + missed === 0) return 'none was due yet';
  return `${times(taken)} taken, ${missed === 0 ? 'none' : times(missed)} missed`;
}

function fact(name: Child, said: Child): Tree {
  return h('div', { class: 'pf-fact' }, h('dt', {}, name), h('dd', {}, said));
}

function times(number: number): string {
  return shown(String(number), 'count');
}

function last(taken: Group, currency: string): Child {
  const equity = value(taken, 'equity');
  return [
    moment(text(taken['taken'])),
    ': ',
    equity.text === null ? 'the equity had no value then' : number(equity, 'money', currency),
  ];
}

/** Taken and missed as one bar, and what its parts are. */
function bar(of: Group, misses: readonly Group[]): Child {
  const missed = count(of['missed']);
  const causes = [...SNAPSHOT_CAUSES, ...misses.map((miss) => text(miss['cause']))];
  const parts = [...new Set(causes)]
    .map((code) => ({ code, number: misses.filter((miss) => text(miss['cause']) === code).length }))
    .filter(({ number }) => number > 0);
  const untold = Math.max(0, missed - misses.length);
  const all = [
    { name: 'taken', said: 'taken', number: count(of['taken']) },
    ...parts.map(({ code, number }) => ({
      name: SNAPSHOT_CAUSES.includes(code) ? code.replaceAll('_', '-') : 'untold',
      said: `missed: ${cause(code)}`,
      number,
    })),
    { name: 'untold', said: 'missed before those', number: untold },
  ].filter(({ number }) => number > 0);
  const whole = all.reduce((total, { number }) => total + number, 0);
  let at = 0;
  const rects = all.map(({ name, number }) => {
    // What is rare is still seen.
    const width = Math.max((number / whole) * 1000, 4);
    const rect = h('rect', { class: `pf-slot pf-slot-${name}`, x: at.toFixed(1), y: '0', width: width.toFixed(1), height: '10' });
    at += width;
    return rect;
  });
  return [
    h(
      'svg',
      { class: 'pf-slots', viewBox: `0 0 ${at.toFixed(1)} 10`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
      rects,
    ),
    h(
      'ul',
      { class: 'pf-day-counts' },
      all.map(({ name, said, number }) => h('li', {}, sign(name), h('span', {}, `${times(number)} ${said}`))),
    ),
  ];
}

function sign(name: string): Tree {
  return h(
    'svg',
    { class: 'pf-sign', viewBox: '0 0 10 10', width: '10', height: '10', 'aria-hidden': 'true' },
    h('rect', { class: `pf-slot pf-slot-${name}`, width: '10', height: '10' }),
  );
}

/** The misses by day and cause, the latest first. */
function when(misses: readonly Group[], missed: number): Child {
  const rows = new Map<string, { day: string; why: string; hours: string[] }>();
  for (const miss of [...misses].reverse()) {
    const due = text(miss['due']);
    const [date, why] = [day(due), cause(text(miss['cause']))];
    const row = rows.get(`${date} ${why}`) ?? { day: date, why, hours: [] };
    rows.set(`${date} ${why}`, row);
    const hour = moment(due).split(', ')[1]?.replace(' UTC', '');
    if (hour !== undefined && !row.hours.includes(hour)) row.hours.unshift(hour);
  }
  const [shownRows, more] = [[...rows.values()].slice(0, ROWS_SHOWN), [...rows.values()].slice(ROWS_SHOWN)];
  const untold = missed - misses.length;
  return [
    table('Snapshots that were missed', shownRows),
    more.length > 0 &&
      h(
        'details',
        { class: 'pf-as-table', key: 'missed' },
        h('summary', {}, `Earlier ones (${counted(String(more.length), 'row')})`),
        table('Snapshots that were missed earlier', more),
      ),
    untold > 0 &&
      h('p', { class: 'pf-note' }, `These are the latest ${misses.length}; ${times(untold)} earlier ones are counted and not listed.`),
  ];
}

function table(said: string, rows: readonly { day: string; why: string; hours: readonly string[] }[]): Tree {
  return scrolling(
    said,
    h(
      'table',
      { class: 'pf-table pf-missed' },
      h('thead', {}, h('tr', {}, ['Missed on', 'Due, UTC', 'Because'].map((name) => h('th', { scope: 'col' }, name)))),
      h(
        'tbody',
        {},
        rows.map(({ day: date, why, hours }) =>
          h('tr', {}, h('th', { scope: 'row' }, date), h('td', {}, hours.join(', ')), h('td', {}, why)),
        ),
      ),
    ),
  );
}
