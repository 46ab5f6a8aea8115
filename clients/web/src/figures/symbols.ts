//! The table of symbols, and where the change of equity comes from: costs, flows and results.

import { decimal, isZero } from './decimal.js';
import { title } from './definitions.js';
import { counted, shown, type Kind } from './format.js';
import { cell, dashes, exact, figure, label, number, scrolling, section, type Setting } from './parts.js';
import { amounts, group, text, value, type Figures, type Group, type Value } from './read.js';
import { symbolsInOrder } from './series.js';
import { h, type Tree } from './tree.js';

const COLUMNS: readonly (readonly [id: string, kind: Kind, group?: string])[] = [
  ['realized_net', 'change'],
  ['realized_gross', 'change'],
  ['fees_valued', 'money'],
  ['volume', 'money'],
  ['fills', 'count'],
  ['win_rate', 'percent', 'trade_stats'],
  ['matched_share', 'percent'],
  ['position', 'quantity'],
  ['average_entry', 'quantity'],
  ['open_cost', 'money'],
  ['unmatched_qty', 'quantity'],
];
const NOT_ON_PAPER = new Set(['open_cost', 'unmatched_qty']);
/** How many symbols are shown before all are asked for. */
export const SYMBOLS_FIRST = 12;

function columns({ opens }: Setting): typeof COLUMNS {
  return opens ? COLUMNS : COLUMNS.filter(([id]) => !NOT_ON_PAPER.has(id));
}

function columnValue(symbol: Group, id: string, name: string | undefined): Value {
  return value(name === undefined ? symbol : group(symbol[name]), id);
}

export function symbols(setting: Setting, figures: Figures, most = SYMBOLS_FIRST): Tree {
  const all = symbolsInOrder(figures);
  const here = setting.allSymbols ? all : all.slice(0, most);
  if (all.length === 0) return section('symbols', 'Symbols', h('p', { class: 'pf-note' }, 'Nothing was traded.'));
  const values = here.flatMap((symbol) => columns(setting).map(([id, , name]) => columnValue(symbol, id, name)));
  return section(
    'symbols',
    'Symbols',
    scrolling(
      'Symbols, by the size of their realised profit',
      h(
        'table',
        { class: 'pf-table pf-symbol-table' },
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            h('th', { scope: 'col' }, 'Symbol'),
            h('th', { scope: 'col' }, 'In'),
            columns(setting).map(([id]) => h('th', { scope: 'col', class: 'pf-n' }, label(setting, id, undefined))),
          ),
        ),
        h(
          'tbody',
          {},
          here.map((symbol) => symbolRow(setting, symbol)),
        ),
      ),
    ),
    dashes(values),
    more(setting, all.length, here.length),
  );
}

function symbolRow(setting: Setting, symbol: Group): Tree {
  return h(
    'tr',
    { key: text(symbol['symbol']) },
    h('th', { scope: 'row' }, text(symbol['symbol'])),
    h('td', {}, text(symbol['settlement_asset'])),
    columns(setting).map(([id, kind, name]) => cell(columnValue(symbol, id, name), kind)),
  );
}

function more(setting: Setting, all: number, here: number): Tree {
  const note = `${here === all ? `All ${counted(String(all), 'symbol')}` : `${here} of ${all} symbols`}, those with the largest realised profit or loss first.`;
  return h(
    'p',
    { class: 'pf-note' },
    note,
    setting.opens &&
      (here < all || setting.allSymbols) &&
      all > SYMBOLS_FIRST &&
      h(
        'button',
        { type: 'button', class: 'pf-more', 'data-symbols': 'toggle' },
        here < all ? `Show all ${all}` : 'Show fewer',
      ),
  );
}

type Line = readonly [name: string, said: string];

/** What came from outside, and what was earned or lost: with the opening they add up to the closing. */
const FLOWS: readonly Line[] = [
  ['deposit', 'Deposits'],
  ['withdrawal', 'Withdrawals'],
  ['transfer', 'Transfers'],
  ['airdrop', 'Airdrops'],
  ['joined', 'Accounts that joined'],
  ['newly_priced', 'Coins that got a price'],
  ['unexplained_in', 'Unexplained increases'],
];
const RESULTS: readonly Line[] = [
  ['trading', 'Trading, before fees'],
  ['fees', 'Fees of fills'],
  ['funding', 'Funding'],
  ['interest', 'Interest'],
  ['rebate', 'Rebates'],
  ['network_fee', 'Network fees'],
  ['liquidation', 'Liquidations'],
  ['conversion', 'Conversions'],
  ['dust', 'Dust conversions'],
  ['unexplained_out', 'Unexplained decreases'],
];
const COSTS = ['fees', 'funding', 'interest', 'rebate', 'network_fee', 'liquidation'];

function explained(figures: Figures): Group {
  const equity = group(figures.total?.['equity']);
  const of = group(equity['explained']);
  const why = group(equity['why']);
  const under = Object.entries(why).map(([name, code]) => [name.replace(/^explained\./, ''), code]);
  return { ...of, why: text(why['explained']) || { ...Object.fromEntries(under), ...group(of['why']) } };
}

/** Where the change of equity comes from, to the last digit. */
export function change(setting: Setting, figures: Figures): Tree {
  const of = explained(figures);
  const nothing: string[] = [];
  const lines = (list: readonly Line[], kind: Kind): Tree[] =>
    list.flatMap(([name, said]) => {
      const amount = value(of, name);
      if (isNothing(amount)) {
        nothing.push(said.toLowerCase());
        return [];
      }
      return [row(said, amount, kind, 'pf-part-row')];
    });
  const [flows, results] = [lines(FLOWS, 'flow'), lines(RESULTS, 'change')];
  return h(
    'div',
    { class: 'pf-block', key: 'change' },
    h('h3', {}, label(setting, 'explained'), h('span', { class: 'pf-unit' }, ` ${figures.currency}`)),
    h(
      'table',
      { class: 'pf-table pf-sum' },
      h(
        'thead',
        { class: 'pf-hidden' },
        h('tr', {}, h('th', { scope: 'col' }, 'Part'), h('th', { scope: 'col' }, 'Amount')),
      ),
      h(
        'tbody',
        {},
        row('At the beginning', value(of, 'opening'), 'money', 'pf-sum-row'),
        row(title('net_flow'), figures.netFlow, 'flow', 'pf-sum-row'),
        flows,
        row(title('gain'), figures.gain, 'change', 'pf-sum-row'),
        results,
        row('At the end', value(of, 'closing'), 'money', 'pf-sum-row'),
      ),
    ),
    nothing.length > 0 && h('p', { class: 'pf-note' }, `Nothing in: ${nothing.join(', ')}.`),
  );
}

function isNothing({ text: said }: Value): boolean {
  const amount = said === null ? null : decimal(said);
  return amount !== null && isZero(amount);
}

function row(said: string, amount: Value, kind: Kind, name: string): Tree {
  return h(
    'tr',
    { class: name, key: said },
    h('th', { scope: 'row' }, said),
    h('td', { class: 'pf-n' }, number(amount, kind)),
  );
}

/** What it cost: fees, funding, interest and network fees; and the fees in the coins they were paid in. */
export function costs(setting: Setting, figures: Figures): Tree {
  const of = explained(figures);
  const names = new Map([...FLOWS, ...RESULTS]);
  const unvalued = amounts(figures.trades, 'fees_unvalued');
  return h(
    'div',
    { class: 'pf-block', key: 'costs' },
    h('h3', {}, 'Costs', h('span', { class: 'pf-unit' }, ` ${figures.currency}`)),
    h(
      'dl',
      { class: 'pf-rows' },
      COSTS.map((name) => {
        const amount = value(of, name);
        const id = name === 'fees' ? 'fees_valued' : 'explained';
        return h(
          'div',
          { class: 'pf-figure', key: name },
          h('dt', {}, label(setting, id, exact(amount, figures.currency), names.get(name) ?? name)),
          h('dd', {}, number(amount, 'change')),
        );
      }),
      figure(setting, 'realized_fees', value(figures.trades, 'realized_fees'), 'money'),
      figure(setting, 'maker_share', value(figures.trades, 'maker_share'), 'percent'),
      figure(setting, 'turnover', value(group(figures.total?.['equity']), 'turnover'), 'ratio'),
    ),
    byAsset(setting, 'fees_by_asset', amounts(figures.trades, 'fees_by_asset')),
    unvalued.length > 0 && byAsset(setting, 'fees_unvalued', unvalued),
  );
}

/** Quantities by asset, in a line. */
function byAsset(setting: Setting, id: string, list: readonly (readonly [string, Value])[]): Tree {
  const said = list.map(([asset, amount]) => `${amount.text === null ? '—' : shown(amount.text, 'quantity')} ${asset}`);
  const whole = list.map(([asset, amount]) => exact(amount, asset)).join(', ');
  return h(
    'p',
    { class: 'pf-note', key: id },
    label(setting, id, whole),
    ': ',
    said.length === 0 ? 'none' : said.join(' · '),
  );
}
