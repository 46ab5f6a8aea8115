//! What a case's call asks for. The calls are those of a library for many exchanges; which windows and page sizes it chooses
//! at each of them is its affair, and stands here: a connector chooses its own.

mod bybit;
mod okx;
mod coinbase;
mod kraken;
mod deribit;
mod hyperliquid;
mod kucoin;
mod alpaca;
mod binance;
mod venues;
mod bitget;
mod gate;
mod mexc;

use super::symbols;
use anyhow::{Context as _, bail};
use exchange::{Need, Question};
use serde_json::{Map, Value};

/// A call, taken apart.
pub(super) struct Call {
    pub(super) exchange: String,
    pub(super) need: Need,
    pub(super) market: String,
    /// The unified call; `None`: an endpoint is called directly, with the venue's own parameters.
    pub(super) unified: Option<String>,
    /// The endpoint, by the library's name, where it is called directly.
    pub(super) endpoint: Option<String>,
    /// The unified name of an instrument.
    pub(super) symbol: Option<String>,
    /// How many instruments were named; the first is `symbol`.
    pub(super) symbols: usize,
    pub(super) currency: Option<String>,
    pub(super) interval: Option<String>,
    pub(super) since_ms: Option<i64>,
    pub(super) limit: Option<u32>,
    /// What else was said: the library's own words, and parameters for the venue.
    pub(super) params: Map<String, Value>,
}

/// What a dialect is asked, for good.
#[derive(Clone, Debug)]
pub(super) struct Asking {
    pub(super) need: Need,
    pub(super) market: String,
    pub(super) symbol: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) from_ms: Option<i64>,
    pub(super) to_ms: Option<i64>,
    pub(super) limit: Option<u32>,
    pub(super) with: Vec<(String, String)>,
    pub(super) segment: Option<String>,
}

impl Asking {
    pub(super) fn question(&self) -> Question<'_> {
        let Self { need, market, symbol, currency, from_ms, to_ms, limit, with, segment } = self;
        Question {
            symbol: symbol.as_deref(),
            currency: currency.as_deref(),
            from_ms: *from_ms,
            to_ms: *to_ms,
            limit: *limit,
            with: with.iter().map(|(name, value)| (name.as_str(), value.clone())).collect(),
            segment: segment.as_deref(),
            ..Question::of(*need, market)
        }
    }

    /// One of the venue's own parameters more.
    pub(super) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.with.push((name.to_owned(), value.to_string()));
        self
    }
}

impl Call {
    pub(super) fn of(exchange: &str, need: Need, case: &Value) -> anyhow::Result<Self> {
        let (call, market) = (&case["call"], case["market"].as_str().unwrap_or_default());
        let args = call["args"].as_array().context("args")?;
        let arg = |at: usize| args.get(at).filter(|arg| !arg.is_null());
        let params = |at: usize| arg(at).and_then(Value::as_object).cloned().unwrap_or_default();
        let text =
            |at: usize| arg(at).and_then(|arg| arg.as_str().or_else(|| arg[0].as_str())).map(str::to_owned);
        let (since_ms, limit) = (
            |at: usize| arg(at).and_then(Value::as_i64),
            |at: usize| arg(at).and_then(Value::as_u64).and_then(|limit| u32::try_from(limit).ok()),
        );
        let mut made = Self {
            exchange: exchange.to_owned(),
            need,
            market: market.to_owned(),
            unified: call["unified"].as_str().map(str::to_owned),
            endpoint: call["endpoint"].as_str().map(str::to_owned),
            symbol: None,
            symbols: arg(0).map_or(0, |arg| arg.as_array().map_or(1, Vec::len)),
            currency: None,
            interval: None,
            since_ms: None,
            limit: None,
            params: Map::new(),
        };
        match made.unified.as_deref() {
            None => made.params = params(0),
            Some("fetch_my_trades" | "fetch_funding_history") => {
                (made.symbol, made.since_ms, made.limit, made.params) =
                    (text(0), since_ms(1), limit(2), params(3));
            }
            Some("fetch_deposits" | "fetch_withdrawals" | "fetch_transfers" | "fetch_ledger") => {
                (made.currency, made.since_ms, made.limit, made.params) =
                    (text(0), since_ms(1), limit(2), params(3));
            }
            Some("fetch_convert_trade_history") => {
                (made.currency, made.since_ms, made.limit, made.params) =
                    (text(0), since_ms(1), limit(2), params(3));
            }
            Some("fetch_ohlcv") => {
                (made.symbol, made.interval) = (text(0), text(1));
                (made.since_ms, made.limit, made.params) = (since_ms(2), limit(3), params(4));
            }
            Some("fetch_balance" | "fetch_trading_fees" | "fetch_time") => made.params = params(0),
            Some(
                "fetch_trading_fee"
                | "fetch_ticker"
                | "fetch_tickers"
                | "fetch_positions"
                | "fetch_positions_risk",
            ) => {
                (made.symbol, made.params) = (text(0), params(1));
            }
            Some(other) => bail!("call {other} is none that is known"),
        }
        Ok(made)
    }

    /// What the dialect is asked.
    pub(super) fn asking(&self, clock_ms: i64) -> anyhow::Result<Asking> {
        venues::asking(self, clock_ms)
    }

    /// The call as it is, without the library's own words: parameters in their order, as they are.
    pub(super) fn plain(&self) -> anyhow::Result<Asking> {
        let symbol =
            self.symbol.as_ref().map(|symbol| symbols::native(&self.exchange, symbol)).transpose()?;
        Ok(Asking {
            need: self.need,
            market: self.market.clone(),
            symbol,
            currency: self.currency.clone(),
            from_ms: self.since_ms,
            to_ms: None,
            limit: self.limit,
            with: Vec::new(),
            segment: None,
        })
    }

    /// The same with what else was said, but for these words of the library.
    pub(super) fn with_params(&self, words: &[&str]) -> anyhow::Result<Asking> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let own = self.params.iter().filter(|(name, _)| !words.contains(&name.as_str()));
        Ok(own.fold(self.plain()?, |asking, (name, value)| asking.with(name, text(value))))
    }

    /// A word of the library.
    pub(super) fn word(&self, name: &str) -> Option<&str> {
        self.params.get(name)?.as_str()
    }
}

/// How long a candle of the library's name is: `1m`, `4h`, `1d`, `1w`, `1M` (30 days).
fn duration_ms(interval: &str) -> anyhow::Result<i64> {
    let (count, unit) = interval.split_at(interval.len().saturating_sub(1));
    let unit_ms = match unit {
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 7 * 86_400_000,
        "M" => 30 * 86_400_000,
        _ => bail!("{interval} is no interval"),
    };
    Ok(count.parse::<i64>()? * unit_ms)
}
