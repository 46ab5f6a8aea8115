//! Decimal texts, shown without ever being a binary fraction: sign, grouping and rounding are done on the digits.

/** A decimal number, digit by digit. */
export interface Decimal {
  readonly negative: boolean;
  /** Without leading zeros, but at least one digit. */
  readonly whole: string;
  readonly fraction: string;
}

const FORM = /^(-?)(\d+)(?:\.(\d+))?$/;

/** What a text says, or null if it is no decimal number. */
export function decimal(text: string): Decimal | null {
  const found = FORM.exec(text);
  if (found === null) return null;
  const [, sign = '', whole = '0', fraction = ''] = found;
  return { negative: sign === '-', whole: whole.replace(/^0+(?=\d)/, ''), fraction };
}

/** The shortest decimal text of a double, without an exponent; null if it is no number. */
export function decimalText(value: number): string | null {
  if (!Number.isFinite(value)) return null;
  const [mantissa = '0', exponent] = String(Math.abs(value)).split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const moved = moveBy({ negative: false, whole, fraction }, Number(exponent ?? 0));
  return `${value < 0 ? '-' : ''}${moved.whole}${moved.fraction === '' ? '' : `.${moved.fraction}`}`;
}

/** Times a power of ten. */
export function moveBy({ negative, whole, fraction }: Decimal, places: number): Decimal {
  const [left, right] = [whole.padStart(1 - places, '0'), fraction.padEnd(places, '0')];
  const cut = whole.length + places;
  const digits = places < 0 ? left + fraction : whole + right;
  const at = places < 0 ? left.length + places : cut;
  return { negative, whole: digits.slice(0, at).replace(/^0+(?=\d)/, '') || '0', fraction: digits.slice(at) };
}

export function isZero({ whole, fraction }: Decimal): boolean {
  return /^0*$/.test(whole + fraction);
}

/** Rounded half-even to so many decimal places, with all of them. */
export function rounded({ negative, whole, fraction }: Decimal, places: number): Decimal {
  const kept = whole + fraction.slice(0, places).padEnd(places, '0');
  const rest = fraction.slice(places);
  const half = /^50*$/.test(rest);
  const up = half ? /[13579]$/.test(kept) : /^[5-9]/.test(rest);
  const digits = (BigInt(kept) + (up ? 1n : 0n)).toString().padStart(places + 1, '0');
  const at = digits.length - places;
  return { negative, whole: digits.slice(0, at), fraction: digits.slice(at) };
}

/** With a comma between thousands, and a minus that is as wide as a digit. Zero has no sign. */
export function grouped(value: Decimal): string {
  const { negative, whole, fraction } = value;
  const sign = negative && !isZero(value) ? '−' : '';
  return `${sign}${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Which of two is larger without its sign: below, at or above 0. */
export function compareSizes(one: Decimal, other: Decimal): number {
  if (one.whole.length !== other.whole.length) return one.whole.length - other.whole.length;
  const places = Math.max(one.fraction.length, other.fraction.length);
  const [left, right] = [one, other].map(({ whole, fraction }) => whole + fraction.padEnd(places, '0'));
  if (left === right || left === undefined || right === undefined) return 0;
  return left < right ? -1 : 1;
}

/** How many decimal places show two digits of a number below one, at most so many. */
export function placesFor(value: Decimal, usual: number, most: number): number {
  if (value.whole !== '0' || isZero(value)) return usual;
  const zeros = /^0*/.exec(value.fraction)?.[0].length ?? 0;
  return Math.max(usual, Math.min(most, zeros + 2));
}
