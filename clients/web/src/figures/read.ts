//! Figures of an answer, read with care: a number is its decimal text or the reason why there is none. What has an
//! unexpected form is a number without a reason, never an exception: a page shows the rest.

import { decimal, decimalText } from './decimal.js';

/** A number, or why there is none. */
export interface Value {
  readonly text: string | null;
  /** A code of docs/metrics.md; null beside a number, or where the answer gives no reason. */
  readonly why: string | null;
}

/** Some object of an answer. */
export type Group = Readonly<Record<string, unknown>>;

export function group(value: unknown): Group {
  return present(value) ?? {};
}

function present(value: unknown): Group | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Group) : null;
}

export function list(value: unknown): readonly Group[] {
  return Array.isArray(value) ? value.map(group) : [];
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The texts of a list. */
export function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(text) : [];
}

export function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

/** The number `name` of an object; `path` is its name in `why`, where that is longer. */
export function value(from: Group, name: string, path = name, why: unknown = from['why']): Value {
  const found = from[name];
  const said = typeof found === 'number' ? decimalText(found) : typeof found === 'string' ? found : null;
  if (said !== null && decimal(said) !== null) return { text: said, why: null };
  if (typeof why === 'string') return { text: null, why };
  return { text: null, why: text(group(why)[path]) || null };
}

/** The amounts of an object that has one for each name, as fees by asset. */
export function amounts(from: Group, name: string): readonly (readonly [name: string, amount: Value])[] {
  const of = group(from[name]);
  return Object.keys(of).map((asset) => [asset, value(of, asset, `${name}.${asset}`, from['why'])] as const);
}

/** How a day is known, best first. */
export const MARKS = ['observed', 'reconstructed', 'bridged', 'partial', 'missing'] as const;
export type Mark = (typeof MARKS)[number];

export interface Day {
  readonly date: string;
  /** Days since 1970, UTC. */
  readonly number: number;
  readonly mark: Mark;
  readonly equity: Value;
  readonly netFlow: Value;
  readonly return: Value;
  readonly residual: Value;
}

/** What a page shows of an answer, whether it was the headline or everything. */
export interface Figures {
  readonly environment: string;
  readonly currency: string;
  readonly asOf: string;
  readonly expires: string;
  readonly sync: Group;
  readonly coverage: Group;
  /** Null in a summary, and while nothing was collected. */
  readonly total: Group | null;
  /** Why there is no total. */
  readonly why: string | null;
  /** The headline. */
  readonly equity: Value;
  readonly gain: Value;
  readonly netFlow: Value;
  readonly returns: Group;
  readonly risk: Group;
  readonly trades: Group;
  readonly tradeStats: Group;
  /** Whether the answer has more than the headline. */
  readonly whole: boolean;
  readonly accounts: readonly Group[];
  readonly symbols: readonly Group[];
  readonly months: readonly Group[];
  readonly prices: readonly Group[];
  readonly transfers: number;
  readonly days: readonly Day[];
  /** Snapshots, and how far the store is; null where the answer says nothing of them. */
  readonly snapshots: Group | null;
  readonly checkpoint: Group | null;
  /** Days that were over and were told anew; null where the answer says nothing of it. */
  readonly restatements: Group | null;
  /** When the record began anew, or nothing. */
  readonly restartedAt: string;
}

/** Reads an answer: a summary or metrics. */
export function figures(body: unknown): Figures {
  const answer = group(body);
  const whole = 'total' in answer;
  const why = group(answer['why']);
  const total = typeof answer['total'] === 'object' && answer['total'] !== null ? group(answer['total']) : null;
  const common = {
    environment: text(answer['environment']),
    currency: text(answer['quote_currency']),
    asOf: text(answer['as_of']),
    expires: text(answer['session_expires']),
    sync: group(answer['sync']),
    coverage: coverage(answer),
    total,
    whole,
    accounts: list(answer['accounts']),
    symbols: list(answer['symbols']),
    months: list(answer['months']),
    prices: list(answer['prices']),
    transfers: count(answer['transfers']),
    days: list(total?.['days']).flatMap(dayOf),
    snapshots: present(answer['snapshots']),
    checkpoint: present(answer['checkpoint']),
    restatements: present(answer['restatements']),
    restartedAt: text(answer['record_restarted_at']),
  };
  if (!whole) return { ...common, ...headline(answer), why: null };
  const reason = text(why['total']) || text(Object.values(why)[0]) || null;
  if (total === null) return { ...common, ...nothing(reason), why: reason };
  const equity = group(total['equity']);
  return {
    ...common,
    why: null,
    equity: value(equity, 'equity'),
    gain: value(equity, 'gain'),
    netFlow: value(equity, 'net_flow'),
    returns: group(total['returns']),
    risk: group(total['risk']),
    trades: total,
    tradeStats: group(total['trade_stats']),
  };
}

type Headline = Pick<Figures, 'equity' | 'gain' | 'netFlow' | 'returns' | 'risk' | 'trades' | 'tradeStats'>;

/** The headline of a summary, whose reasons all stand in one `why` under their paths. */
function headline(answer: Group): Headline {
  const part = (name: string): Group => ({ ...group(answer[name]), why: under(group(answer['why']), name) });
  return {
    equity: value(answer, 'equity'),
    gain: value(answer, 'gain'),
    netFlow: value(answer, 'net_flow'),
    returns: part('return'),
    risk: part('return'),
    trades: part('trades'),
    tradeStats: part('trades'),
  };
}

/** Coverage, with the reasons that stand under its paths. */
function coverage(answer: Group): Group {
  const why = under(group(answer['why']), 'coverage');
  const reason = text(group(answer['why'])['total']);
  return { ...group(answer['coverage']), why: Object.keys(why).length === 0 && reason !== '' ? reason : why };
}

function under(why: Group, name: string): Group {
  const start = `${name}.`;
  const found = Object.entries(why).filter(([path]) => path.startsWith(start));
  return Object.fromEntries(found.map(([path, reason]) => [path.slice(start.length), reason]));
}

function nothing(why: string | null): Headline {
  const none = { text: null, why };
  const group = { why };
  return { equity: none, gain: none, netFlow: none, returns: group, risk: group, trades: group, tradeStats: group };
}

const MILLISECONDS_A_DAY = 86_400_000;

function dayOf(day: Group): Day[] {
  const date = text(day['date']);
  const at = /^\d{4}-\d{2}-\d{2}$/.test(date) ? Date.parse(`${date}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(at)) return [];
  const mark = MARKS.find((known) => known === day['mark']) ?? 'partial';
  return [
    {
      date,
      number: at / MILLISECONDS_A_DAY,
      mark,
      equity: value(day, 'equity'),
      netFlow: value(day, 'net_flow'),
      return: value(day, 'return'),
      residual: value(day, 'residual'),
    },
  ];
}
