// Points an unmodified ccxt at the simulator's two interfaces for contracts, by its documented options, and checks what it
// reads against the truth.
//
//   CCXT_DIR=… SIMULATOR_URL=… SIMULATOR_KEY=… SIMULATOR_SECRET=… node binance_contracts.mjs

import { env } from "node:process";
import { ccxt, check, conclude, equal, refused, truth, url } from "./checks.mjs";

const PATHS = {
  public: "/api/v3", private: "/api/v3", sapi: "/sapi/v1", sapiV2: "/sapi/v2", sapiV3: "/sapi/v3", sapiV4: "/sapi/v4",
  fapiPublic: "/fapi/v1", fapiPublicV2: "/fapi/v2", fapiPublicV3: "/fapi/v3",
  fapiPrivate: "/fapi/v1", fapiPrivateV2: "/fapi/v2", fapiPrivateV3: "/fapi/v3",
  dapiPublic: "/dapi/v1", dapiPrivate: "/dapi/v1", dapiPrivateV2: "/dapi/v2",
};
const DAY_MS = 86_400_000;
const { contracts } = truth;
const isRefusal = (error) => error instanceof ccxt.BaseError && error.message.includes('"code":-2015');

async function client(kind) {
  const exchange = new ccxt[kind]({
    apiKey: env.SIMULATOR_KEY,
    secret: env.SIMULATOR_SECRET,
    enableRateLimit: false,
    options: { adjustForTimeDifference: true },
  });
  for (const [name, path] of Object.entries(PATHS)) exchange.urls.api[name] = url + path;
  // The world's time is its own.
  await exchange.loadTimeDifference();
  return exchange;
}

/** All fills of a contract: from its first one on, window after window of the seven days that the venue allows. */
async function allTrades(exchange, symbol, now) {
  const all = new Map();
  for (let since = now - 90 * DAY_MS; since < now; since += 7 * DAY_MS) {
    const until = Math.min(since + 7 * DAY_MS - 1, now);
    const page = await exchange.fetchMyTrades(symbol, since, 1000, { until });
    if (page.length >= 1000) throw new Error("a window holds more than a page");
    page.forEach((trade) => all.set(trade.id, trade));
  }
  return [...all.values()];
}

const BOOKS = [
  ["binanceusdm", "BTC/USDT:USDT", "BTCUSDT"],
  ["binanceusdm", "ETH/USDT:USDT", "ETHUSDT"],
  ["binancecoinm", "BTC/USD:BTC", "BTCUSD"],
];

const clients = {
  binanceusdm: await client("binanceusdm"),
  binancecoinm: await client("binancecoinm"),
};

for (const [kind, exchange] of Object.entries(clients)) {
  const mine = BOOKS.filter((book) => book[0] === kind);
  const ids = new Set(mine.map((book) => book[2]));
  const settle = kind === "binanceusdm" ? "USDT" : "BTC";

  await check(`${kind}: loadMarkets`, async () => {
    await exchange.loadMarkets();
    equal([...exchange.symbols].sort(), mine.map((book) => book[1]).sort(), "markets");
    for (const [, symbol] of mine) {
      const market = exchange.markets[symbol];
      equal([market.swap, market.settle], [true, settle], symbol);
      equal(market.contractSize, kind === "binanceusdm" ? 1 : 100, `${symbol}: size`);
    }
  });

  await check(`${kind}: fetchTime`, async () => {
    const { now_ms: now } = await (await fetch(`${url}/simulator/clock`)).json();
    if (Math.abs((await exchange.fetchTime()) - now) > 5000) throw new Error("another time");
  });

  for (const [, symbol, id] of mine) {
    await check(`${kind}: fetchMyTrades ${symbol}`, async () => {
      const expected = contracts.fills.filter((fill) => fill.symbol === id).map((fill) => [
        String(fill.id), String(fill.order_id), fill.time, fill.buyer ? "buy" : "sell", fill.maker ? "maker" : "taker",
        Number(fill.price), Number(fill.quantity), Number(fill.fee), settle, Number(fill.realized),
      ]);
      const got = (await allTrades(exchange, symbol, truth.now)).map((trade) => [
        trade.id, trade.order, trade.timestamp, trade.side, trade.takerOrMaker,
        trade.price, trade.amount, trade.fee.cost, trade.fee.currency, Number(trade.info.realizedPnl),
      ]);
      if (expected.length < 300) throw new Error("too few fills to prove anything");
      equal(got.length, expected.length, "fills");
      got.forEach((trade, index) => equal(trade, expected[index], `fill ${index}`));
    });

    await check(`${kind}: fetchOHLCV ${symbol}`, async () => {
      const candles = await exchange.fetchOHLCV(symbol, "1m", truth.now - 10 * 60_000, 10);
      equal(candles.length, 10, "candles");
      const fill = contracts.fills.filter((one) => one.symbol === id).at(-1);
      const minute = Math.floor(fill.time / 60_000) * 60_000;
      const [candle] = candles.filter((one) => one[0] === minute);
      const price = Number(fill.price);
      if (!(candle[3] <= price && price <= candle[2])) throw new Error(`${price} is not in ${candle}`);
      equal((await exchange.fetchTicker(symbol)).last > 0, true, "a price");
    });
  }

  await check(`${kind}: fetchBalance`, async () => {
    const open = contracts.positions.filter((one) => one.settle === settle);
    const { info } = await exchange.fetchBalance();
    const wallet = info.assets.find((asset) => asset.asset === settle);
    equal(Number(wallet.walletBalance), Number(contracts.wallets[settle]), "wallet");
    const unrealized = open.reduce((sum, one) => sum + Number(one.unrealized), 0);
    if (Math.abs(Number(wallet.unrealizedProfit) - unrealized) > 1e-7) throw new Error(wallet.unrealizedProfit);
  });

  await check(`${kind}: fetchPositions`, async () => {
    const expected = contracts.positions
      .filter((one) => ids.has(one.symbol) && Number(one.quantity) !== 0)
      .map((one) => [
        mine.find((book) => book[2] === one.symbol)[1],
        Number(one.quantity) > 0 ? "long" : "short", Math.abs(Number(one.quantity)),
        Number(one.entry), Number(one.unrealized),
      ]);
    const got = (await exchange.fetchPositions()).filter((one) => one.contracts > 0);
    equal(got.map((one) => [one.symbol, one.side, one.contracts, one.entryPrice, one.unrealizedPnl]), expected, "positions");
    if (expected.length === 0) throw new Error("nothing is open");
  });

  await check(`${kind}: fetchFundingHistory`, async () => {
    const expected = contracts.funding.filter((one) => ids.has(one.symbol))
      .map((one) => [String(one.id), one.time, one.asset, Number(one.amount)]);
    const got = await exchange.fetchFundingHistory(undefined, truth.now - 89 * DAY_MS, 1000);
    if (expected.length < 100) throw new Error("too few payments to prove anything");
    const order = (a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1);
    equal(got.map((one) => [one.id, one.timestamp, one.code, one.amount]).sort(order), expected.sort(order), "payments");
  });

  await check(`${kind}: transfers in the income`, async () => {
    const from = kind === "binanceusdm" ? exchange.fapiPrivateGetIncome : exchange.dapiPrivateGetIncome;
    const rows = await from({ incomeType: "TRANSFER", startTime: truth.now - 89 * DAY_MS, limit: 1000 });
    const expected = contracts.transfers.filter((one) => one.asset === settle)
      .map((one) => [String(one.id), one.time, Number(one.amount) * (one.inward ? 1 : -1)]);
    equal(rows.map((one) => [String(one.tranId), Number(one.time), Number(one.income)]), expected, "transfers");
  });

  await check(`${kind}: a reading key takes no orders`, () =>
    refused(() => exchange.createOrder(mine[0][1], "limit", "buy", 1, 20_000), isRefusal));
}

conclude();
