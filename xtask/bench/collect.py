"""Collects every fill of an account with an unmodified ccxt: the peer that `cargo xtask bench collect` holds ours against.

collect.py URL KEY SECRET SYMBOL…

What is timed are pages and their parsing, one after the other on one connection; markets and clock are read before. The
last line is JSON: fills, the sum of their quantities as ccxt read them, seconds by the clock and on a core.
"""

import json
import sys
import time
from decimal import Decimal

import ccxt

PAGE = 1000

url, key, secret, *symbols = sys.argv[1:]
exchange = ccxt.binance(
    {
        "apiKey": key,
        "secret": secret,
        "enableRateLimit": False,
        "options": {"defaultType": "spot", "fetchMarkets": {"types": ["spot"]}, "adjustForTimeDifference": True},
    }
)
for name, path in {"public": "/api/v3", "private": "/api/v3", "sapi": "/sapi/v1", "sapiV3": "/sapi/v3"}.items():
    exchange.urls["api"][name] = url + path
# Nothing here goes anywhere else.
exchange.session.trust_env = False
exchange.load_time_difference()
exchange.load_markets()

began, before = time.perf_counter(), time.process_time()
fills = {}
for symbol in symbols:
    all_of_symbol, first = [], 0
    while True:
        page = exchange.fetch_my_trades(symbol, None, PAGE, {"fromId": first})
        all_of_symbol += page
        if len(page) < PAGE:
            break
        first = int(page[-1]["id"]) + 1
    fills[symbol] = all_of_symbol
seconds, on_core = time.perf_counter() - began, time.process_time() - before

distinct = {(symbol, fill["id"]) for symbol, rows in fills.items() for fill in rows}
# The shortest text of a double is the decimal that it was read from.
quantity = sum(Decimal(repr(fill["amount"])) for rows in fills.values() for fill in rows)
told = {"fills": len(distinct), "quantity": f"{quantity:.8f}", "seconds": seconds, "seconds_on_core": on_core}
print(json.dumps(told | {"version": ccxt.__version__}))
