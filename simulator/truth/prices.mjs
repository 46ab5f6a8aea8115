// The price of an asset at an instant and at the end of a day (METRICS.md section 2.7): of the pair, its inverse, or
// through USDT, BTC, ETH.

import { ONE, number, over, rounded28, times } from "./numbers.mjs";

const DAY_MS = 86400000;

export class Prices {
  constructor(truth) {
    this.minutes = truth.prices;
    this.days = truth.days ?? {};
    this.symbols = new Map(truth.symbols.map((row) => [`${row.baseAsset}/${row.quoteAsset}`, row.symbol]));
  }

  /** The close of the minute, failing that of the day. The hour's never stands alone here: markets close on the hour. */
  at(asset, quote, time) {
    const [minute, day] = [60000, DAY_MS].map((length) => String(Math.floor(time / length) * length));
    return this.price(asset, quote, (symbol) => this.minutes[symbol]?.[minute] ?? this.days[symbol]?.[day]);
  }

  /** The close of the candle of the day that ends at `midnight`. */
  end(asset, quote, midnight) {
    return this.price(asset, quote, (symbol) => this.days[symbol]?.[String(midnight - DAY_MS)]);
  }

  /** `null`: there is none. */
  price(asset, quote, close) {
    if (asset === quote) return ONE;
    const straight = this.leg(asset, quote, close);
    if (straight !== null) return straight;
    for (const middle of ["USDT", "BTC", "ETH"].filter((each) => each !== asset && each !== quote)) {
      const [first, second] = [this.leg(asset, middle, close), this.leg(middle, quote, close)];
      if (first !== null && second !== null) return rounded28(times(first, second));
    }
    return null;
  }

  leg(asset, quote, close) {
    const direct = close(this.symbols.get(`${asset}/${quote}`));
    if (direct !== undefined) return number(direct);
    const inverse = close(this.symbols.get(`${quote}/${asset}`));
    return inverse === undefined ? null : rounded28(over(ONE, number(inverse)));
  }
}
