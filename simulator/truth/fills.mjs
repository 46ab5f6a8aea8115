// What the fills of an account come to: sections 2 and 5 of METRICS.md, spot, in the plainest way.

import { ONE, abs, count, max, min, number, over, root, sum, times } from "./numbers.mjs";
import { Prices } from "./prices.mjs";

// ---- Fills: valued (section 2.4), in the order of section 2.1.

function readFill(row, symbols, prices, reporting) {
  const { baseAsset: base, quoteAsset: quote } = symbols.get(row.symbol);
  const [quantity, price, fee] = [number(row.qty), number(row.price), number(row.commission)];
  const inBase = row.commissionAsset === base;
  let feeValue;
  if (row.commissionAsset === quote) feeValue = fee;
  else if (inBase) feeValue = times(fee, price);
  else feeValue = times(fee, there(prices.at(row.commissionAsset, quote, row.time)));
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
    rate: there(prices.at(quote, reporting, row.time)),
  };
}

/** Every fill of the simulator can be valued. */
function there(price) {
  if (price === null) throw new Error("a fill without a price");
  return price;
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

export const instant = (time) => new Date(Math.floor(time / 1000) * 1000).toISOString().replace(".000Z", "Z");

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

// ---- In total, by symbol and by month.

export function ofFills(truth, reporting) {
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
