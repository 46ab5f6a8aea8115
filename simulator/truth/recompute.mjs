#!/usr/bin/env node
// Computes the metrics of the simulator's account from its truth, and compares those of the service with them.
//
//   node recompute.mjs TRUTH                     prints what the metrics must be
//   node recompute.mjs TRUTH --compare METRICS   METRICS as `perfagg metrics --json` prints them; `-` is stdin
//   node recompute.mjs TRUTH --summary SUMMARY   the same of `perfagg summary --json`
//
// Written from METRICS.md alone (spot), in another language and in the plainest way: so that an error of the service is
// not one of this script. `vectors.mjs` holds it against the published cases.

import { readFileSync } from "node:fs";
import { argv, exit, stdout } from "node:process";
import { pathToFileURL } from "node:url";
import { Comparison } from "./compare.mjs";
import { ofEquity, unexplained } from "./equity.mjs";
import { ofFills } from "./fills.mjs";
import { text } from "./numbers.mjs";

/** Everything, as of an instant. */
export function metrics(truth, reporting, asOf) {
  const rest = unexplained(truth);
  if (rest.length > 0) throw new Error(`the truth does not add up: ${rest.join(", ")}`);
  const fills = ofFills(truth, reporting);
  return { ...fills, worth: ofEquity(truth, reporting, asOf, fills.total) };
}

/** What stands in `total`, and again in the one account. */
function compareWorth(comparison, path, worth, told) {
  // A statement from before there was any equity.
  if (told?.equity === undefined) return;
  const { days, months: _, rolling_sharpe: rolling, ...figures } = worth;
  // Lists of what has no price, as text.
  const assets = (list) => (Array.isArray(list) ? list.map((each) => each.asset ?? each).sort().join(" ") : list);
  comparison.figures(path, figures, { ...told, equity: { ...told.equity, unpriced: assets(told.equity.unpriced) } });
  const rows = told.days?.filter((day) => day.mark !== "missing").map((day) => ({ ...day, unpriced: assets(day.unpriced) }));
  comparison.rows(`${path}.days`, "date", days, rows);
  comparison.rows(`${path}.rolling_sharpe`, "date", rolling, told.rolling_sharpe);
}

function compareMetrics(comparison, expected, told) {
  comparison.object("total", expected.total, told.total ?? null);
  comparison.check("accounts", 1, told.accounts?.length);
  comparison.object("accounts[0]", expected.total, told.accounts?.[0] ?? null);
  comparison.list("symbols", "symbol", expected.symbols, told.symbols);
  comparison.list("months", "month", expected.months, told.months);
  if (told.total?.equity !== undefined) comparison.rows("months", "month", expected.worth.months, told.months);
  compareWorth(comparison, "total", expected.worth, told.total);
  compareWorth(comparison, "accounts[0]", expected.worth, told.accounts?.[0]);
}

function compareSummary(comparison, { total, worth }, told) {
  const { equity, net_flow, gain } = worth.equity;
  const { twr, twr_annualized } = worth.returns;
  const { max_drawdown, sharpe } = worth.risk;
  const { fills, volume, fees_valued, realized_net, matched_share, trade_stats } = total;
  const trades = { fills, volume, fees_valued, realized_net, matched_share, win_rate: trade_stats.win_rate };
  comparison.figures("summary", { equity, net_flow, gain, return: { twr, twr_annualized, max_drawdown, sharpe }, trades }, told);
}

function main() {
  const [truthFile, option, toldFile] = argv.slice(2);
  if (!truthFile || (option && (!["--compare", "--summary"].includes(option) || !toldFile))) {
    console.error("usage: node recompute.mjs TRUTH [--compare METRICS | --summary SUMMARY]");
    exit(2);
  }
  const read = (file) => JSON.parse(readFileSync(file === "-" ? 0 : file, "utf8"));
  const truth = read(truthFile);
  if (!option) {
    const shown = (_, value) => (typeof value === "bigint" ? text(value) : value);
    const { worth: { months: returned, ...worth }, ...all } = metrics(truth, "USDT", truth.now);
    const total = { ...all.total, ...worth };
    const months = all.months.map((month) => ({ ...month, ...returned.find((other) => other.month === month.month) }));
    stdout.write(`${JSON.stringify({ ...all, total, months }, shown, 2)}\n`);
    return;
  }
  const told = read(toldFile);
  const asOf = told.as_of === undefined ? truth.now : Date.parse(told.as_of);
  const expected = metrics(truth, told.quote_currency ?? "USDT", asOf);
  const comparison = new Comparison();
  (option === "--compare" ? compareMetrics : compareSummary)(comparison, expected, told);
  for (const failure of comparison.failures) console.log(`failed: ${failure}`);
  console.log(`${comparison.passed} passed, ${comparison.failures.length} failed`);
  exit(comparison.failures.length === 0 ? 0 : 1);
}

if (import.meta.url === pathToFileURL(argv[1]).href) main();
