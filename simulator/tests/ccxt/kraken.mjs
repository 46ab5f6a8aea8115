// Points an unmodified ccxt at the simulator's Kraken, by its documented options, and checks what it reads against the
// truth.
//
//   CCXT_DIR=… SIMULATOR_URL=… KRAKEN_KEY=… KRAKEN_SECRET=… node kraken.mjs
//
// The simulator's time must stand still: it is moved from here, so that no budget is ever used up.

import { env } from "node:process";
import { ccxt, check as checkNow, conclude, equal, refused, truth, url } from "./checks.mjs";

const exchange = new ccxt.kraken({ apiKey: env.KRAKEN_KEY, secret: env.KRAKEN_SECRET, enableRateLimit: false });
exchange.urls.api.public = url;
exchange.urls.api.private = url;
// Its nonce is a millisecond: two questions of one would be refused.
let last = 0;
exchange.nonce = () => (last = Math.max(Date.now(), last + 1));

async function advance(milliseconds) {
  await fetch(`${url}/simulator/clock`, { method: "POST", body: JSON.stringify({ advance_ms: milliseconds }) });
}

async function check(name, work) {
  await advance(60000);
  await checkNow(name, work);
}

const isRefusal = (error) => error instanceof ccxt.PermissionDenied;

/** Every row of a list that is told fifty at a time, newest first. The end stands still. */
async function pages(ask) {
  const all = new Map();
  const end = Math.floor(truth.now / 1000);
  for (let ofs = 0; ; ofs += 50) {
    await advance(4000);
    const page = await ask({ ofs, end });
    page.forEach((row) => all.set(row.id, row));
    if (page.length < 50) return [...all.values()].sort((a, b) => a.timestamp - b.timestamp);
  }
}

/** The unified symbol of each market. */
const unified = Object.fromEntries(truth.symbols.map((row) => [row.symbol, `${row.baseAsset}/${row.quoteAsset}`]));

await check("fetchTime", async () => {
  const { now_ms: now } = await (await fetch(`${url}/simulator/clock`)).json();
  equal(await exchange.fetchTime(), now, "time");
});

await check("loadMarkets", async () => {
  await exchange.loadMarkets();
  for (const symbol of Object.values(unified)) {
    if (exchange.markets[symbol] === undefined) throw new Error(`${symbol} is missing`);
  }
  equal(exchange.markets["BTC/USDT"].precision.price, 0.01, "tick of BTC/USDT");
  equal([exchange.markets["BTC/USD"].id, exchange.markets["BTC/USDT"].id], ["XXBTZUSD", "XBTUSDT"], "ids");
  equal([exchange.markets["MITH/USDT"].active, exchange.markets["BTC/USDT"].active], [false, true], "active");
  equal(exchange.markets["DOGE/USDT"].info.base, "XXDG", "dogecoin");
});

await check("fetchStatus", async () => equal((await exchange.fetchStatus()).status, "ok", "status"));

await check("fetchBalance", async () => {
  const balance = await exchange.fetchBalance();
  const near = (a, b) => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b));
  for (const row of truth.balances.filter((each) => Number(each.free) > 0 || Number(each.locked) > 0)) {
    const told = balance[row.asset];
    if (!near(told.free, Number(row.free)) || !near(told.used, Number(row.locked))) {
      throw new Error(`${row.asset}: ${JSON.stringify(told)} instead of ${JSON.stringify(row)}`);
    }
  }
});

await check("fetchMyTrades, all pages", async () => {
  const got = (await pages((more) => exchange.fetchMyTrades(undefined, undefined, undefined, { ...more, consolidate_taker: false })))
    .map((trade) => [
      trade.symbol, trade.info.trade_id, trade.timestamp, trade.side, trade.takerOrMaker, trade.price, trade.amount, trade.cost,
    ].join(" "));
  const expected = truth.fills.map((fill) => [
    unified[fill.symbol], fill.id, fill.time, fill.isBuyer ? "buy" : "sell", fill.isMaker ? "maker" : "taker",
    Number(fill.price), Number(fill.qty), Number(fill.quoteQty),
  ].join(" "));
  equal(got.length, expected.length, "trades");
  equal(got.sort().filter((trade, index) => trade !== expected.sort()[index]).slice(0, 3), [], "trades that are no fills");
});

await check("fetchMyTrades of a market", async () => {
  const since = truth.now - 7 * 86400000;
  const got = await exchange.fetchMyTrades("BTC/USDT", since);
  if (got.length === 0 || got.some((trade) => trade.symbol !== "BTC/USDT" || trade.timestamp < since)) {
    throw new Error("not those that were asked for");
  }
});

await check("fetchLedger, all pages", async () => {
  const ledger = await pages((more) => exchange.fetchLedger(undefined, undefined, undefined, more));
  const sums = {};
  for (const entry of ledger) {
    sums[entry.currency] = (sums[entry.currency] ?? 0) + (entry.direction === "out" ? -entry.amount : entry.amount) - entry.fee.cost;
  }
  for (const row of truth.balances) {
    const there = Number(row.free) + Number(row.locked);
    if (Math.abs((sums[row.asset] ?? 0) - there) > 1e-6 * Math.max(1, there)) {
      throw new Error(`${row.asset}: ${sums[row.asset]} instead of ${there}`);
    }
  }
});

const recent = (rows, time) => rows.filter((row) => time(row) > truth.now - 89 * 86400000);
const oldestFirst = (flows) => flows.sort((a, b) => a.timestamp - b.timestamp);

await check("fetchDeposits", async () => {
  const time = (row) => Math.floor(row.insertTime / 1000) * 1000;
  const got = oldestFirst(await exchange.fetchDeposits(undefined, truth.now - 89 * 86400000))
    .map((flow) => [flow.timestamp, flow.currency, flow.amount, flow.txid]);
  const expected = recent(truth.deposits, time).map((row) => [time(row), row.coin, Number(row.amount), row.txId]);
  equal(got, expected, "deposits");
});

await check("fetchWithdrawals", async () => {
  const time = (row) => Date.parse(`${row.applyTime.replace(" ", "T")}Z`);
  const got = oldestFirst(await exchange.fetchWithdrawals(undefined, truth.now - 89 * 86400000))
    .map((flow) => [flow.timestamp, flow.currency, flow.amount, flow.fee.cost, flow.status]);
  const expected = recent(truth.withdrawals, time).map((row) => [
    time(row), row.coin, Number(row.amount), Number(row.transactionFee), row.status === 6 ? "ok" : "failed",
  ]);
  equal(got, expected, "withdrawals");
});

await check("fetchOHLCV", async () => {
  const days = truth.days.BTCUSDT;
  const candles = (await exchange.fetchOHLCV("BTC/USDT", "1d")).filter((candle) => days[candle[0]] !== undefined);
  equal(candles.length, Object.keys(days).length, "days");
  candles.forEach((candle) => equal(candle[4], Number(days[candle[0]]), `close of ${candle[0]}`));
  equal((await exchange.fetchOHLCV("ETH/BTC", "1m")).length, 720, "minutes");
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
await check("withdraw", () => refused(() => exchange.withdraw("BTC", 0.1, "inventedaddress", undefined, { key: "elsewhere" }), isRefusal));

conclude();
