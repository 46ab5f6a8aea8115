// Points an unmodified ccxt at the simulator's OKX, by its documented options, and checks what it reads against the
// truth.
//
//   CCXT_DIR=… SIMULATOR_URL=… OKX_KEY=… OKX_SECRET=… OKX_PASSPHRASE=… node okx.mjs
//
// The simulator's time must stand still: it is moved from here, so that no budget is ever used up.

import { env } from "node:process";
import { ccxt, check as checkNow, conclude, equal, refused, truth, url } from "./checks.mjs";

const DAY = 86400000;
let now = truth.now;

const exchange = new ccxt.okx({
  apiKey: env.OKX_KEY, secret: env.OKX_SECRET, password: env.OKX_PASSPHRASE, enableRateLimit: false,
});
exchange.urls.api.rest = url;
// Its clock is the venue's.
exchange.nonce = () => now;
exchange.milliseconds = () => now;

async function advance(milliseconds) {
  const body = JSON.stringify({ advance_ms: milliseconds });
  now = (await (await fetch(`${url}/simulator/clock`, { method: "POST", body })).json()).now_ms;
}

async function check(name, work) {
  await advance(2000);
  await checkNow(name, work);
}

/** ccxt has no word of its own for a right that is missing. */
const isRefusal = (error) => error instanceof ccxt.ExchangeError && error.message.includes('"code":"50120"');

/** The unified symbol of each market. */
const unified = Object.fromEntries(truth.symbols.map((row) => [row.symbol, `${row.baseAsset}/${row.quoteAsset}`]));
/** What lists of three months still tell at the end of all this. */
const since = truth.now - 89 * DAY;

await check("fetchTime", async () => equal(await exchange.fetchTime(), now, "time"));

await check("fetchStatus", async () => equal((await exchange.fetchStatus()).status, "ok", "status"));

await check("loadMarkets", async () => {
  await exchange.loadMarkets();
  for (const symbol of Object.values(unified)) {
    if (exchange.markets[symbol]?.spot !== true) throw new Error(`${symbol} is missing`);
  }
  equal(exchange.markets["BTC/USDT"].precision.price, 0.01, "tick of BTC/USDT");
  equal([exchange.markets["MITH/USDT"].active, exchange.markets["BTC/USDT"].active], [false, true], "active");
  equal(exchange.currencies.USDT.networks.TRC20.id, "USDT-TRC20", "chain");
});

await check("fetchAccounts", async () => equal((await exchange.fetchAccounts())[0].id, String(truth.account.uid), "uid"));

await check("fetchBalance", async () => {
  const near = (a, b) => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b));
  const [trading, funding] = [await exchange.fetchBalance(), await exchange.fetchBalance({ type: "funding" })];
  for (const row of truth.balances.filter((each) => each.asset !== "GIFT" && Number(each.free) + Number(each.locked) > 0)) {
    const told = trading[row.asset];
    if (!near(told.free, Number(row.free)) || !near(told.used, Number(row.locked))) {
      throw new Error(`${row.asset}: ${JSON.stringify(told)} instead of ${JSON.stringify(row)}`);
    }
  }
  const gift = Number(truth.balances.find((row) => row.asset === "GIFT").free);
  if (!(funding.GIFT.total > 0 && funding.GIFT.total < gift)) throw new Error("a part of the gifts is saved");
});

await check("fetchMyTrades, all pages", async () => {
  // Ids are longer than a double: pages are asked for by their text.
  const rows = [];
  for (let after; ;) {
    await advance(2000);
    const page = await exchange.fetchMyTrades(undefined, undefined, undefined, after === undefined ? {} : { after });
    rows.push(...page);
    if (page.length < 100) break;
    after = page.map((row) => BigInt(row.info.billId)).reduce((a, b) => (a < b ? a : b)).toString();
  }
  const recent = (time) => time >= since;
  const got = rows.filter((row) => recent(row.timestamp)).map((row) => [
    row.symbol, row.id, row.timestamp, row.side, row.takerOrMaker, row.price, row.amount, row.fee.currency, row.fee.cost,
  ].join(" "));
  const expected = truth.fills.filter((fill) => recent(fill.time)).map((fill) => [
    unified[fill.symbol], fill.id, fill.time, fill.isBuyer ? "buy" : "sell", fill.isMaker ? "maker" : "taker",
    Number(fill.price), Number(fill.qty), fill.commissionAsset, Number(fill.commission),
  ].join(" "));
  if (expected.length < 3000) throw new Error(`${expected.length} fills`);
  equal(got.length, expected.length, "trades");
  const sorted = expected.sort();
  equal(got.sort().filter((row, index) => row !== sorted[index]).slice(0, 3), [], "trades that are no fills");
});

await check("fetchMyTrades of a market", async () => {
  const from = truth.now - 7 * DAY;
  const got = await exchange.fetchMyTrades("BTC/USDT", from);
  if (got.length === 0 || got.some((row) => row.symbol !== "BTC/USDT" || row.timestamp < from)) {
    throw new Error("not those that were asked for");
  }
});

await check("fetchLedger", async () => {
  const [trading, funding] = [
    await exchange.fetchLedger(undefined, undefined, 100),
    await exchange.fetchLedger(undefined, undefined, 100, { method: "privateGetAssetBills" }),
  ];
  if (!trading.some((row) => row.type === "trade") || funding.length === 0) throw new Error("bookings are missing");
});

await check("fetchDeposits", async () => {
  const got = (await exchange.fetchDeposits()).map((flow) => [flow.timestamp, flow.currency, flow.amount, flow.txid, flow.status]);
  const status = { 0: "pending", 6: "pending", 1: "ok" };
  const expected = truth.deposits.map((row) => [row.insertTime, row.coin, Number(row.amount), row.txId, status[row.status]]);
  equal(got, expected, "deposits");
});

await check("fetchWithdrawals", async () => {
  const got = (await exchange.fetchWithdrawals()).map((flow) => [flow.timestamp, flow.currency, flow.amount, flow.fee.cost, flow.status]);
  const status = { 1: "canceled", 3: "failed", 6: "ok" };
  const expected = truth.withdrawals.map((row) => [
    Date.parse(`${row.applyTime.replace(" ", "T")}Z`), row.coin, Number(row.amount), Number(row.transactionFee), status[row.status],
  ]);
  equal(got, expected, "withdrawals");
});

await check("fetchConvertTradeHistory", async () => {
  const got = await exchange.fetchConvertTradeHistory();
  equal(got.map((row) => row.timestamp), truth.converts.map((row) => row.createTime), "conversions");
});

await check("fetchOHLCV", async () => {
  const days = truth.days.BTCUSDT;
  const all = [];
  for (let from = Number(Object.keys(days)[0]); from < now; from += 100 * DAY) {
    await advance(1000);
    all.push(...(await exchange.fetchOHLCV("BTC/USDT", "1d", from, 100)));
  }
  const candles = all.filter((candle) => days[candle[0]] !== undefined);
  equal(candles.length, Object.keys(days).length, "days");
  candles.forEach((candle) => equal(candle[4], Number(days[candle[0]]), `close of ${candle[0]}`));
  equal((await exchange.fetchOHLCV("ETH/BTC", "1m", undefined, 300)).length, 300, "minutes");
});

await check("fetchTicker", async () => {
  const ticker = await exchange.fetchTicker("BTC/USDT");
  if (!(ticker.low <= ticker.last && ticker.last <= ticker.high)) throw new Error("the last price is not within the day");
  equal(Object.keys(await exchange.fetchTickers()).length, truth.symbols.length, "tickers");
});

await check("fetchTradingFee", async () => {
  const fee = await exchange.fetchTradingFee("BTC/USDT");
  equal([fee.maker, fee.taker], [0.001, 0.001], "fees");
});

await check("fetchPositions", async () => equal(await exchange.fetchPositions(), [], "positions"));

await check("fetchOpenOrders", async () => equal((await exchange.fetchOpenOrders("BTC/USDT")).length, 1, "orders"));

await check("createOrder", () => refused(() => exchange.createOrder("BTC/USDT", "limit", "buy", 0.001, 50000), isRefusal));
await check("withdraw", () => refused(() => exchange.withdraw("USDT", 10, "inventedaddress", undefined, { network: "TRC20", fee: "1" }), isRefusal));

conclude();
