//! Series of a record for its charts: equity, what was paid in, growth and drawdown (docs/metrics.md, Statistics of
//! daily returns). Doubles, for places on a screen; the numbers that are shown as text are those of the answer.

import { compareSizes, decimal } from './decimal.js';
import type { Day, Figures, Group, Mark } from './read.js';
import { group, text, value } from './read.js';

/** A day and its value; null where there is none. */
export interface Point {
  readonly day: number;
  readonly value: number | null;
}

export function equitySeries(days: readonly Day[]): Point[] {
  return days.map(({ number, equity }) => ({ day: number, value: equity.text === null ? null : Number(equity.text) }));
}

/** What was there at the beginning and what was paid in since, less what was taken out: equity without any gain. Null
 *  from the first flow that is not known. */
export function paidInSeries({ days, total }: Figures): Point[] {
  const opening = value(group(group(total?.['equity'])['explained']), 'opening').text;
  let paid = opening === null ? null : Number(opening);
  return days.map(({ number, netFlow, mark }) => {
    // A day without equity has its flows in the interval that ends at the next one.
    const flow = netFlow.text === null ? (isGap(mark) ? 0 : null) : Number(netFlow.text);
    paid = paid === null || flow === null ? null : paid + flow;
    return { day: number, value: paid };
  });
}

/** Whether a day has no equity and its return belongs to the interval that ends at a later one. */
function isGap(mark: Mark): boolean {
  return mark === 'bridged' || mark === 'partial' || mark === 'missing';
}

/** What one unit became, less the unit: V_i - 1, with V_i = V_(i-1)·(1 + r_i). A day that has no return is null; one
 *  whose return does not exist although it has equity ends the series. */
export function growthSeries(days: readonly Day[]): Point[] {
  let grown: number | null = 1;
  return days.map(({ number, return: earned, equity }) => {
    if (earned.text !== null && grown !== null) {
      grown *= 1 + Number(earned.text);
      return { day: number, value: grown - 1 };
    }
    if (equity.text !== null) grown = null;
    return { day: number, value: null };
  });
}

/** How far below the highest value so far: V_i / max(V_0..V_i) - 1. The start counts as a height. */
export function drawdownSeries(days: readonly Day[]): Point[] {
  let height = 1;
  return growthSeries(days).map(({ day, value: growth }) => {
    if (growth === null) return { day, value: null };
    height = Math.max(height, 1 + growth);
    return { day, value: height === 0 ? null : (1 + growth) / height - 1 };
  });
}

/** Runs of days that follow each other and have a value. */
export function runs(points: readonly Point[]): Point[][] {
  const found: Point[][] = [];
  let last: Point | null = null;
  for (const point of points) {
    if (point.value !== null) {
      const run = last !== null && last.value !== null && point.day === last.day + 1 ? found.at(-1) : undefined;
      if (run === undefined) found.push([point]);
      else run.push(point);
    }
    last = point;
  }
  return found;
}

/** A place on the screen. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** No more places than a screen can show: of each column of pixels the first, the lowest, the highest and the last, in
 *  their order. The line looks the same. */
export function downsampled(places: readonly Place[]): Place[] {
  const kept: Place[] = [];
  let at = 0;
  while (at < places.length) {
    const column = Math.floor(places[at]?.x ?? 0);
    const inColumn: Place[] = [];
    for (let place = places[at]; place !== undefined && Math.floor(place.x) === column; place = places[at]) {
      inColumn.push(place);
      at += 1;
    }
    kept.push(...outline(inColumn));
  }
  return kept;
}

function outline(column: readonly Place[]): Place[] {
  if (column.length <= 4) return [...column];
  let [low, high] = [0, 0];
  for (const [index, { y }] of column.entries()) {
    if (y < (column[low]?.y ?? y)) low = index;
    if (y > (column[high]?.y ?? y)) high = index;
  }
  const indices = [...new Set([0, low, high, column.length - 1])].sort((one, other) => one - other);
  return indices.flatMap((index) => column[index] ?? []);
}

/** A month of the heat map. */
export interface Month {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** The answer's own number, as text; null with its reason. */
  readonly return: string | null;
  readonly why: string | null;
  /** How many of its days are in the return, and how many it has. */
  readonly days: number;
  readonly daysInMonth: number;
}

export interface Year {
  readonly year: number;
  /** January to December; null where the answer has no such month. */
  readonly months: readonly (Month | null)[];
  /** Its months compounded; null if one of them has no return although the record covers it, or if none has one. */
  readonly return: number | null;
}

/** Years of months, oldest first, without holes between. */
export function years(months: readonly Group[]): Year[] {
  const read = months.flatMap(monthOf);
  const numbers = read.map(({ year }) => year);
  if (numbers.length === 0) return [];
  const [first, last] = [Math.min(...numbers), Math.max(...numbers)];
  return Array.from({ length: Math.min(last - first + 1, 100) }, (_, offset) => {
    const year = first + offset;
    const of = Array.from(
      { length: 12 },
      (_, index) => read.find((month) => month.year === year && month.month === index + 1) ?? null,
    );
    return { year, months: of, return: compounded(of) };
  });
}

/** Reasons why a month without any daily return is none of the record: it has just begun, or lies before it. */
const OUTSIDE = ['insufficient_data', 'history_missing'];

/** prod(1 + r) - 1 of the months that the record covers. */
function compounded(months: readonly (Month | null)[]): number | null {
  const counted = months.filter(
    (month): month is Month =>
      month !== null && !(month.return === null && month.days === 0 && OUTSIDE.includes(month.why ?? '')),
  );
  if (counted.length === 0 || counted.some((month) => month.return === null)) return null;
  return counted.reduce((grown, month) => grown * (1 + Number(month.return)), 1) - 1;
}

function monthOf(month: Group): Month[] {
  const [, year, number] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(text(month['month'])) ?? [];
  if (year === undefined || number === undefined) return [];
  const { text: earned, why } = value(month, 'return');
  return [
    {
      year: Number(year),
      month: Number(number),
      return: earned,
      why,
      days: typeof month['days'] === 'number' ? month['days'] : 0,
      daysInMonth: new Date(Date.UTC(Number(year), Number(number), 0)).getUTCDate(),
    },
  ];
}

/** How strong the colour of a return is, -5 to 5: fixed steps, so that accounts compare. */
export function strength(earned: number): number {
  const size = Math.abs(earned);
  const step = [0.0025, 0.01, 0.025, 0.05, 0.1].filter((least) => size >= least).length;
  return earned < 0 ? -step : step;
}

/** Symbols by the size of their realised profit, largest first; those in the reporting currency before others, as
 *  profits in different currencies have no order, and those without a number last. */
export function symbolsInOrder({ symbols, currency }: Figures): Group[] {
  const keyed = symbols.map((symbol) => ({
    symbol,
    asset: text(symbol['settlement_asset']),
    profit: value(symbol, 'realized_net').text,
  }));
  const rank = (asset: string): string => (asset === currency ? '' : asset);
  keyed.sort((one, other) => {
    if (rank(one.asset) !== rank(other.asset)) return rank(one.asset) < rank(other.asset) ? -1 : 1;
    return bySize(one.profit, other.profit) || compareText(text(one.symbol['symbol']), text(other.symbol['symbol']));
  });
  return keyed.map(({ symbol }) => symbol);
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** For an order: the larger without its sign first, what is no number last. */
function bySize(one: string | null, other: string | null): number {
  const [left, right] = [one, other].map((said) => (said === null ? null : decimal(said)));
  if (left === null || left === undefined) return right === null || right === undefined ? 0 : 1;
  return right === null || right === undefined ? -1 : compareSizes(right, left);
}
