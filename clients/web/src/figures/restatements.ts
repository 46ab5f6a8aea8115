//! Days that were over and were told anew: how often, the latest first, from which day on, and why. Nothing where it never was.

import { counted, day, moment, shown } from './format.js';
import { label, scrolling, section, type Setting } from './parts.js';
import { count, list, text, type Figures, type Group } from './read.js';
import { h, type Child, type Tree } from './tree.js';

/** Rows that are shown before the rest is folded away. */
const ROWS_SHOWN = 7;

const CAUSES: Readonly<Record<string, string>> = {
  movement_read_later: 'a deposit, withdrawal or transfer was read later',
  fills_read_later: 'fills were read later',
  history_reach: 'the history begins elsewhere, or has other gaps',
  price_read_later: 'a price or a balance was read later',
};

/** A cause in words; one that is not known here is shown as it is. */
function cause(code: string): string {
  return Object.hasOwn(CAUSES, code) ? (CAUSES[code] ?? code) : code;
}

/** The section; none of an answer that says nothing of it, or that it never was. */
export function restatements(setting: Setting, { restatements: of }: Figures): Tree | null {
  const times = count(of?.['count']);
  if (times === 0) return null;
  const told = [...list(of?.['list'])].reverse();
  const earlier = times - told.length;
  return section(
    'restatements',
    'Told anew',
    h(
      'p',
      { class: 'pf-note' },
      label(setting, 'restatements', often(times), `${often(times)}:`),
      ' days that were over have other figures since. An answer that was kept from before is not wrong: it is older.',
    ),
    told.length > 0 && table('Days that were told anew', told.slice(0, ROWS_SHOWN)),
    told.length > ROWS_SHOWN &&
      h(
        'details',
        { class: 'pf-as-table', key: 'restated' },
        h('summary', {}, `Earlier ones (${counted(String(told.length - ROWS_SHOWN), 'row')})`),
        table('Days that were told anew earlier', told.slice(ROWS_SHOWN)),
      ),
    earlier > 0 && h('p', { class: 'pf-note' }, `${whole(earlier)} earlier ${earlier === 1 ? 'one is' : 'ones are'} counted and not listed.`),
  );
}

/** How often, and the last of them, in a line; null if it never was. */
export function inALine({ restatements: of }: Figures): string | null {
  const times = count(of?.['count']);
  if (times === 0) return null;
  const last = list(of?.['list']).at(-1);
  if (last === undefined) return often(times);
  const { at, days, why } = row(last);
  return `${often(times)}, last on ${day(at)} (${counted(days, 'day')}): ${why}`;
}

function often(times: number): string {
  return counted(whole(times), 'time');
}

function whole(number: number): string {
  return shown(String(number), 'count');
}

function row(of: Group): { at: string; from: string; days: string; why: string } {
  return { at: text(of['at']), from: day(text(of['from'])), days: whole(count(of['days'])), why: cause(text(of['cause'])) };
}

function table(said: string, told: readonly Group[]): Child {
  return scrolling(
    said,
    h(
      'table',
      { class: 'pf-table pf-because' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', { scope: 'col' }, 'Told anew on'),
          h('th', { scope: 'col' }, 'From'),
          h('th', { scope: 'col', class: 'pf-n' }, 'Days'),
          h('th', { scope: 'col' }, 'Because'),
        ),
      ),
      h(
        'tbody',
        {},
        told.map(row).map(({ at, from, days, why }) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row', title: moment(at) }, day(at)),
            h('td', {}, from),
            h('td', { class: 'pf-n' }, days),
            h('td', {}, why),
          ),
        ),
      ),
    ),
  );
}
