// Exact numbers. Nothing is rounded on the way: numbers have eighty decimals, sums and products fit, and only quotients
// end there.

// ---- Numbers: BigInt, in units of 1e-80.

export const DECIMALS = 80;
export const ONE = 10n ** BigInt(DECIMALS);

export function number(text) {
  const parts = /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(text));
  if (!parts || (parts[3] ?? "").length > DECIMALS) throw new Error(`not a decimal: ${text}`);
  const size = BigInt(parts[2] + (parts[3] ?? "").padEnd(DECIMALS, "0"));
  return parts[1] ? -size : size;
}

export function text(value) {
  const digits = abs(value).toString().padStart(DECIMALS + 1, "0");
  const part = digits.slice(-DECIMALS, -DECIMALS + 40).replace(/0+$/, "");
  return (value < 0n ? "-" : "") + digits.slice(0, -DECIMALS) + (part && `.${part}`);
}

export const abs = (a) => (a < 0n ? -a : a);
export const min = (a, b) => (a < b ? a : b);
export const max = (a, b) => (a > b ? a : b);
export const times = (a, b) => (a * b) / ONE;
export const over = (a, b) => (b === 0n ? null : (a * ONE) / b);
export const count = (n) => BigInt(n) * ONE;
export const sum = (all) => all.reduce((total, each) => total + each, 0n);

/** The square root, for a number that is not below zero. */
export function root(value) {
  const square = value * ONE;
  if (square === 0n) return 0n;
  let guess = 1n << BigInt((square.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (guess + square / guess) >> 1n;
    if (next >= guess) return guess;
    guess = next;
  }
}

/** 28 digits, half-even: how a price is kept that was divided (section 2.7). */
export function rounded28(value) {
  const excess = abs(value).toString().length - 28;
  if (excess <= 0) return value;
  const unit = 10n ** BigInt(excess);
  const [whole, rest] = [abs(value) / unit, abs(value) % unit];
  const up = rest * 2n > unit || (rest * 2n === unit && whole % 2n === 1n);
  const size = (up ? whole + 1n : whole) * unit;
  return value < 0n ? -size : size;
}

/** The nearest double. */
export const double = (value) => Number(text(value));
