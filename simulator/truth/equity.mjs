// Equity of the account day by day, and what follows from it (METRICS.md sections 2.7, 3, 4, 6 and 7). The service goes
// backwards from today's balances; this goes forwards from nothing, and must arrive at the balances that the venue tells.

import { ONE, double, number, over, sum, text, times } from "./numbers.mjs";
import { Prices } from "./prices.mjs";
import { cashflows, isLarge } from "./returns.mjs";
import { benchmark, confidence, months, rollingSharpe, series } from "./statistics.mjs";

const DAY_MS = 86400000;
const MINUTE_MS = 60000;
const INTEREST = ["Flexible", "ETH 2.0 Staking"];
const FLOWS = ["deposit", "withdrawal", "airdrop"];
const LINES = [
  "deposit", "withdrawal", "transfer", "airdrop", "network_fee", "funding", "interest", "rebate", "liquidation", "conversion",
  "dust",
];

/** Everything that changed a balance, in the order of time. */
function changes(truth) {
  const all = [];
  const add = (kind, time, asset, amount) => all.push({ kind, time, asset, amount });
  const markets = new Map(truth.symbols.map((row) => [row.symbol, row]));
  for (const fill of truth.fills) {
    const { baseAsset, quoteAsset } = markets.get(fill.symbol);
    const sign = fill.isBuyer ? 1n : -1n;
    add("fill", fill.time, baseAsset, sign * number(fill.qty));
    add("fill", fill.time, quoteAsset, -sign * times(number(fill.qty), number(fill.price)));
    add("fill", fill.time, fill.commissionAsset, -number(fill.commission));
  }
  for (const row of truth.deposits) if (row.status !== 0) add("deposit", row.insertTime, row.coin, number(row.amount));
  for (const row of truth.withdrawals.filter((each) => each.status === 6)) {
    const time = Date.parse(`${row.applyTime.replace(" ", "T")}Z`);
    add("withdrawal", time, row.coin, -number(row.amount));
    add("network_fee", time, row.coin, -number(row.transactionFee));
  }
  for (const row of truth.dust.flatMap((dust) => dust.userAssetDribbletDetails)) {
    add("dust", row.operateTime, row.fromAsset, -number(row.amount));
    add("dust", row.operateTime, "BNB", number(row.transferedAmount));
  }
  for (const row of truth.converts.filter((each) => each.orderStatus === "SUCCESS")) {
    add("conversion", row.createTime, row.fromAsset, -number(row.fromAmount));
    add("conversion", row.createTime, row.toAsset, number(row.toAmount));
  }
  for (const row of truth.dividends) {
    add(INTEREST.includes(row.enInfo) ? "interest" : "airdrop", row.divTime, row.asset, number(row.amount));
  }
  return all.sort((a, b) => a.time - b.time);
}

/** Holdings that go on with time. */
class Holdings {
  held = new Map();
  done = 0;

  constructor(all) {
    this.all = all;
  }

  /** After everything up to an instant. */
  upTo(time) {
    for (; this.done < this.all.length && this.all[this.done].time <= time; this.done += 1) {
      const { asset, amount } = this.all[this.done];
      this.held.set(asset, (this.held.get(asset) ?? 0n) + amount);
    }
    return [...this.held].filter(([, amount]) => amount !== 0n);
  }
}

/** What holdings are worth: an asset without a price is left out, as long as it is little or never had one. */
function worth(held, price, lastPrice = new Map(), leftOut = new Map()) {
  let [equity, withheld] = [0n, 0n];
  const unpriced = new Map();
  for (const [asset, amount] of held) {
    const found = price(asset);
    if (found !== null) {
      equity += times(amount, found);
      lastPrice.set(asset, found);
      continue;
    }
    unpriced.set(asset, amount);
    if (lastPrice.has(asset) && !leftOut.has(asset)) withheld += times(amount, lastPrice.get(asset));
  }
  if (withheld * 50n > equity + withheld) throw new Error(`more than 2% has no price: ${[...unpriced.keys()]}`);
  return { equity, unpriced };
}

/** Before anything, at each midnight, and at `asOf`. */
function valuations(all, prices, reporting, asOf) {
  const from = all[0].time;
  const lastMinute = Math.floor(asOf / MINUTE_MS) * MINUTE_MS - MINUTE_MS;
  const holdings = new Holdings(all);
  const valued = [{ time: from, equity: 0n, unpriced: new Map(), day: null }];
  const lastPrice = new Map();
  const value = (time, price, day) => {
    const before = valued.at(-1).unpriced;
    valued.push({ time, day, ...worth(holdings.upTo(time), price, lastPrice, before) });
  };
  let midnight = Math.floor(from / DAY_MS) * DAY_MS + DAY_MS;
  for (; midnight <= asOf; midnight += DAY_MS) {
    const at = midnight;
    value(at, (asset) => prices.end(asset, reporting, at), new Date(at - DAY_MS).toISOString().slice(0, 10));
  }
  if (valued.at(-1).time < asOf) value(asOf, (asset) => prices.at(asset, reporting, lastMinute), null);
  return valued;
}

/** Flows of one instant together; large ones with the equity just before them. */
function flowsOf(all, valued, prices, reporting) {
  const flows = new Map();
  for (const { time, value } of all.filter((each) => FLOWS.includes(each.kind))) flows.set(time, (flows.get(time) ?? 0n) + value);
  const holdings = new Holdings(all);
  let [reference, place, approximated] = [0n, -1, new Set()];
  const told = [...flows].filter(([, amount]) => amount !== 0n).map(([time, amount]) => {
    const next = Math.max(valued.findIndex((each) => each.time >= time), 1);
    if (place !== next) [place, reference] = [next, valued[next - 1].equity];
    let before = null;
    if (valued[next].time === time) before = valued[next].equity - amount;
    else if (isLarge(amount, reference)) {
      const held = holdings.upTo(time).filter(([asset]) => !valued[next - 1].unpriced.has(asset));
      const { equity, unpriced } = worth(held, (asset) => prices.at(asset, reporting, time));
      if (unpriced.size === 0) before = equity - amount;
      else approximated.add(next);
    }
    reference = before === null ? reference + amount : before + amount;
    // What enters at the very beginning enters after it.
    return { time: Math.max(time, valued[0].time + 1), amount, before };
  });
  return { flows: told, approximated: approximated.size };
}

/** All figures of equity, returns and risk at `asOf`, by where they stand in `metrics`. */
export function ofEquity(truth, reporting, asOf, fills) {
  const prices = new Prices(truth);
  const all = changes(truth).filter((each) => each.time <= asOf);
  const valued = valuations(all, prices, reporting, asOf);
  for (const each of all) {
    // What happens at the very beginning belongs to the first interval.
    each.day = Math.max(valued.findIndex((other) => other.time >= each.time), 1);
    const ends = valued[each.day];
    const price = prices.at(each.asset, reporting, each.time)
      ?? (ends.day === null ? null : prices.end(each.asset, reporting, ends.time));
    each.value = price === null ? 0n : times(each.amount, price);
  }
  const { flows, approximated } = flowsOf(all, valued, prices, reporting);
  const returns = cashflows(valued, flows);
  const days = valued.flatMap((each, index) => (each.day === null ? [] : [{
    date: each.day,
    equity: each.equity,
    net_flow: sum(all.filter((change) => FLOWS.includes(change.kind) && change.day === index).map((change) => change.value)),
    return: double(returns.period_returns[index - 1]),
    residual: 0n,
    unpriced: [...each.unpriced.keys()].sort().join(" "),
  }]));
  const daily = days.map((day) => day.return);
  const closes = (midnight) => prices.end("BTC", reporting, midnight);
  const ends = valued.filter((each) => each.day !== null).map((each) => each.time);
  const bitcoin = ends.map((end) => double(over(closes(end), closes(end - DAY_MS)) - ONE));
  const equity = valued.at(-1).equity;
  const ofKind = (kind) => sum(all.filter((each) => each.kind === kind).map((each) => each.value));
  const lines = Object.fromEntries(LINES.map((kind) => [kind, ofKind(kind)]));
  const nothing = { opening: 0n, unexplained_in: 0n, unexplained_out: 0n, joined: 0n, newly_priced: 0n };
  const explained = { ...nothing, ...lines, fees: -fills.fees_valued, closing: equity };
  explained.trading = equity - sum(Object.values(lines)) - explained.fees;
  const mean = days.length === 0 ? equity : sum(days.map((day) => day.equity)) / BigInt(days.length);
  const { net_flow, gain, period_returns: _, ...rates } = returns;
  return {
    equity: {
      equity, net_flow, gain, residual: 0n, residual_bps: 0n, turnover: over(fills.volume, mean), explained,
      negative_equity: false, bridged_days: 0, approximated_days: approximated, low_sample: days.length < 30,
      unpriced: [...valued.at(-1).unpriced.keys()].sort().join(" "),
    },
    returns: rates,
    risk: days.length === 0 ? {} : series(daily, days[0].date),
    benchmark: benchmark(daily, bitcoin),
    confidence: confidence(daily),
    days,
    months: days.length === 0 ? [] : months(daily, days[0].date).map(({ month, r }) => ({
      month, return: r, days: days.filter((day) => day.date.startsWith(month)).length,
    })),
    rolling_sharpe: rollingSharpe(daily, 30).map((sharpe, index) => ({ date: days[29 + index].date, sharpe })),
  };
}

/** What the venue says is there, less what this arrives at: nothing, or the truth does not add up. */
export function unexplained(truth) {
  const rest = new Map(new Holdings(changes(truth)).upTo(truth.now));
  for (const row of truth.balances) rest.set(row.asset, (rest.get(row.asset) ?? 0n) - number(row.free) - number(row.locked));
  return [...rest].filter(([, amount]) => amount !== 0n).map(([asset, amount]) => `${asset} ${text(-amount)}`);
}
