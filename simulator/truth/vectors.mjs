#!/usr/bin/env node
// Holds the scripts beside it against published cases: those of `vectors/metrics` that are spot, whose expectations come
// from other libraries. A script that checks others must itself be checked.
//
//   node vectors.mjs FILE…

import { readFileSync } from "node:fs";
import { argv, exit } from "node:process";
import { ofFills } from "./fills.mjs";
import { abs, number, text } from "./numbers.mjs";
import { cashflows } from "./returns.mjs";
import { benchmark, confidence, rollingSharpe, series } from "./statistics.mjs";

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

function checkFills(each) {
  const truth = truthOf(each);
  if (typeof truth === "string") return;
  const reporting = Object.values(each.instruments)[0].quote;
  checkCase(each.name, each, ofFills(truth, reporting));
}

/** A figure of doubles, or of an amount in text. */
function checkFigure(path, { v: expected }, got, relative = 1e-9) {
  if (Array.isArray(expected)) {
    check(`${path} has`, expected.length, got?.length);
    expected.forEach((value, index) => checkFigure(`${path}[${index}]`, { v: value }, got?.[index], relative));
  } else if (typeof expected === "number" && typeof got === "number") {
    const near = Math.abs(got - expected) <= relative * Math.abs(expected) + 1e-12;
    check(path, expected, near ? expected : got);
  } else check(path, expected, typeof got === "bigint" ? text(got) : got);
}

function checkReturns(each) {
  const { periods_per_year: periods, risk_free_annual: riskFree, mar_annual: mar, first_date: date, window } = each.params;
  const { returns, expect } = each;
  let got;
  if (window) got = { rolling_sharpe: rollingSharpe(returns, window, periods) };
  else if (each.benchmark) got = benchmark(returns, each.benchmark, { periods, riskFree });
  else {
    got = series(returns, date ?? "2021-01-01", { periods, riskFree, mar });
    if (Number(riskFree ?? 0) === 0) Object.assign(got, confidence(returns, periods));
  }
  for (const [field, value] of Object.entries(expect)) {
    if (field in got) checkFigure(`${each.name}.${field}`, value, got[field], each.tolerance?.rel);
  }
}

function checkCashflows(each) {
  const valuations = each.valuations.map(([time, equity]) => ({ time: Date.parse(time), equity: number(equity) }));
  const flows = each.flows.map(([time, amount, before]) => ({
    time: Date.parse(time), amount: number(amount), before: before === null ? null : number(before),
  }));
  const got = cashflows(valuations, flows);
  got.period_returns = got.period_returns.map((r) => (r === null ? null : Number(text(r))));
  for (const [field, value] of Object.entries(each.expect)) {
    if (field in got) checkFigure(`${each.name}.${field}`, value, got[field]);
  }
}

for (const file of argv.slice(2)) {
  const { kind, cases } = JSON.parse(readFileSync(file, "utf8"));
  const checks = { fills: checkFills, returns: checkReturns, cashflows: checkCashflows };
  // Others ask for what the account of the simulator does not have.
  const checked = file.includes("returns_dsr") || file.includes("returns_published") ? undefined : checks[kind];
  if (checked) for (const each of cases) checked(each);
}
console.log(`${passed} passed, ${failed} failed`);
exit(failed === 0 ? 0 : 1);
