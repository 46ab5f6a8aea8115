//! Statistics of returns and of trades, and the heat map of months.

import { decimalText } from './decimal.js';
import { monthName, shown, type Kind } from './format.js';
import { cell, dashes, exact, figure, label, scrolling, section, type Setting } from './parts.js';
import { reason } from './reasons.js';
import { group, text, value, type Figures, type Group, type Value } from './read.js';
import { strength, years, type Month, type Year } from './series.js';
import { h, type Child, type Tree } from './tree.js';

type Row = readonly [id: string, kind: Kind];

/** Which trade figures a sheet of paper has room for, and which others it has not. */
const NOT_ON_PAPER = new Set([
  'modified_dietz',
  'simple_dietz',
  'max_drawdown_days',
  'var_hist_99',
  'cvar_hist_99',
  'tail_ratio',
]);
const ON_PAPER = new Set([
  'count',
  'win_rate',
  'profit_factor',
  'payoff_ratio',
  'expectancy',
  'average_win',
  'average_loss',
  'largest_loss',
  'average_holding_ms',
]);

const RETURNS: readonly Row[] = [
  ['mwr_period', 'return'],
  ['mwr_annualized', 'return'],
  ['modified_dietz', 'return'],
  ['simple_dietz', 'return'],
  ['cagr', 'return'],
  ['best_day', 'return'],
  ['worst_day', 'return'],
  ['best_month', 'return'],
  ['worst_month', 'return'],
  ['positive_days', 'percent'],
  ['positive_months', 'percent'],
];
const RISK: readonly Row[] = [
  ['volatility', 'percent'],
  ['downside_deviation', 'percent'],
  ['current_drawdown', 'percent'],
  ['longest_drawdown_days', 'days'],
  ['max_drawdown_days', 'days'],
  ['ulcer_index', 'percent'],
  ['var_hist_95', 'percent'],
  ['cvar_hist_95', 'percent'],
  ['var_hist_99', 'percent'],
  ['cvar_hist_99', 'percent'],
  ['tail_ratio', 'ratio'],
  ['skewness', 'ratio'],
  ['excess_kurtosis', 'ratio'],
];
const RATIOS: readonly Row[] = [
  ['sortino', 'ratio'],
  ['calmar', 'ratio'],
  ['omega', 'ratio'],
  ['martin_ratio', 'ratio'],
  ['recovery_factor', 'ratio'],
  ['psr_0', 'percent'],
  ['psr_1', 'percent'],
  ['min_track_record_obs', 'days'],
  ['dsr', 'percent'],
];
const BENCHMARK: readonly Row[] = [
  ['beta', 'ratio'],
  ['alpha', 'return'],
  ['correlation', 'ratio'],
  ['r_squared', 'ratio'],
  ['tracking_error', 'percent'],
  ['information_ratio', 'ratio'],
];
const TRADES: readonly Row[] = [
  ['count', 'count'],
  ['wins', 'count'],
  ['losses', 'count'],
  ['scratches', 'count'],
  ['win_rate', 'percent'],
  ['profit_factor', 'ratio'],
  ['payoff_ratio', 'ratio'],
  ['expectancy', 'change'],
  ['average_win', 'change'],
  ['average_loss', 'change'],
  ['largest_win', 'change'],
  ['largest_loss', 'change'],
  ['gross_profit', 'change'],
  ['gross_loss', 'change'],
  ['max_consecutive_wins', 'count'],
  ['max_consecutive_losses', 'count'],
  ['sqn', 'ratio'],
  ['kelly', 'percent'],
  ['average_holding_ms', 'duration'],
];

const REALISED: readonly Row[] = [
  ['realized_gross', 'change'],
  ['realized_fees', 'money'],
  ['realized_net', 'change'],
  ['matches', 'count'],
  ['matched_cost', 'money'],
  ['return_on_cost', 'return'],
  ['matched_share', 'percent'],
  ['unmatched_proceeds', 'money'],
];
const TRADES_ON_PAPER = TRADES.filter(([id]) => ON_PAPER.has(id));

/** The figures of a list, wherever among the groups they stand. */
function rows(setting: Setting, heading: string, ids: readonly Row[], ...groups: readonly Group[]): Tree {
  const of = (id: string): Value => value(groups.find((one) => id in one) ?? groups[0] ?? {}, id);
  return h(
    'div',
    { class: 'pf-block', key: heading },
    h('h3', {}, heading),
    h(
      'dl',
      { class: 'pf-rows' },
      ids
        .filter(([id]) => setting.opens || !NOT_ON_PAPER.has(id))
        .map(([id, kind]) => figure(setting, id, of(id), kind)),
    ),
  );
}

export function statistics(setting: Setting, figures: Figures): Tree {
  return section(
    'statistics',
    'Return and risk',
    fewReturns(figures),
    h('div', { class: 'pf-blocks' }, blocks(setting, figures)),
    h('p', { class: 'pf-note' }, parameters(figures.risk)),
  );
}

/** The same for a sheet of paper: with the trades that were closed, and `more` beside them. */
export function statisticsOnPaper(setting: Setting, figures: Figures, more: Tree): Tree {
  const closed = group(figures.total?.['trade_stats']);
  return section(
    'statistics',
    'Return, risk and costs',
    fewReturns(figures),
    h(
      'div',
      { class: 'pf-blocks pf-three' },
      blocks(setting, figures),
      rows(setting, `Closed trades, in ${figures.currency}`, TRADES_ON_PAPER, closed),
      more,
    ),
    h('p', { class: 'pf-note' }, parameters(figures.risk)),
  );
}

function blocks(setting: Setting, { total, risk, returns }: Figures): Tree[] {
  const benchmark = group(total?.['benchmark']);
  return [
    rows(setting, 'Return', RETURNS, returns, risk),
    rows(setting, 'Risk', RISK, risk),
    rows(setting, 'Return for risk', RATIOS, risk, group(total?.['confidence'])),
    rows(setting, `Against ${text(benchmark['asset']) || 'a benchmark'}`, BENCHMARK, benchmark),
  ];
}

function fewReturns({ risk }: Figures): Tree | null {
  if (risk['low_sample'] !== true) return null;
  return h('p', { class: 'pf-note pf-warning' }, 'Fewer than 30 daily returns: these say little yet.');
}

function parameters(risk: Group): string {
  const said = (name: string, kind: Kind): string => {
    const { text: number } = value(risk, name);
    return number === null ? '—' : shown(number, kind);
  };
  return (
    `A year is ${said('periods_per_year', 'count')} days. Risk-free rate ${said('risk_free_annual', 'percent')}, ` +
    `least return wanted ${said('mar_annual', 'percent')} a year. ${said('n_obs', 'count')} daily returns.`
  );
}

/** Closed trades and round trips beside each other. */
export function trades(setting: Setting, { total, currency }: Figures): Tree {
  const [closed, trips] = [group(total?.['trade_stats']), group(total?.['round_trip_stats'])];
  const values = TRADES.flatMap(([id]) => [value(closed, id), value(trips, id)]);
  return section(
    'trades',
    'Trades',
    closed['low_sample'] === true &&
      h('p', { class: 'pf-note pf-warning' }, 'Fewer than 30 trades: these say little yet.'),
    h(
      'div',
      { class: 'pf-blocks' },
      rows(setting, `What was realised, in ${currency}`, REALISED, total ?? {}),
      h(
        'div',
        { class: 'pf-block' },
        scrolling('Statistics of trades', tradeTable(setting, currency, closed, trips)),
        dashes(values),
      ),
    ),
  );
}

function tradeTable(setting: Setting, currency: string, closed: Group, trips: Group): Tree {
  return h(
    'table',
    { class: 'pf-table' },
    h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, `In ${currency}`), columns(['Closed trades', 'Round trips']))),
    h(
      'tbody',
      {},
      TRADES.map(([id, kind]) =>
        h(
          'tr',
          {},
          h('th', { scope: 'row' }, label(setting, id, exact(value(closed, id), ''))),
          cell(value(closed, id), kind),
          cell(value(trips, id), kind),
        ),
      ),
    ),
  );
}

function columns(names: readonly string[]): Tree[] {
  return names.map((name) => h('th', { scope: 'col', class: 'pf-n' }, name));
}

/** Returns by month and year: each cell has its number, its colour says the same. */
export function heatMap(setting: Setting, { months }: Figures): Tree {
  const found = years(months);
  const heading = setting.opens ? h('span', {}, label(setting, 'months')) : 'Return by month';
  if (found.length === 0) {
    return h(
      'section',
      { class: 'pf-section pf-months', key: 'months' },
      h('h2', {}, heading),
      h('p', { class: 'pf-note' }, 'No month yet.'),
    );
  }
  const part = found.some((year) => year.months.some((month) => month !== null && isPart(month)));
  return h(
    'section',
    { class: 'pf-section pf-months', key: 'months' },
    h('h2', {}, heading),
    scrolling(
      'Return by month',
      h(
        'table',
        { class: 'pf-table pf-heat' },
        h(
          'thead',
          {},
          h(
            'tr',
            {},
            h('th', { scope: 'col' }, 'Year'),
            columns(Array.from({ length: 12 }, (_, index) => monthName(index + 1))),
            columns(['In all']),
          ),
        ),
        h(
          'tbody',
          {},
          found.map((year) =>
            h(
              'tr',
              { key: year.year },
              h('th', { scope: 'row' }, String(year.year)),
              year.months.map(monthCell),
              yearCell(year),
            ),
          ),
        ),
      ),
    ),
    part &&
      h(
        'p',
        { class: 'pf-note' },
        '*: not all days of the month are in it. In all: the months of the year, compounded.',
      ),
    dashes(
      found.flatMap((year) => year.months.map((month) => ({ text: month?.return ?? null, why: month?.why ?? null }))),
    ),
  );
}

function isPart({ days, daysInMonth, return: earned }: Month): boolean {
  return earned !== null && days < daysInMonth;
}

function monthCell(month: Month | null): Tree {
  if (month === null) return h('td', { class: 'pf-n' });
  if (month.return === null) return cell({ text: null, why: month.why }, 'return');
  const said: Child =
    isPart(month) && h('span', { class: 'pf-part' }, '*', h('span', { class: 'pf-hidden' }, ` ${month.days} days`));
  return heatCell(month.return, `exactly ${month.return}, ${month.days} of ${month.daysInMonth} days`, said);
}

function yearCell({ return: earned }: Year): Tree {
  const text = earned === null ? null : decimalText(earned);
  if (text === null)
    return h(
      'td',
      { class: 'pf-n pf-none' },
      '—',
      h('span', { class: 'pf-hidden' }, ` ${reason('insufficient_data')}`),
    );
  return heatCell(text, 'its months, compounded', null);
}

function heatCell(earned: string, said: string, more: Child): Tree {
  const step = strength(Number(earned));
  const tone = step === 0 ? 'pf-heat-0' : step < 0 ? `pf-heat-down-${-step}` : `pf-heat-up-${step}`;
  return h('td', { class: `pf-n ${tone}`, title: said }, shown(earned, 'return'), more);
}
