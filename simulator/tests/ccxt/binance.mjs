// Points an unmodified ccxt at the simulator, by its documented options, and checks what it reads against the truth.
//
//   CCXT_DIR=… SIMULATOR_URL=… SIMULATOR_KEY=… SIMULATOR_SECRET=… node binance.mjs

import { env } from "node:process";
import { ccxt, check, conclude, equal, refused, truth, url } from "./checks.mjs";

const exchange = new ccxt.binance({
  apiKey: env.SIMULATOR_KEY,
  secret: env.SIMULATOR_SECRET,
  enableRateLimit: false,
  options: { defaultType: "spot", fetchMarkets: { types: ["spot"] }, adjustForTimeDifference: true },
});
for (const [name, path] of Object.entries({
  public: "/api/v3", private: "/api/v3", sapi: "/sapi/v1", sapiV2: "/sapi/v2", sapiV3: "/sapi/v3", sapiV4: "/sapi/v4",
})) {
  exchange.urls.api[name] = url + path;
}

// The world's time is its own, and the first question of loadMarkets is signed before the clock was measured.
await exchange.loadTimeDifference();

// ccxt takes it for a temporary ban, because the same key has read before; the venue's code is what counts.
const isRefusal = (error) => error instanceof ccxt.BaseError && error.message.includes('"code":-2015');

/** All fills of a market, page after page, as ccxt parses them. */
async function allTrades(symbol) {
  const all = new Map();
  for (let from = 0; ; ) {
    const page = await exchange.fetchMyTrades(symbol, undefined, 1000, { fromId: from });
    page.forEach((trade) => all.set(trade.id, trade));
    if (page.length < 1000) return [...all.values()];
    from = page.at(-1).id;
  }
}

await check("loadMarkets", async () => {
  await exchange.loadMarkets();
  equal(exchange.symbols.filter((symbol) => !symbol.includes(":")).length, truth.symbols.length, "markets");
  equal(exchange.markets["BTC/USDT"].precision.price, 0.01, "tick of BTC/USDT");
  equal(exchange.markets["BTC/USDT"].limits.cost.min, 5, "least order of BTC/USDT");
});

await check("fetchTime", async () => {
  const { now_ms: now } = await (await fetch(`${url}/simulator/clock`)).json();
  if (Math.abs((await exchange.fetchTime()) - now) > 5000) throw new Error("another time");
});

await check("fetchStatus", async () => equal((await exchange.fetchStatus()).status, "ok", "status"));

await check("fetchBalance", async () => {
  const balance = await exchange.fetchBalance();
  for (const row of truth.balances) {
    equal(balance[row.asset].free, Number(row.free), `free ${row.asset}`);
    equal(balance[row.asset].used, Number(row.locked), `locked ${row.asset}`);
  }
});

for (const [symbol, id] of [["BTC/USDT", "BTCUSDT"], ["ETH/BTC", "ETHBTC"], ["币安人生/USDT", "币安人生USDT"]]) {
  await check(`fetchMyTrades ${symbol}`, async () => {
    const expected = truth.fills.filter((fill) => fill.symbol === id).map((fill) => [
      String(fill.id), String(fill.orderId), fill.time, fill.isBuyer ? "buy" : "sell", fill.isMaker ? "maker" : "taker",
      Number(fill.price), Number(fill.qty), Number(fill.quoteQty), Number(fill.commission), fill.commissionAsset,
    ]);
    const got = (await allTrades(symbol)).map((trade) => [
      trade.id, trade.order, trade.timestamp, trade.side, trade.takerOrMaker,
      trade.price, trade.amount, trade.cost, trade.fee.cost, trade.fee.currency,
    ]);
    if (expected.length < 100) throw new Error("too few fills to prove anything");
    equal(got.length, expected.length, "fills");
    got.forEach((trade, index) => equal(trade, expected[index], `fill ${index}`));
  });
}

await check("fetchMyTrades since", async () => {
  const fills = truth.fills.filter((fill) => fill.symbol === "ETHUSDT");
  const since = fills[1000].time;
  const got = await exchange.fetchMyTrades("ETH/USDT", since, 10);
  const expected = fills.filter((fill) => fill.time >= since).slice(0, 10);
  equal(got.map((trade) => trade.id), expected.map((fill) => String(fill.id)), "fills");
});

const opened = truth.account.opened;
const flows = async (method) => {
  const all = new Map();
  for (let since = opened; since < truth.now; since += 7776000000) {
    for (const flow of await method.call(exchange, undefined, since, 1000)) all.set(flow.id, flow);
  }
  return [...all.values()].sort((a, b) => a.timestamp - b.timestamp);
};

await check("fetchDeposits", async () => {
  const got = (await flows(exchange.fetchDeposits)).map((flow) => [flow.timestamp, flow.currency, flow.amount, flow.status]);
  const status = { 0: "pending", 1: "ok", 6: "ok" };
  const expected = truth.deposits.map((row) => [row.insertTime, row.coin, Number(row.amount), status[row.status]]);
  equal(got, expected, "deposits");
});

await check("fetchWithdrawals", async () => {
  const got = (await flows(exchange.fetchWithdrawals)).map((flow) => [flow.id, flow.timestamp, flow.currency, flow.amount, flow.fee.cost]);
  const expected = truth.withdrawals.map((row) => [
    row.id, Date.parse(`${row.applyTime.replace(" ", "T")}Z`), row.coin, Number(row.amount), Number(row.transactionFee),
  ]);
  equal(got, expected, "withdrawals");
});

await check("fetchOHLCV", async () => {
  const fill = truth.fills.find((each) => each.symbol === "BNBBTC");
  const minute = Math.floor(fill.time / 60000) * 60000;
  const candles = await exchange.fetchOHLCV("BNB/BTC", "1m", minute, 5);
  equal([candles.length, candles[0][0], candles[0][4]], [5, minute, Number(truth.prices.BNBBTC[minute])], "candles");
  equal((await exchange.fetchOHLCV("BTC/USDT", "1d", opened, 30)).length, 30, "days");
});

await check("fetchTicker", async () => {
  const ticker = await exchange.fetchTicker("BTC/USDT");
  if (!(ticker.low <= ticker.last && ticker.last <= ticker.high)) throw new Error("the last price is not within the day");
});

await check("fetchTradingFees", async () => {
  const fees = await exchange.fetchTradingFees();
  equal([fees["BTC/USDT"].maker, fees["BTC/USDT"].taker], [0.001, 0.001], "fees");
});

await check("fetchMyDustTrades", async () => {
  const trades = await exchange.fetchMyDustTrades();
  equal(trades.length, truth.dust.flatMap((dust) => dust.userAssetDribbletDetails).length, "dust");
});

await check("fetchOpenOrders", async () => equal((await exchange.fetchOpenOrders("BTC/USDT")).length, 1, "orders"));

await check("createOrder", () => refused(() => exchange.createOrder("BTC/USDT", "limit", "buy", 0.001, 50000), isRefusal));
await check("withdraw", () => refused(() => exchange.withdraw("BTC", 0.1, "bc1qinventedaddressinventedaddress"), isRefusal));

conclude();
