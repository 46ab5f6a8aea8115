//! Times and counts as people read them.

const INSTANT = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'medium',
  timeStyle: 'short',
  timeZone: 'UTC',
});
const CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone: 'UTC' });
const COUNT = new Intl.NumberFormat('en-GB');

/** `28 Nov 2026, 10:17 UTC`; what is no time is said as it stands. */
export function instant(time: string | number): string {
  const date = new Date(typeof time === 'number' ? time * 1000 : time);
  return Number.isNaN(date.getTime()) ? String(time) : `${INSTANT.format(date)} UTC`;
}

/** `10:17:42 UTC`. */
export function timeOfDay(date: Date): string {
  return `${CLOCK.format(date)} UTC`;
}

/** A key in base64url as hex, which is how verdicts name keys. */
export function hexOf(key: string): string {
  const bytes = atob(key.replaceAll('-', '+').replaceAll('_', '/'));
  return [...bytes].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}

/** `20,400`. */
export function count(number: number): string {
  return COUNT.format(number);
}

/** `23 h 12 min`, `4 min`, `12 s`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
