#!/usr/bin/env node
// Computes the metrics of the simulator's account from its truth, and compares those of the service with them.
//
//   node recompute.mjs TRUTH                     prints what the metrics must be
//   node recompute.mjs TRUTH --compare METRICS   METRICS as `perfagg metrics --json` prints them; `-` is stdin
//
// Written from METRICS.md alone (sections 2 and 5, spot), in another language and in the plainest way: so that an error
// of the service is not one of this script. Nothing is rounded on the way: numbers have eighty decimals, sums and products
// fit, and only quotients end there. `vectors.mjs` holds it against the published cases.

import { readFileSync } from "node:fs";
import { argv, exit, stdout } from "node:process";
import { pathToFileURL } from "node:url";

// ---- Numbers: BigInt, in units of 1e-80.

const DECIMALS = 80;
const ONE = 10n ** BigInt(DECIMALS);

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
const min = (a, b) => (a < b ? a : b);
const max = (a, b) => (a > b ? a : b);
const times = (a, b) => (a * b) / ONE;
const over = (a, b) => (b === 0n ? null : (a * ONE) / b);
const count = (n) => BigInt(n) * ONE;
const sum = (all) => all.reduce((total, each) => total + each, 0n);

/** The square root, for a number that is not below zero. */
function root(value) {
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
function rounded28(value) {
  const excess = abs(value).toString().length - 28;
  if (excess <= 0) return value;
  const unit = 10n ** BigInt(excess);
  const [whole, rest] = [abs(value) / unit, abs(value) % unit];
  const up = rest * 2n > unit || (rest * 2n === unit && whole % 2n === 1n);
  const size = (up ? whole + 1n : whole) * unit;
  return value < 0n ? -size : size;
}

// ---- Prices (section 2.7): the close of the minute; the pair, its inverse, or through USDT, BTC, ETH.

class Prices {
  constructor(truth) {
    this.closes = truth.prices;
    this.symbols = new Map(truth.symbols.map((row) => [`${row.baseAsset}/${row.quoteAsset}`, row.symbol]));
  }

  leg(asset, quote, minute) {
    const close = (symbol) => this.closes[symbol]?.[minute];
    const direct = close(this.symbols.get(`${asset}/${quote}`));
    if (direct !== undefined) return number(direct);
    const inverse = close(this.symbols.get(`${quote}/${asset}`));
    return inverse === undefined ? null : rounded28(over(ONE, number(inverse)));
  }

  at(asset, quote, time) {
    if (asset === quote) return ONE;
    const minute = String(Math.floor(time / 60000) * 60000);
    const straight = this.leg(asset, quote, minute);
    if (straight !== null) return straight;
    for (const middle of ["USDT", "BTC", "ETH"]) {
      const [first, second] = [this.leg(asset, middle, minute), this.leg(middle, quote, minute)];
      if (first !== null && second !== null) return rounded28(times(first, second));
    }
    throw new Error(`no price of ${asset} in ${quote} at ${minute}`);
  }
}

// ---- Fills: valued (section 2.4), in the order of section 2.1.

function readFill(row, symbols, prices, reporting) {
  const { baseAsset: base, quoteAsset: quote } = symbols.get(row.symbol);
  const [quantity, price, fee] = [number(row.qty), number(row.price), number(row.commission)];
  const inBase = row.commissionAsset === base;
  let feeValue;
  if (row.commissionAsset === quote) feeValue = fee;
  else if (inBase) feeValue = times(fee, price);
  else feeValue = times(fee, prices.at(row.commissionAsset, quote, row.time));
  return {
    symbol: row.symbol,
    id: BigInt(row.id),
    order: String(row.orderId),
    time: row.time,
    buy: row.isBuyer,
    maker: row.isMaker,
    price,
    notional: times(quantity, price),
    // A fee in base changes what moves: less comes, more goes.
    moved: inBase ? (row.isBuyer ? quantity - fee : quantity + fee) : quantity,
    fee,
    feeAsset: row.commissionAsset,
    feeValue,
    rate: prices.at(quote, reporting, row.time),
  };
}

function byPlace(a, b) {
  if (a.time !== b.time) return a.time - b.time;
  if (a.id !== b.id) return a.id < b.id ? -1 : 1;
  if (a.buy !== b.buy) return a.buy ? -1 : 1;
  return a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0;
}

// ---- FIFO (section 2.3) on one symbol; a sale beyond what there is stays without a cost (section 2.5).

function follow(fills) {
  const book = { fills, matches: [], trades: new Map(), trips: [], lots: [], unmatched: [] };
  let trip = null;
  for (const fill of fills) {
    if (fill.buy) {
      book.lots.push({ fill, left: fill.moved, feeLeft: fill.feeValue });
      continue;
    }
    let [left, feeLeft] = [fill.moved, fill.feeValue];
    while (left > 0n && book.lots.length > 0) {
      const lot = book.lots[0];
      const quantity = min(left, lot.left);
      // The last share of a fee is what is left of it.
      const openFee = quantity === lot.left ? lot.feeLeft : share(lot.fill, quantity);
      const closeFee = quantity === left ? feeLeft : share(fill, quantity);
      const gross = times(quantity, fill.price - lot.fill.price);
      const match = {
        quantity,
        gross,
        fees: openFee + closeFee,
        net: gross - openFee - closeFee,
        cost: times(quantity, lot.fill.price),
        value: times(quantity, fill.price),
        held: BigInt(fill.time - lot.fill.time),
        close: fill,
      };
      book.matches.push(match);
      const trade = book.trades.get(fill.order) ?? { matches: [] };
      trade.matches.push(match);
      trade.last = fill;
      book.trades.set(fill.order, trade);
      trip ??= { symbol: fill.symbol, opened: lot.fill.time, matches: [] };
      trip.matches.push(match);
      trip.closed = fill.time;
      left -= quantity;
      feeLeft -= closeFee;
      lot.left -= quantity;
      lot.feeLeft -= openFee;
      if (lot.left === 0n) book.lots.shift();
    }
    if (book.lots.length === 0 && trip) {
      book.trips.push(trip);
      trip = null;
    }
    if (left > 0n) book.unmatched.push({ quantity: left, proceeds: times(left, fill.price), fill });
  }
  return book;
}

const share = (fill, quantity) => (fill.feeValue * quantity) / fill.moved;

// ---- Figures, in the settlement asset (`rated` false) or in the reporting currency.

function performance(books, rated) {
  const fills = books.flatMap((book) => book.fills);
  const matches = books.flatMap((book) => book.matches);
  const unmatched = books.flatMap((book) => book.unmatched);
  const of = (fill, amount) => (rated ? times(amount, fill.rate) : amount);
  const total = (field) => sum(matches.map((match) => of(match.close, match[field])));
  const volume = sum(fills.map((fill) => of(fill, fill.notional)));
  const makerVolume = sum(fills.filter((fill) => fill.maker).map((fill) => of(fill, fill.notional)));
  const feesByAsset = {};
  for (const fill of fills) {
    if (fill.fee !== 0n) feesByAsset[fill.feeAsset] = (feesByAsset[fill.feeAsset] ?? 0n) + fill.fee;
  }
  const [gross, fees, cost, value] = [total("gross"), total("fees"), total("cost"), total("value")];
  const proceeds = sum(unmatched.map((sale) => of(sale.fill, sale.proceeds)));
  const instants = fills.map((fill) => fill.time);
  const net = (matched) => sum(matched.map((match) => of(match.close, match.net)));
  const trades = books.flatMap((book) => [...book.trades.values()]).sort((a, b) => byPlace(a.last, b.last));
  const trips = books.flatMap((book) => book.trips).sort((a, b) => a.closed - b.closed || a.opened - b.opened);
  return {
    fills: fills.length,
    first_fill: instant(instants.reduce((a, b) => Math.min(a, b))),
    last_fill: instant(instants.reduce((a, b) => Math.max(a, b))),
    volume,
    maker_share: over(makerVolume, volume),
    fees_by_asset: feesByAsset,
    fees_valued: sum(fills.map((fill) => of(fill, fill.feeValue))),
    fees_unvalued: {},
    matches: matches.length,
    realized_gross: gross,
    realized_fees: fees,
    realized_net: gross - fees,
    matched_cost: cost,
    return_on_cost: over(gross - fees, cost),
    matched_share: over(value, value + proceeds),
    unmatched_proceeds: proceeds,
    incomplete_basis: unmatched.length > 0,
    trade_stats: statistics(trades.map((trade) => ({ net: net(trade.matches), held: heldBy(trade.matches) }))),
    round_trip_stats: statistics(
      trips.map((trip) => ({ net: net(trip.matches), held: count(trip.closed - trip.opened) })),
    ),
  };
}

/** Quantity-weighted holding time of a trade. */
function heldBy(matches) {
  return over(sum(matches.map((match) => match.quantity * match.held)), sum(matches.map((match) => match.quantity)));
}

const instant = (time) => new Date(Math.floor(time / 1000) * 1000).toISOString().replace(".000Z", "Z");

// ---- Statistics of trades (section 5).

function statistics(trades) {
  const nets = trades.map((trade) => trade.net);
  if (nets.length === 0) return { count: 0 };
  const [wins, losses] = [nets.filter((net) => net > 0n), nets.filter((net) => net < 0n)];
  const mean = (all) => (all.length === 0 ? null : sum(all) / BigInt(all.length));
  const [averageWin, averageLoss] = [mean(wins), mean(losses)];
  const payoff = averageWin === null || averageLoss === null ? null : over(averageWin, abs(averageLoss));
  const winShare = over(count(wins.length), count(wins.length + losses.length));
  return {
    count: nets.length,
    wins: wins.length,
    losses: losses.length,
    scratches: nets.length - wins.length - losses.length,
    win_rate: over(count(wins.length), count(nets.length)),
    gross_profit: sum(wins),
    gross_loss: sum(losses),
    profit_factor: losses.length === 0 ? null : over(sum(wins), abs(sum(losses))),
    average_win: averageWin,
    average_loss: averageLoss,
    largest_win: wins.length === 0 ? null : wins.reduce(max),
    largest_loss: losses.length === 0 ? null : losses.reduce(min),
    payoff_ratio: payoff,
    expectancy: mean(nets),
    max_consecutive_wins: longestRun(nets, (net) => net > 0n),
    max_consecutive_losses: longestRun(nets, (net) => net < 0n),
    sqn: quality(nets),
    kelly: payoff === null ? null : winShare - over(ONE - winShare, payoff),
    average_holding_ms: mean(trades.map((trade) => trade.held)),
  };
}

function longestRun(nets, belongs) {
  let [longest, run] = [0, 0];
  for (const net of nets) {
    run = belongs(net) ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}

/** sqrt(N) · mean / standard deviation, divisor N - 1. */
function quality(nets) {
  const size = BigInt(nets.length);
  if (size < 2n || nets.reduce(max) - nets.reduce(min) <= ONE / 10n ** 14n) return null;
  const mean = sum(nets) / size;
  const variance = sum(nets.map((net) => times(net - mean, net - mean))) / (size - 1n);
  return over(times(root(size * ONE), mean), root(variance));
}

// ---- The whole document.

export function metrics(truth, reporting) {
  const symbols = new Map(truth.symbols.map((row) => [row.symbol, row]));
  const prices = new Prices(truth);
  const fills = truth.fills.map((row) => readFill(row, symbols, prices, reporting)).sort(byPlace);
  const names = [...new Set(fills.map((fill) => fill.symbol))].sort();
  const books = names.map((name) => follow(fills.filter((fill) => fill.symbol === name)));
  const bySymbol = books.map((book, index) => {
    const { baseAsset: base, quoteAsset: quote } = symbols.get(names[index]);
    const position = sum(book.lots.map((lot) => lot.left));
    const cost = sum(book.lots.map((lot) => times(lot.left, lot.fill.price)));
    return {
      symbol: names[index],
      base,
      quote,
      settlement_asset: quote,
      position,
      open_lots: book.lots.length,
      open_cost: cost,
      average_entry: over(cost, position),
      unmatched_qty: sum(book.unmatched.map((sale) => sale.quantity)),
      ...performance([book], false),
    };
  });
  return { total: performance(books, true), symbols: bySymbol, months: months(books) };
}

/** By UTC month of the fill; of the closing fill for what was realised. */
function months(books) {
  const all = new Map();
  const month = (fill) => {
    const name = instant(fill.time).slice(0, 7);
    if (!all.has(name)) {
      all.set(name, { month: name, fills: 0, volume: 0n, fees_valued: 0n, realized_gross: 0n, realized_fees: 0n, realized_net: 0n });
    }
    return all.get(name);
  };
  for (const book of books) {
    for (const fill of book.fills) {
      const of = month(fill);
      of.fills += 1;
      of.volume += times(fill.notional, fill.rate);
      of.fees_valued += times(fill.feeValue, fill.rate);
    }
    for (const match of book.matches) {
      const of = month(match.close);
      of.realized_gross += times(match.gross, match.close.rate);
      of.realized_fees += times(match.fees, match.close.rate);
      of.realized_net += times(match.net, match.close.rate);
    }
  }
  return [...all.values()].sort((a, b) => (a.month < b.month ? -1 : 1));
}

// ---- Comparison: sums and products to the last digit, quotients and what contains them to 1e-24.

const EXACT = new Set([
  "volume", "fees_valued", "realized_gross", "matched_cost", "unmatched_proceeds", "position", "open_cost", "unmatched_qty",
]);
const RELATIVE = 10n ** 24n;

class Comparison {
  passed = 0;
  failures = [];

  check(path, expected, told, scale = 0n) {
    const agrees = this.agrees(path, expected, told, scale);
    if (agrees) this.passed += 1;
    else this.failures.push(`${path}: ${shown(told)} instead of ${shown(expected)}`);
  }

  agrees(path, expected, told, scale) {
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

function main() {
  const [truthFile, option, metricsFile] = argv.slice(2);
  if (!truthFile || (option && (option !== "--compare" || !metricsFile))) {
    console.error("usage: node recompute.mjs TRUTH [--compare METRICS]");
    exit(2);
  }
  const read = (file) => JSON.parse(readFileSync(file === "-" ? 0 : file, "utf8"));
  const truth = read(truthFile);
  if (!option) {
    stdout.write(`${JSON.stringify(metrics(truth, "USDT"), (_, value) => (typeof value === "bigint" ? text(value) : value), 2)}\n`);
    return;
  }
  const told = read(metricsFile);
  const expected = metrics(truth, told.quote_currency ?? "USDT");
  const comparison = new Comparison();
  comparison.object("total", expected.total, told.total ?? null);
  comparison.check("accounts", 1, told.accounts?.length);
  comparison.object("accounts[0]", expected.total, told.accounts?.[0] ?? null);
  comparison.list("symbols", "symbol", expected.symbols, told.symbols);
  comparison.list("months", "month", expected.months, told.months);
  for (const failure of comparison.failures) console.log(`failed: ${failure}`);
  console.log(`${comparison.passed} passed, ${comparison.failures.length} failed`);
  exit(comparison.failures.length === 0 ? 0 : 1);
}

if (import.meta.url === pathToFileURL(argv[1]).href) main();
