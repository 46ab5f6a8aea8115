// Figures that were computed here against figures that were told: sums and products to the last digit, quotients of amounts
// and what contains them to 1e-24, statistics in double precision to 1e-9.

import { DECIMALS, abs, max, number, text } from "./numbers.mjs";

const EXACT = new Set([
  "volume", "fees_valued", "realized_gross", "matched_cost", "unmatched_proceeds", "position", "open_cost", "unmatched_qty",
  "equity", "net_flow", "gain", "opening", "closing", "residual", "deposit", "withdrawal", "airdrop", "network_fee",
  "interest", "conversion", "dust",
]);
const RELATIVE = 10n ** 24n;

export class Comparison {
  passed = 0;
  failures = [];

  check(path, expected, told, scale = 0n) {
    const agrees = this.agrees(path, expected, told, scale);
    if (agrees) this.passed += 1;
    else this.failures.push(`${path}: ${shown(told)} instead of ${shown(expected)}`);
  }

  agrees(path, expected, told, scale) {
    if (typeof expected === "number" && typeof told === "number") {
      return Math.abs(told - expected) <= 1e-9 * Math.max(Math.abs(told), Math.abs(expected)) + 1e-12;
    }
    if (typeof expected !== "bigint") return told === expected;
    if (typeof told !== "string" || !/^-?\d+(\.\d+)?$/.test(told)) return false;
    const got = number(told.slice(0, told.includes(".") ? told.indexOf(".") + 1 + DECIMALS : undefined));
    const field = path.split(".").at(-1);
    if (EXACT.has(field) || path.includes("fees_by_asset")) return got === expected;
    return abs(got - expected) * RELATIVE <= max(max(abs(got), abs(expected)), scale);
  }

  object(path, expected, told) {
    if (told === null || typeof told !== "object") {
      this.failures.push(`${path}: missing`);
      return;
    }
    // A difference of large numbers is as exact as they are.
    const scale = (expected.realized_gross === undefined ? 0n : abs(expected.realized_gross) + abs(expected.realized_fees))
      + (expected.gross_profit === undefined ? 0n : expected.gross_profit - expected.gross_loss);
    for (const [field, value] of Object.entries(expected)) {
      if (value !== null && typeof value === "object") {
        this.check(`${path}.${field} has`, names(value), names(told[field] ?? {}, value));
        this.object(`${path}.${field}`, value, told[field]);
      } else {
        this.check(`${path}.${field}`, value, told[field], ["realized_net", "expectancy"].includes(field) ? scale : 0n);
      }
    }
  }

  /** Whatever is expected; more may be told. */
  figures(path, expected, told) {
    for (const [field, value] of Object.entries(expected)) {
      if (value !== null && typeof value === "object") this.figures(`${path}.${field}`, value, told?.[field]);
      else this.check(`${path}.${field}`, value, told?.[field], 0n);
    }
  }

  /** One row of figures for each key. */
  rows(path, key, expected, told) {
    const found = new Map((told ?? []).map((row) => [row[key], row]));
    this.check(`${path} has`, expected.map((row) => row[key]).join(" "), [...found.keys()].join(" "));
    for (const row of expected) this.figures(`${path}[${row[key]}]`, row, found.get(row[key]));
  }

  list(path, key, expected, told) {
    const found = new Map((told ?? []).map((row) => [row[key], row]));
    this.check(`${path} has`, expected.map((row) => row[key]).sort().join(" "), [...found.keys()].sort().join(" "));
    for (const row of expected) this.object(`${path}[${row[key]}]`, row, found.get(row[key]) ?? null);
  }
}

/** The names in an object; beside those of statistics others may stand. */
function names(object, expected) {
  const all = Object.keys(object).sort();
  const more = expected && "count" in expected ? all.filter((name) => name in expected) : all;
  return more.join(" ");
}

const shown = (value) => (typeof value === "bigint" ? text(value) : JSON.stringify(value) ?? "nothing");
