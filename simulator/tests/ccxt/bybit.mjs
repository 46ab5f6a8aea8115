// Points an unmodified ccxt at the simulator's Bybit, by its documented options, and checks what it reads against the
// truth.
//
//   CCXT_DIR=… SIMULATOR_URL=… SIMULATOR_KEY=… SIMULATOR_SECRET=… node bybit.mjs
//
// The simulator's time must stand still: it is moved from here, so that no budget is ever used up.

import { env } from "node:process";
import { ccxt, check as checkNow, conclude, equal, refused, truth, url } from "./checks.mjs";

const DAY = 86400000;
const exchange = new ccxt.bybit({
  apiKey: env.SIMULATOR_KEY,
  secret: env.SIMULATOR_SECRET,
  enableRateLimit: false,
  enableLastJsonResponse: true,
});
exchange.urls.api = Object.fromEntries(Object.keys(exchange.urls.api).map((name) => [name, url]));

/** Its stamps are the venue's: time is moved from here. */
let now = truth.now;
exchange.nonce = () => now;

async function advance(milliseconds) {
  const body = JSON.stringify({ advance_ms: milliseconds });
  now = (await (await fetch(`${url}/simulator/clock`, { method: "POST", body })).json()).now_ms;
}

async function check(name, work) {
  await advance(60000);
  await checkNow(name, work);
}

const isRefusal = (error) => error instanceof ccxt.PermissionDenied;

/** Every row of the year before, window by window, page by page. */
async function year(days, ask) {
  const all = [];
  for (let until = truth.now; until > truth.now - 366 * DAY; until -= days * DAY) {
    for (let cursor; ;) {
      await advance(2000);
      all.push(...await ask(until - days * DAY + 1, { until, ...(cursor ? { cursor } : {}) }));
      cursor = exchange.last_json_response.result.nextPageCursor;
      if (!cursor) break;
    }
  }
  return all.sort((a, b) => a.timestamp - b.timestamp);
}

/** The unified symbol of each market; what is not listed any more has none. */
const unified = Object.fromEntries(truth.symbols.map((row) => [row.symbol, `${row.baseAsset}/${row.quoteAsset}`]));
const isListed = (symbol) => exchange.markets[unified[symbol]] !== undefined;

await check("fetchTime", async () => equal(await exchange.fetchTime(), now, "time"));

await check("loadMarkets", async () => {
  await exchange.loadMarkets();
  const missing = truth.symbols.filter((row) => !isListed(row.symbol)).map((row) => row.symbol);
  equal(missing.sort(), ["DOTBTC", "MITHUSDT", "SOLBNB"], "markets that are gone are not listed");
  equal(exchange.markets["BTC/USDT"].precision.price, 0.01, "tick of BTC/USDT");
  equal(exchange.currencies.XRP.networks.XRP.fee, 0.2, "fee of a withdrawal");
});

await check("fetchBalance", async () => {
  const [trading, funding] = [await exchange.fetchBalance(), await exchange.fetchBalance({ type: "funding" })];
  for (const row of truth.balances.filter((each) => Number(each.free) > 0 || Number(each.locked) > 0)) {
    const there = Number(row.free) + Number(row.locked);
    const told = (row.asset === "GIFT" ? funding : trading)[row.asset];
    if (Math.abs(told.total - there) > 1e-9 * Math.max(1, there)) {
      throw new Error(`${row.asset}: ${JSON.stringify(told)} instead of ${JSON.stringify(row)}`);
    }
  }
});

await check("fetchMyTrades, all windows", async () => {
  const trades = await year(7, (since, more) => exchange.fetchMyTrades(undefined, since, 100, { type: "spot", ...more }));
  const known = trades.filter((trade) => isListed(trade.info.symbol));
  const got = known.map((trade) => [
    trade.symbol, trade.timestamp, trade.side, trade.takerOrMaker, trade.price, trade.amount, trade.cost,
  ].join(" "));
  const expected = truth.fills.filter((fill) => isListed(fill.symbol)).map((fill) => [
    unified[fill.symbol], fill.time, fill.isBuyer ? "buy" : "sell", fill.isMaker ? "maker" : "taker",
    Number(fill.price), Number(fill.qty), Number(fill.quoteQty),
  ].join(" "));
  equal(trades.length, truth.fills.length, "trades");
  equal(got.length, expected.length, "trades of what is listed");
  expected.sort();
  equal(got.sort().filter((trade, index) => trade !== expected[index]).slice(0, 3), [], "trades that are no fills");
});

await check("fetchLedger, all windows", async () => {
  // It has no word for the end of a window here: with its start alone it is a day long.
  const ask = (since, { until, ...more }) => exchange.fetchLedger(undefined, since, 50, { endTime: until, ...more });
  const ledger = await year(7, ask);
  const sums = {};
  for (const entry of ledger) {
    sums[entry.currency] = (sums[entry.currency] ?? 0) + (entry.direction === "out" ? -entry.amount : entry.amount);
  }
  for (const row of truth.balances.filter((each) => each.asset !== "GIFT")) {
    const there = Number(row.free) + Number(row.locked);
    if (Math.abs((sums[row.asset] ?? 0) - there) > 1e-6 * Math.max(1, there)) {
      throw new Error(`${row.asset}: ${sums[row.asset]} instead of ${there}`);
    }
  }
});

await check("fetchDeposits", async () => {
  const got = (await year(30, (since, more) => exchange.fetchDeposits(undefined, since, 50, more)))
    .filter((flow) => flow.status === "ok" || flow.info.status === "10012" || flow.info.status === 10012)
    .map((flow) => [flow.timestamp, flow.currency, flow.amount, flow.txid]);
  const arrived = truth.deposits.filter((row) => row.status !== 0);
  equal(got, arrived.map((row) => [row.insertTime, row.coin, Number(row.amount), row.txId]), "deposits");
});

await check("fetchWithdrawals", async () => {
  const time = (row) => Date.parse(`${row.applyTime.replace(" ", "T")}Z`);
  const got = (await year(30, (since, more) => exchange.fetchWithdrawals(undefined, since, 50, { withdrawType: 2, ...more })))
    .map((flow) => [flow.timestamp, flow.currency, flow.amount, flow.fee.cost, flow.status]);
  const word = (row) => ({ 1: "canceled", 3: "rejected", 6: "ok" })[row.status];
  const expected = truth.withdrawals.map((row) => [time(row), row.coin, Number(row.amount), Number(row.transactionFee), word(row)]);
  equal(got, expected, "withdrawals");
});

await check("fetchTransfers", async () => {
  const first = truth.deposits[0].insertTime;
  const got = (await exchange.fetchTransfers(undefined, first - DAY)).filter((row) => row.timestamp < first + DAY);
  equal(got.length, truth.deposits.filter((row) => row.insertTime < first + DAY).length, "the first deposits went on");
  got.forEach((row) => equal([row.fromAccount, row.toAccount, row.status], ["fund", "unified", "ok"], "transfer"));
});

await check("fetchConvertTradeHistory", async () => {
  const got = await exchange.fetchConvertTradeHistory(undefined, undefined, 100);
  equal(got.length, truth.converts.length, "conversions");
});

await check("fetchOHLCV", async () => {
  const days = truth.days.BTCUSDT;
  const candles = (await exchange.fetchOHLCV("BTC/USDT", "1d", undefined, 1000)).filter((candle) => days[candle[0]] !== undefined);
  equal(candles.length, Object.keys(days).length, "days");
  candles.forEach((candle) => equal(candle[4], Number(days[candle[0]]), `close of ${candle[0]}`));
  equal((await exchange.fetchOHLCV("ETH/BTC", "1m", undefined, 1000)).length, 1000, "minutes");
});

await check("fetchTicker", async () => {
  const ticker = await exchange.fetchTicker("BTC/USDT");
  if (!(ticker.low <= ticker.last && ticker.last <= ticker.high)) throw new Error("the last price is not within the day");
});

await check("fetchTradingFee", async () => {
  const fee = await exchange.fetchTradingFee("BTC/USDT");
  equal([fee.maker, fee.taker], [0.001, 0.001], "fees");
});

await check("fetchOpenOrders", async () => equal((await exchange.fetchOpenOrders("BTC/USDT")).length, 1, "orders"));

await check("createOrder", () => refused(() => exchange.createOrder("BTC/USDT", "limit", "buy", 0.001, 50000), isRefusal));
await check("withdraw", () => refused(() => exchange.withdraw("BTC", 0.1, "inventedaddress"), isRefusal));

conclude();
