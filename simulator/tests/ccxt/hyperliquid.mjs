// Points an unmodified ccxt at the simulator's Hyperliquid, by its documented options, and checks what it reads against the
// truth.
//
//   CCXT_DIR=… SIMULATOR_URL=… HYPERLIQUID_ADDRESS=… HYPERLIQUID_PRIVATE_KEY=… node hyperliquid.mjs
//
// The simulator's time must stand still: it is moved from here, so that no budget is ever used up.

import { env } from "node:process";
import { ccxt, check as checkNow, conclude, equal, refused, truth, url } from "./checks.mjs";

const exchange = new ccxt.hyperliquid({
  walletAddress: env.HYPERLIQUID_ADDRESS,
  privateKey: env.HYPERLIQUID_PRIVATE_KEY,
  enableRateLimit: false,
  // No builder of ours is ever approved, nor a referrer set.
  options: { fetchMarkets: { types: ["swap", "spot"] }, builderFee: false, refSet: true },
});
exchange.urls.api.public = url;
exchange.urls.api.private = url;

async function advance(milliseconds) {
  await fetch(`${url}/simulator/clock`, { method: "POST", body: JSON.stringify({ advance_ms: milliseconds }) });
}

async function check(name, work) {
  await advance(60000);
  await checkNow(name, work);
}

const isRefusal = (error) => error instanceof ccxt.ExchangeError && error.message.includes("does not exist");

/** What the venue calls a coin of the world, and a symbol. */
const coin = (name) => (name === "USDT" ? "USDC" : name);
const unified = Object.fromEntries(truth.symbols.map((row) => [row.symbol, `${coin(row.baseAsset)}/${coin(row.quoteAsset)}`]));

/** Every row of a list, from the time of the last one on until there is nothing new. */
async function pages(ask, full) {
  const all = new Map();
  for (let since = 0; ; ) {
    await advance(60000);
    const page = await ask(since);
    page.forEach((row) => all.set(JSON.stringify(row.info), row));
    if (page.length < full) return [...all.values()].sort((a, b) => a.timestamp - b.timestamp);
    since = Math.max(...page.map((row) => row.timestamp));
  }
}

await check("fetchTime", async () => {
  const { now_ms: now } = await (await fetch(`${url}/simulator/clock`)).json();
  equal(await exchange.fetchTime(), now, "time");
});

await check("fetchStatus", async () => equal((await exchange.fetchStatus()).status, "ok", "status"));

await check("loadMarkets", async () => {
  await exchange.loadMarkets();
  for (const symbol of Object.values(unified)) {
    if (exchange.markets[symbol] === undefined) throw new Error(`${symbol} is missing`);
  }
  equal([exchange.markets["BTC/USDC"].id, exchange.markets["ETH/USDC"].id], ["BTC/USDC", "@1"], "ids");
  equal(exchange.markets["BTC/USDC:USDC"].swap, true, "perpetual");
});

await check("fetchBalance spot", async () => {
  const balance = await exchange.fetchBalance({ type: "spot" });
  for (const row of truth.balances) {
    const [free, locked] = [Number(row.free), Number(row.locked)];
    const near = (a, b) => Math.abs((a ?? 0) - b) <= 1e-9 * Math.max(1, Math.abs(b));
    const told = balance[coin(row.asset)] ?? {};
    if (!near(told.total, free + locked) || !near(told.used, locked)) {
      throw new Error(`${row.asset}: ${JSON.stringify(told)} instead of ${JSON.stringify(row)}`);
    }
  }
});

const positions = truth.contracts.positions.filter((row) => row.settle === "USDT" && Number(row.quantity) !== 0);
const open = positions.reduce((sum, row) => sum + Number(row.unrealized), 0);

await check("fetchBalance swap", async () => {
  const balance = await exchange.fetchBalance({ type: "swap" });
  const expected = Number(truth.contracts.wallets.USDT) + open;
  // Time goes on between the truth and here.
  if (Math.abs(balance.USDC.total - expected) > 0.05 * expected) throw new Error(`${balance.USDC.total} instead of ${expected}`);
});

await check("fetchPositions", async () => {
  const got = (await exchange.fetchPositions()).map((row) => [row.symbol, row.side, row.contracts, row.entryPrice]);
  const expected = positions.map((row) => [
    `${row.base}/USDC:USDC`, Number(row.quantity) > 0 ? "long" : "short", Math.abs(Number(row.quantity)), Number(row.entry),
  ]);
  equal(got, expected, "positions");
});

await check("fetchMyTrades, all pages", async () => {
  const got = (await pages((since) => exchange.fetchMyTrades(undefined, since), 2000)).map((trade) => [
    trade.symbol, trade.timestamp, trade.side, trade.takerOrMaker, trade.price, trade.amount, trade.fee.cost, trade.fee.currency,
  ].join(" "));
  const spot = truth.fills.map((fill) => [
    unified[fill.symbol], fill.time, fill.isBuyer ? "buy" : "sell", fill.isMaker ? "maker" : "taker",
    Number(fill.price), Number(fill.qty), Number(fill.commission), coin(fill.commissionAsset),
  ].join(" "));
  const contracts = truth.contracts.fills.filter((fill) => fill.asset === "USDT").map((fill) => [
    `${fill.symbol.replace("USDT", "")}/USDC:USDC`, fill.time, fill.buyer ? "buy" : "sell", fill.maker ? "maker" : "taker",
    Number(fill.price), Number(fill.quantity), Number(fill.fee), "USDC",
  ].join(" "));
  const expected = [...spot, ...contracts].sort();
  equal(got.length, expected.length, "trades");
  equal(got.sort().filter((trade, index) => trade !== expected[index]).slice(0, 3), [], "trades that are no fills");
});

await check("fetchFundingHistory", async () => {
  const got = (await pages((since) => exchange.fetchFundingHistory(undefined, since), 500)).map((row) => [row.timestamp, row.symbol, row.amount].join(" "));
  const expected = truth.contracts.funding.filter((row) => row.asset === "USDT")
    .map((row) => [row.time, `${row.symbol.replace("USDT", "")}/USDC:USDC`, Number(row.amount)].join(" "));
  equal(got.sort(), expected.sort(), "funding");
});

await check("fetchDeposits", async () => {
  const got = (await exchange.fetchDeposits("USDC", 1)).map((flow) => [flow.timestamp, flow.amount]);
  const expected = truth.deposits.filter((row) => row.coin === "USDT" && row.status !== 0).map((row) => [row.insertTime, Number(row.amount)]);
  equal(got, expected, "deposits of money");
});

await check("fetchWithdrawals", async () => {
  const time = (row) => Date.parse(`${row.applyTime.replace(" ", "T")}Z`);
  const got = (await exchange.fetchWithdrawals("USDC", 1)).map((flow) => [flow.timestamp, flow.amount, flow.fee.cost]);
  const expected = truth.withdrawals.filter((row) => row.coin === "USDT" && row.status === 6)
    .map((row) => [time(row), Number(row.amount), Number(row.transactionFee)]);
  equal(got, expected, "withdrawals of money");
});

await check("fetchOHLCV", async () => {
  const days = truth.days.BTCUSDT;
  const candles = (await exchange.fetchOHLCV("BTC/USDC", "1d", 1)).filter((candle) => days[candle[0]] !== undefined);
  equal(candles.length, Object.keys(days).length, "days");
  candles.forEach((candle) => equal(candle[4], Number(days[candle[0]]), `close of ${candle[0]}`));
});

await check("fetchTradingFee", async () => {
  const fee = await exchange.fetchTradingFee("BTC/USDC");
  equal(typeof fee.taker, "number", "a fee");
});

await check("fetchOpenOrders", async () => equal((await exchange.fetchOpenOrders()).length, 1, "orders"));

await check("createOrder", () => refused(() => exchange.createOrder("BTC/USDC", "limit", "buy", 0.001, 50000), isRefusal));
await check("withdraw", () => refused(() => exchange.withdraw("USDC", 10, "0x00000000000000000000000000000000000000aa"), isRefusal));

conclude();
