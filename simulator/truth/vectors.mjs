#!/usr/bin/env node
// Holds `recompute.mjs` against published cases: the spot cases of `vectors/fills`, whose expectations come from other
// libraries. A script that checks others must itself be checked.
//
//   node vectors.mjs FILE…

import { readFileSync } from "node:fs";
import { argv, exit } from "node:process";
import { abs, metrics, number, text } from "./recompute.mjs";

/** A case as a truth, or why it is none: the simulator's venue has no such thing. */
function truthOf(each) {
  const instruments = Object.entries(each.instruments);
  if (instruments.some(([, instrument]) => instrument.kind !== "spot")) return "not spot";
  if (each.expect.status !== "ok") return "a refused batch";
  const truth = { symbols: [], prices: {}, fills: [] };
  for (const [symbol, { base, quote }] of instruments) truth.symbols.push({ symbol, baseAsset: base, quoteAsset: quote });
  const seen = new Set();
  for (const row of each.fills) {
    const fill = Object.fromEntries(each.columns.map((column, index) => [column, row[index]]));
    if (!/^\d+$/.test(fill.id) || fill.seq !== null) return "ids or sequence numbers of another kind";
    if (fill.account !== each.fills[0][each.columns.indexOf("account")]) return "several accounts";
    if (fill.liquidity !== "maker" && fill.liquidity !== "taker") return "unknown liquidity";
    const { base, quote } = each.instruments[fill.symbol];
    if (fill.fee_asset !== base && fill.fee_asset !== quote && number(fill.fee) !== 0n) {
      if (fill.fee_rate === null) return "a fee without a rate";
      const [symbol, minute] = [fill.fee_asset + quote, Math.floor(fill.ts / 60000) * 60000];
      if (!truth.prices[symbol]) {
        truth.prices[symbol] = {};
        truth.symbols.push({ symbol, baseAsset: fill.fee_asset, quoteAsset: quote });
      }
      truth.prices[symbol][minute] ??= fill.fee_rate;
      if (truth.prices[symbol][minute] !== fill.fee_rate) return "two rates in one minute";
    }
    const key = [fill.symbol, fill.id, fill.side].join();
    if (seen.has(key)) continue;
    seen.add(key);
    truth.fills.push({
      symbol: fill.symbol, id: fill.id, orderId: fill.order_id ?? `fill ${fill.id}`, time: fill.ts,
      isBuyer: fill.side === "buy", isMaker: fill.liquidity === "maker",
      price: fill.price, qty: fill.qty, commission: fill.fee, commissionAsset: fill.fee_asset,
    });
  }
  return truth.fills.length === 0 ? "no fill" : truth;
}

let [passed, failed] = [0, 0];

/** Exact where the vector is; `~` says that it was rounded, a number that it is a double. */
function check(path, expected, got) {
  let agrees = expected === got;
  if (typeof got === "bigint" && expected !== null && expected !== undefined) {
    const [size, tolerance] = typeof expected === "number" ? [number(expected.toFixed(20)), 9n] : [number(expected.replace("~", "")), 18n];
    const exact = typeof expected === "string" && !expected.startsWith("~");
    agrees = abs(got - size) * 10n ** tolerance <= (exact ? 0n : abs(size) + number("0.000001"));
  }
  if (agrees) passed += 1;
  else {
    failed += 1;
    console.log(`failed: ${path}: ${typeof got === "bigint" ? text(got) : got} instead of ${expected}`);
  }
}

const SUMS = [
  "volume", "maker_share", "fees_valued", "realized_gross", "realized_fees", "realized_net", "matched_cost",
  "return_on_cost", "incomplete_basis",
];

function checkCase(name, { expect }, { total, symbols }) {
  for (const field of SUMS) check(`${name}.${field}`, expect[field], total[field]);
  check(`${name}.matches`, expect.matches.count, total.matches);
  for (const kind of ["trade_stats", "round_trip_stats"]) {
    for (const [field, value] of Object.entries(expect[kind])) check(`${name}.${kind}.${field}`, value, total[kind][field]);
  }
  for (const book of expect.books) {
    const symbol = symbols.find((each) => each.symbol === book.symbol);
    for (const field of ["position", "open_cost", "average_entry", "unmatched_qty", "unmatched_proceeds"]) {
      check(`${name}.${book.symbol}.${field}`, book[field], symbol[field]);
    }
    check(`${name}.${book.symbol}.open_lots`, book.open_lots.length, symbol.open_lots);
  }
}

for (const file of argv.slice(2)) {
  for (const each of JSON.parse(readFileSync(file, "utf8")).cases) {
    const truth = truthOf(each);
    if (typeof truth === "string") continue;
    const reporting = Object.values(each.instruments)[0].quote;
    checkCase(each.name, each, metrics(truth, reporting));
  }
}
console.log(`${passed} passed, ${failed} failed`);
exit(failed === 0 ? 0 : 1);
