//! What stands at the top: the environment, the return of the equity, and beside it what was realised.

import { counted, day, moment, shown } from './format.js';
import { exact, figure, label, number, type Setting } from './parts.js';
import { MARKS, count, list, text, value, type Figures, type Value } from './read.js';
import { reason } from './reasons.js';
import { h, type Tree } from './tree.js';

const ENVIRONMENTS: Readonly<Record<string, string>> = {
  development: 'Development: no protected hardware stands behind these figures, and nobody has to believe them.',
  sandbox: 'Sandbox: the test network of the exchange. No real money was at work.',
};

/** A band over all that is not live. */
export function environment({ environment: name }: Figures): Tree {
  if (name === 'live') return h('p', { class: 'pf-stamp', key: 'environment' }, 'Live account');
  const said = Object.hasOwn(ENVIRONMENTS, name)
    ? ENVIRONMENTS[name]
    : `Environment: ${name || 'not told'}. These are not the figures of a live account.`;
  return h('p', { class: name === 'development' ? 'pf-band pf-band-development' : 'pf-band', key: 'environment' }, said);
}

export function headline(setting: Setting, figures: Figures): Tree {
  const { returns, risk, currency } = figures;
  const twr = value(returns, 'twr');
  return h(
    'section',
    { class: 'pf-section pf-headline', key: 'headline', 'aria-label': 'Headline' },
    h(
      'div',
      { class: 'pf-hero' },
      h('p', { class: 'pf-hero-name' }, label(setting, 'twr', exact(twr, ''))),
      h('p', { class: 'pf-hero-number' }, number(twr, 'return')),
      h('p', { class: 'pf-note' }, period(figures)),
      figures.restartedAt !== '' && restarted(setting, figures.restartedAt),
      setting.opens && rests(figures),
    ),
    h(
      'dl',
      { class: 'pf-figures-list' },
      figure(setting, 'equity', figures.equity, 'money', currency),
      figure(setting, 'gain', figures.gain, 'change', currency),
      figure(setting, 'net_flow', figures.netFlow, 'flow', currency),
      figure(setting, 'max_drawdown', value(risk, 'max_drawdown'), 'percent'),
      figure(setting, 'sharpe', value(risk, 'sharpe'), 'ratio'),
      figure(setting, 'twr_annualized', value(returns, 'twr_annualized'), 'return'),
    ),
    realised(setting, figures),
  );
}

/** A record that was erased had a past that these figures leave out. */
export function restarted(setting: Setting, at: string): Tree {
  return h(
    'p',
    { class: 'pf-note pf-warning', key: 'restarted' },
    label(setting, 'record_restarted_at', moment(at), `This record began anew on ${day(at)}`),
    ': its holder had erased it.',
  );
}

/** The detail beside the return: what was realised, and how much of what was sold that covers. */
function realised(setting: Setting, { trades, tradeStats, currency }: Figures): Tree {
  return h(
    'dl',
    { class: 'pf-figures-list pf-beside-list' },
    figure(setting, 'realized_net', value(trades, 'realized_net'), 'change', currency),
    figure(setting, 'matched_share', value(trades, 'matched_share'), 'percent'),
    figure(setting, 'win_rate', value(tradeStats, 'win_rate'), 'percent'),
    figure(setting, 'fees_valued', value(trades, 'fees_valued'), 'money', currency),
    figure(setting, 'volume', value(trades, 'volume'), 'money', currency),
    figure(setting, 'fills', value(trades, 'fills'), 'count'),
  );
}

/** From when to when, and in which currency. */
export function period({ total, asOf, currency, days, coverage }: Figures): string {
  const equity = total?.['equity'];
  const from =
    typeof equity === 'object' && equity !== null && 'from' in equity
      ? text(equity.from)
      : text(coverage['history_from']);
  const span = from === '' ? `As of ${moment(asOf)}` : `${day(from)} to ${moment(asOf)}`;
  return [
    span,
    currency === '' ? '' : `in ${currency}`,
    days.length === 0 ? '' : counted(String(days.length), 'whole day'),
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

/** Coverage in a line, beside the return: the section below tells more. */
function rests({ coverage }: Figures): Tree {
  const days = MARKS.map((mark) => [mark, value(coverage, `days_${mark}`).text] as const).filter(
    ([mark, times]) => times !== null && (times !== '0' || mark === 'observed' || mark === 'missing'),
  );
  const unread = list(coverage['unread']).length;
  const said = [
    days.length === 0 ? '' : `Days ${days.map(([mark, times]) => `${mark} ${shown(times ?? '', 'count')}`).join(', ')}`,
    `residual ${bps(value(coverage, 'residual_bps'))}`,
    unread === 0 ? '' : `${unread} not read`,
  ].filter((part) => part !== '');
  return h('p', { class: `pf-note${unread === 0 ? '' : ' pf-warning'}` }, said.join(' · '));
}

function bps({ text: number, why }: Value): string {
  return number !== null ? shown(number, 'bps') : `— (${why === null ? 'no reason given' : reason(why)})`;
}

/** While nothing was collected, how far it is. */
export function collecting({ sync, why }: Figures): Tree {
  const done = Math.min(1, Math.max(0, count(sync['progress'])));
  const said =
    why === 'venue_not_answering'
      ? 'The exchange does not answer. The enclave goes on trying.'
      : why === 'key_no_longer_used'
        ? 'The key is no longer used, and nothing was collected with it.'
        : `The history is being read: ${Math.floor(done * 100)}%.`;
  return h(
    'section',
    { class: 'pf-section pf-collecting', key: 'collecting' },
    h('p', {}, said),
    h('progress', { max: '1', value: String(done), 'aria-label': 'How much of the history was read' }),
  );
}
