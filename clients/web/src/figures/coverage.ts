//! What the figures rest on, and what they cannot see. It is never left out.

import { counted, day, moment, shown } from './format.js';
import { exact, label, number, scrolling, section, type Setting } from './parts.js';
import { markSign } from './plot.js';
import { reason } from './reasons.js';
import { MARKS, count, group, list, text, texts, value, type Figures, type Group } from './read.js';
import { inALine } from './restatements.js';
import { sum } from './snapshots.js';
import { h, type Child, type Tree } from './tree.js';

export function coverage(setting: Setting, figures: Figures): Tree {
  const of = figures.coverage;
  return section(
    'coverage',
    'Coverage',
    setting.opens &&
      h('p', { class: 'pf-note' }, 'A number without its coverage misleads: what these figures rest on.'),
    days(setting, of),
    h(
      'dl',
      { class: 'pf-facts' },
      fact(label(setting, 'residual', exact(value(of, 'residual'), figures.currency)), residual(figures)),
      fact(
        label(setting, 'residual_bps', exact(value(of, 'residual_bps'), 'bps')),
        number(value(of, 'residual_bps'), 'bps'),
      ),
      fact(label(setting, 'key_rights'), text(of['key_rights']) || '—'),
      fact(label(setting, 'history'), history(of)),
      fact('Why not further back', text(of['history_limit']) || '—'),
      fact(label(setting, 'unread'), unread(list(of['unread']))),
      unseen(texts(of['cannot_see'])),
      unpriced(setting, figures),
      setting.opens ? store(setting, figures) : [onPaper(setting, figures), anewOnPaper(setting, figures)],
      ...accounts(figures),
    ),
    flags(figures),
    figures.prices.length > 0 && prices(figures.prices),
  );
}

function fact(name: Child, said: Child): Tree {
  return h('div', { class: 'pf-fact' }, h('dt', {}, name), h('dd', {}, said));
}

/** How many days stand on what: in numbers, and as one bar. */
function days(setting: Setting, of: Group): Tree {
  const counts = MARKS.map((mark) => ({ mark, days: value(of, `days_${mark}`) }));
  return h(
    'div',
    { class: 'pf-days' },
    h('h3', {}, label(setting, 'coverage')),
    h(
      'ul',
      { class: 'pf-day-counts' },
      counts.map(({ mark, days: known }) =>
        h(
          'li',
          {},
          markSign(mark),
          h('span', {}, number(known, 'count'), known.text === null ? ` (${mark})` : ` ${mark}`),
        ),
      ),
    ),
  );
}

function residual({ coverage: of, currency }: Figures): Child {
  return number(value(of, 'residual'), 'change', currency);
}

function history(of: Group): string {
  const said = (name: string, from: string, show: (time: string) => string): string =>
    text(of[name]) === '' ? '' : `${from} ${show(text(of[name]))}`;
  const parts = [
    said('history_from', 'read from', moment),
    said('first_fill', 'first fill', day),
    said('last_fill', 'last fill', moment),
  ].filter((part) => part !== '');
  return parts.length === 0 ? '—' : parts.join('; ');
}

function unread(sources: readonly Group[]): Child {
  if (sources.length === 0) return 'nothing that should have been';
  return h(
    'ul',
    { class: 'pf-warning' },
    sources.map((source) => h('li', {}, `${text(source['what'])}: ${reason(text(source['why']))}`)),
  );
}

/** What the exchange never tells, or the account was not registered for. */
function unseen(sources: readonly string[]): Tree | null {
  if (sources.length === 0) return null;
  return fact('Out of sight', h('ul', {}, sources.map((source) => h('li', {}, source))));
}

function unpriced(setting: Setting, { total }: Figures): Tree | null {
  const held = list(group(total?.['equity'])['unpriced']);
  if (held.length === 0) return null;
  const said = held.map((one) => `${shown(text(one['held']), 'quantity')} ${text(one['asset'])}`);
  return fact(label(setting, 'unpriced'), said.join(', '));
}

/** How far the store is. What that is good for stands in the definition. */
function store(setting: Setting, { checkpoint: of }: Figures): Tree | null {
  if (of === null) return null;
  return fact(label(setting, 'checkpoint', `${count(of['seq'])}, root ${text(of['root'])}`), state(of));
}

/** The same on paper, in one line with the snapshots, which have a section of their own on a page. */
function onPaper(setting: Setting, { snapshots, checkpoint }: Figures): Tree | null {
  const said = [snapshots && sum(snapshots), checkpoint && `store at ${state(checkpoint)}`].filter((part) => part !== null);
  return said.length === 0 ? null : fact(label(setting, 'snapshots'), said.join('; '));
}

/** How often days were told anew, on paper; it too has a section of its own on a page. */
function anewOnPaper(setting: Setting, figures: Figures): Tree | null {
  const said = inALine(figures);
  return said === null ? null : fact(label(setting, 'restatements'), said);
}

function state(of: Group): string {
  const seq = shown(String(count(of['seq'])), 'count');
  return `state ${seq}, ${of['anchored'] === true ? 'anchored' : 'not anchored'}`;
}

/** Whose figures these are; several accounts with their own returns. */
function accounts({ accounts: all, transfers, currency }: Figures): Tree[] {
  return all.map((account) => {
    const equity = value(group(account['equity']), 'equity');
    const own =
      all.length < 2
        ? []
        : [
            '; equity ',
            number(equity, 'money', currency),
            ', return ',
            number(value(group(account['returns']), 'twr'), 'return'),
          ];
    const types = Array.isArray(account['types'])
      ? account['types'].filter((type) => typeof type === 'string').join(', ')
      : '';
    const moved = transfers > 0 && all.length > 1 ? `; ${counted(String(transfers), 'transfer')} between accounts` : '';
    return fact('Account', [`${text(account['venue'])}: ${types}${moved}`, own]);
  });
}

/** What makes figures weaker than they look. */
export function flags({ total, trades }: Figures): Tree | null {
  const equity = group(total?.['equity']);
  const late = count(equity['lateness_ms_max']);
  const said = [
    equity['low_sample'] === true && 'Fewer than 30 daily returns.',
    equity['negative_equity'] === true && 'Equity was below zero on some day: it counts as zero in a return.',
    count(equity['approximated_days']) > 0 &&
      `${counted(String(count(equity['approximated_days'])), 'interval')} with a large flow that could not be valued at its instant: the return is an estimate there.`,
    trades['incomplete_basis'] === true && 'Some sales have no known cost: realised profit is that of the rest.',
    late > 0 && `Balances were read at most ${shown(String(late), 'duration')} after midnight.`,
  ].filter((flag) => flag !== false);
  return said.length === 0
    ? null
    : h(
        'ul',
        { class: 'pf-flags' },
        said.map((flag) => h('li', {}, flag)),
      );
}

function prices(used: readonly Group[]): Tree {
  const path = (one: Group): string =>
    Array.isArray(one['path']) ? one['path'].filter((pair) => typeof pair === 'string').join(' → ') : '';
  const names = ['Asset', 'In', 'Pairs', 'Candle'];
  return h(
    'details',
    { class: 'pf-as-table', key: 'prices' },
    h('summary', {}, `Prices that were used (${used.length})`),
    scrolling(
      'Prices that were used',
      h(
        'table',
        { class: 'pf-table' },
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            names.map((name) => h('th', { scope: 'col' }, name)),
            ['Fills', 'Valuations'].map((name) => h('th', { scope: 'col', class: 'pf-n' }, name)),
          ),
        ),
        h(
          'tbody',
          {},
          used.map((one) =>
            h(
              'tr',
              {},
              h('th', { scope: 'row' }, text(one['asset'])),
              [text(one['quote']), path(one), text(one['interval'])].map((said) => h('td', {}, said)),
              [count(one['fills']), count(one['valuations'])].map((times) =>
                h('td', { class: 'pf-n' }, shown(String(times), 'count')),
              ),
            ),
          ),
        ),
      ),
    ),
  );
}
