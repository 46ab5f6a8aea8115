// Collects every fill of an account with an unmodified ccxt: the peer that `cargo xtask bench collect` holds ours against.
//
//   PERFAGG_CCXT_DIR=… node collect.mjs URL KEY SECRET SYMBOL…
//
// What is timed are pages and their parsing, one after the other on one connection; markets and clock are read before.
// The last line is JSON: fills, the sum of their quantities as ccxt read them, seconds by the clock and on a core.

import { createRequire } from "node:module";
import { join } from "node:path";
import { argv, cpuUsage, env, exit } from "node:process";

const PAGE = 1000;

const ccxt = createRequire(join(env.PERFAGG_CCXT_DIR, "package.json"))("ccxt");
const [url, apiKey, secret, ...symbols] = argv.slice(2);
const exchange = new ccxt.binance({
  apiKey,
  secret,
  enableRateLimit: false,
  options: { defaultType: "spot", fetchMarkets: { types: ["spot"] }, adjustForTimeDifference: true },
});
for (const [name, path] of Object.entries({ public: "/api/v3", private: "/api/v3", sapi: "/sapi/v1", sapiV3: "/sapi/v3" })) {
  exchange.urls.api[name] = url + path;
}
await exchange.loadTimeDifference();
await exchange.loadMarkets();

const [began, before] = [performance.now(), cpuUsage()];
const fills = new Map();
for (const symbol of symbols) {
  const all = [];
  for (let first = 0; ; ) {
    const page = await exchange.fetchMyTrades(symbol, undefined, PAGE, { fromId: first });
    all.push(...page);
    if (page.length < PAGE) break;
    first = Number(page.at(-1).id) + 1;
  }
  fills.set(symbol, all);
}
const seconds = (performance.now() - began) / 1000;
const { user, system } = cpuUsage(before);

const distinct = new Set([...fills].flatMap(([symbol, rows]) => rows.map((fill) => `${symbol} ${fill.id}`)));
// A quantity has at most eight decimals.
const units = [...fills.values()].flat().reduce((sum, fill) => sum + BigInt(Math.round(fill.amount * 1e8)), 0n);
const quantity = `${units / 100000000n}.${String(units % 100000000n).padStart(8, "0")}`;
console.log(JSON.stringify({ fills: distinct.size, quantity, seconds, seconds_on_core: (user + system) / 1e6, version: ccxt.version }));
exit(0);
