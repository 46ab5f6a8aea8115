//! Numbers, times and durations as people read them. Every number comes as a decimal text.

import { decimal, decimalText, grouped, isZero, moveBy, placesFor, rounded } from './decimal.js';

/** What a number is of, and so how it is shown. A `flow` has its sign like a `change`, but is neither good nor bad. */
export type Kind =
  'money' | 'flow' | 'change' | 'quantity' | 'percent' | 'return' | 'ratio' | 'count' | 'days' | 'bps' | 'duration';

/** A number as it is shown; what is no number is shown as it came. */
export function shown(text: string, kind: Kind): string {
  const value = decimal(text);
  if (value === null) return text;
  switch (kind) {
    case 'money':
      return amount(text, 2, 8);
    case 'flow':
    case 'change':
      return signed(text, amount(text, 2, 8));
    case 'quantity':
      return trimmed(amount(text, significant(value.whole), 12));
    case 'percent':
      return `${grouped(rounded(moveBy(value, 2), 2))}%`;
    case 'return':
      return signed(text, `${grouped(rounded(moveBy(value, 2), 2))}%`);
    case 'ratio':
      return grouped(rounded(value, 2));
    case 'count':
      return grouped(rounded(value, 0));
    case 'days':
      return counted(grouped(rounded(value, 0)), 'day');
    case 'bps':
      return `${amount(text, 2, 6)} bps`;
    case 'duration':
      return duration(text);
  }
}

/** Two places, or more where a small number would be shown as nothing; what is smaller still says so. */
function amount(text: string, places: number, most: number): string {
  const value = decimal(text);
  if (value === null) return text;
  const at = rounded(value, placesFor(value, places, most));
  if (!isZero(at) || isZero(value)) return grouped(at);
  const least = `0.${'0'.repeat(most - 1)}1`;
  return value.negative ? `> −${least}` : `< ${least}`;
}

function signed(text: string, said: string): string {
  return !text.startsWith('-') && /[1-9]/.test(said) ? `+${said}` : said;
}

/** Places that leave about six digits. */
function significant(whole: string): number {
  return whole === '0' ? 6 : Math.max(0, 6 - whole.length);
}

function trimmed(said: string): string {
  return said.includes('.') ? said.replace(/\.?0+$/, '') : said;
}

/** A number with its word. */
export function counted(number: string, word: string): string {
  return `${number} ${number === '1' ? word : `${word}s`}`;
}

/** A double that only this page knows (an axis, a value at the crosshair), as it is shown. */
export function shownNumber(value: number, kind: Kind): string {
  const text = decimalText(value);
  return text === null ? '—' : shown(text, kind);
}

/** Milliseconds in the two largest units that they fill. */
function duration(text: string): string {
  const seconds = Number(BigInt(text.replace(/^-/, '').replace(/\..*$/, '')) / 1000n);
  const units: readonly (readonly [string, number])[] = [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ];
  const first = units.findIndex(([, size]) => seconds >= size);
  if (first < 0) return 'under 1 s';
  let rest = seconds;
  const parts = units.slice(first, first + 2).map(([unit, size]) => {
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    return whole === 0 ? '' : `${whole} ${unit}`;
  });
  return parts.filter((part) => part !== '').join(' ');
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const TIME = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?Z)?$/;

/** The name of a month, 1 to 12. */
export function monthName(month: number): string {
  return MONTHS[month - 1] ?? String(month);
}

/** An RFC 3339 date or time (UTC) as a day; what is none is shown as it came. */
export function day(text: string): string {
  const [, year, month, date] = TIME.exec(text) ?? [];
  return date === undefined ? text : `${Number(date)} ${monthName(Number(month))} ${year ?? ''}`;
}

/** An RFC 3339 time as day and minute. */
export function moment(text: string): string {
  const time = TIME.exec(text)?.[4];
  return time === undefined ? day(text) : `${day(text)}, ${time} UTC`;
}

/** How long ago, in words. */
export function ago(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000);
  if (minutes < 1) return 'less than a minute ago';
  if (minutes < 120) return `${counted(String(minutes), 'minute')} ago`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} hours ago` : `${Math.floor(hours / 24)} days ago`;
}
