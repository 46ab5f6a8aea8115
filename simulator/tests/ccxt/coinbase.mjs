// Points an unmodified ccxt at the simulator's Coinbase, by its documented options, and checks what it reads against the
// truth.
//
//   CCXT_DIR=… SIMULATOR_URL=… COINBASE_KEY=… COINBASE_SECRET=… node coinbase.mjs
//
// A token names the venue's own host, so the addresses stay what they are, and requests are carried to the simulator by
// ccxt's own hook. The simulator's time must stand still: it is moved from here, so that no budget is ever used up.

import { env } from "node:process";
import { ccxt, check as checkNow, conclude, equal, refused, truth, url } from "./checks.mjs";

const exchange = new ccxt.coinbase({ apiKey: env.COINBASE_KEY, secret: env.COINBASE_SECRET, enableRateLimit: false });
exchange.fetchImplementation = (address, options) => fetch(address.replace("https://api.coinbase.com", url), options);
// Its clock is the venue's, in which the world is known.
let now = truth.now;
exchange.seconds = () => Math.floor(now / 1000);
exchange.milliseconds = () => now;

async function advance(milliseconds) {
  const body = JSON.stringify({ advance_ms: milliseconds });
  now = (await (await fetch(`${url}/simulator/clock`, { method: "POST", body })).json()).now_ms;
}

async function check(name, work) {
  await advance(5000);
  await checkNow(name, work);
}

const isRefusal = (error) => error instanceof ccxt.PermissionDenied;
const near = (a, b) => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b));

/** The unified symbol of each market. */
const unified = Object.fromEntries(truth.symbols.map((row) => [row.symbol, `${row.baseAsset}/${row.quoteAsset}`]));
const quotes = Object.fromEntries(truth.symbols.map((row) => [row.symbol, row.quoteAsset]));

await check("fetchTime", async () => equal(await exchange.fetchTime(), exchange.seconds() * 1000, "time"));

await check("loadMarkets", async () => {
  await exchange.loadMarkets();
  for (const symbol of Object.values(unified)) {
    if (exchange.markets[symbol] === undefined) throw new Error(`${symbol} is missing`);
  }
  const { precision, id, taker } = exchange.markets["BTC/USDT"];
  equal([precision.price, id, taker], [0.01, "BTC-USDT", 0.001], "BTC/USDT");
  equal([exchange.markets["MITH/USDT"].active, exchange.markets["BTC/USDT"].active], [false, true], "active");
});

await check("fetchBalance", async () => {
  const [accounts, wallets] = [await exchange.fetchBalance({ v3: true }), await exchange.fetchBalance()];
  for (const row of truth.balances.filter((each) => Number(each.free) > 0 || Number(each.locked) > 0)) {
    const told = accounts[row.asset];
    if (!near(told.free, Number(row.free)) || !near(told.used, Number(row.locked))) {
      throw new Error(`${row.asset}: ${JSON.stringify(told)} instead of ${JSON.stringify(row)}`);
    }
    // Wallets know no holds.
    if (!near(wallets[row.asset].total, told.total)) throw new Error(`${row.asset}: two balances`);
  }
});

await check("fetchAccounts", async () => {
  const accounts = await exchange.fetchAccounts();
  const codes = accounts.map((account) => account.code);
  // All of some coins has left; their accounts are still there.
  equal(truth.balances.filter((row) => !codes.includes(row.asset)), [], "accounts that are missing");
});

await check("fetchPortfolios", async () => equal((await exchange.fetchPortfolios()).length, 2, "portfolios"));

await check("fetchMyTrades, all pages", async () => {
  const all = new Map();
  for (let cursor; ; ) {
    await advance(100);
    const page = await exchange.fetchMyTrades(undefined, undefined, 250, cursor === undefined ? {} : { cursor });
    page.forEach((trade) => all.set(trade.info.entry_id, trade));
    cursor = page.map((trade) => trade.info.cursor).find((each) => each !== undefined);
    if (cursor === undefined) break;
  }
  const got = [...all.values()].map((trade) => [
    trade.symbol, trade.timestamp, trade.side, trade.takerOrMaker, trade.price, trade.amount, trade.fee.cost, trade.fee.currency,
  ].join(" "));
  const expected = truth.fills.map((fill) => [
    unified[fill.symbol], fill.time, fill.isBuyer ? "buy" : "sell", fill.isMaker ? "maker" : "taker", Number(fill.price),
    Number(fill.qty), fill.commissionAsset === quotes[fill.symbol] ? Number(fill.commission) : 0, quotes[fill.symbol],
  ].join(" "));
  equal(got.length, expected.length, "trades");
  expected.sort();
  equal(got.sort().filter((trade, index) => trade !== expected[index]).slice(0, 3), [], "trades that are no fills");
});

await check("fetchMyTrades of a market", async () => {
  const since = truth.now - 7 * 86400000;
  const got = await exchange.fetchMyTrades("BTC/USDT", since);
  if (got.length === 0 || got.some((trade) => trade.symbol !== "BTC/USDT" || trade.timestamp < since)) {
    throw new Error("not those that were asked for");
  }
});

await check("fetchLedger of every wallet, all pages", async () => {
  for (const row of truth.balances) {
    let sum = 0;
    for (let after; ; ) {
      await advance(360);
      const more = after === undefined ? {} : { starting_after: after };
      const page = await exchange.fetchLedger(row.asset, undefined, 100, more);
      for (const entry of page.filter((each) => each.status === "ok")) {
        sum += entry.direction === "out" ? -entry.amount : entry.amount;
      }
      after = page.map((entry) => entry.info.next_starting_after).find((each) => each !== undefined);
      if (after === undefined) break;
    }
    const there = Number(row.free) + Number(row.locked);
    if (Math.abs(sum - there) > 1e-6 * Math.max(1, there)) throw new Error(`${row.asset}: ${sum} instead of ${there}`);
  }
});

const oldestFirst = (flows) => flows.sort((a, b) => a.timestamp - b.timestamp);
const seconds = (time) => Math.floor(time / 1000) * 1000;

await check("fetchDepositsWithdrawals", async () => {
  const got = [];
  for (const code of new Set([...truth.deposits, ...truth.withdrawals].map((row) => row.coin))) {
    for (let after; ; ) {
      await advance(360);
      const more = after === undefined ? {} : { starting_after: after };
      const rows = await exchange.fetchDepositsWithdrawals(code, undefined, 100, more);
      got.push(...rows.filter((flow) => flow.info.type === "send"));
      if (rows.length === 0) break;
      const { pagination, data } = exchange.parseJson(exchange.last_http_response);
      after = pagination.next_starting_after ?? undefined;
      if (after === undefined || data.length === 0) break;
    }
  }
  const expected = [
    ...truth.deposits.map((row) => [
      seconds(row.insertTime), "deposit", row.coin, Number(row.amount), row.txId, row.status === 0 ? "pending" : "ok",
    ]),
    ...truth.withdrawals.map((row) => [
      Date.parse(`${row.applyTime.replace(" ", "T")}Z`), "withdrawal", row.coin, Number(row.amount),
      row.status === 6 ? row.txId : "", { 6: "ok", 1: "canceled" }[row.status] ?? "failed",
    ]),
  ];
  // It takes the direction from what arrives, which is above zero both ways; the wallet's own amount has the sign.
  const direction = (flow) => (Number(flow.info.amount.amount) < 0 ? "withdrawal" : "deposit");
  const told = oldestFirst(got).map((flow) => [
    flow.timestamp, direction(flow), flow.currency, flow.amount, flow.txid === flow.id ? "" : flow.txid, flow.status,
  ]);
  equal(told.map(String).sort(), expected.map(String).sort(), "flows");
});

await check("fetchOHLCV", async () => {
  const days = truth.days.BTCUSDT;
  const since = seconds(truth.now) - 200 * 86400000;
  const candles = await exchange.fetchOHLCV("BTC/USDT", "1d", since, 200);
  const known = candles.filter((candle) => days[candle[0]] !== undefined);
  if (known.length < 198) throw new Error(`${known.length} days`);
  known.forEach((candle) => equal(candle[4], Number(days[candle[0]]), `close of ${candle[0]}`));
});

await check("fetchTicker", async () => {
  const ticker = await exchange.fetchTicker("BTC/USDT");
  if (!(ticker.bid < ticker.ask)) throw new Error("bid and ask");
});

await check("fetchTradingFees", async () => {
  const fee = (await exchange.fetchTradingFees())["BTC/USDT"];
  equal([fee.maker, fee.taker], [0.001, 0.001], "fees");
});

await check("fetchOpenOrders", async () => equal((await exchange.fetchOpenOrders()).length, 1, "orders"));

await check("createOrder", () => refused(() => exchange.createOrder("BTC/USDT", "limit", "buy", 0.001, 50000), isRefusal));
// What v2 calls a scope that is missing is to ccxt a matter of who one is.
const isAuthentication = (error) => error instanceof ccxt.AuthenticationError;
await check("withdraw", () => refused(() => exchange.withdraw("BTC", 0.1, "inventedaddress"), isAuthentication));

conclude();
