//! The calls that are made of Kraken, all of them reads, with what they cost (EXCHANGES.md section 5).

use super::is_futures;
use crate::Method;
use crate::dialect::{Need, Parameters, Question, instant};

const SPOT: &str = "api.kraken.com";
const FUTURES: &str = "futures.kraken.com";

/// One call.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) kind: Kind,
    pub(super) path: &'static str,
    pub(super) weight: u32,
    pub(super) budget: Budget,
}

/// How it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A form with a nonce, by POST, also where it only reads.
    SpotPrivate,
    FuturesPrivate,
    Public,
}

/// From which budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Budget {
    Spot,
    Public,
    Derivatives,
    History,
}

impl Kind {
    pub(super) const fn method(self) -> Method {
        match self {
            Self::SpotPrivate => Method::Post,
            Self::FuturesPrivate | Self::Public => Method::Get,
        }
    }
}

const fn private(path: &'static str, weight: u32) -> Endpoint {
    Endpoint { kind: Kind::SpotPrivate, path, weight, budget: Budget::Spot }
}

const fn public(path: &'static str) -> Endpoint {
    Endpoint { kind: Kind::Public, path, weight: 1, budget: Budget::Public }
}

const fn futures(path: &'static str, weight: u32) -> Endpoint {
    Endpoint { kind: Kind::FuturesPrivate, path, weight, budget: Budget::Derivatives }
}

const fn history(path: &'static str, weight: u32) -> Endpoint {
    Endpoint { kind: Kind::FuturesPrivate, path, weight, budget: Budget::History }
}

static TRADES: Endpoint = private("/0/private/TradesHistory", 2);
static LEDGERS: Endpoint = private("/0/private/Ledgers", 2);
static BALANCES: Endpoint = private("/0/private/BalanceEx", 1);
static DEPOSITS: Endpoint = private("/0/private/DepositStatus", 1);
static WITHDRAWALS: Endpoint = private("/0/private/WithdrawStatus", 1);
static VOLUME: Endpoint = private("/0/private/TradeVolume", 1);
static POSITIONS: Endpoint = private("/0/private/OpenPositions", 1);
static KEY: Endpoint = private("/0/private/GetApiKeyInfo", 1);
static TICKER: Endpoint = public("/0/public/Ticker");
static OHLC: Endpoint = public("/0/public/OHLC");
static TIME: Endpoint = public("/0/public/Time");
static PAIRS: Endpoint = public("/0/public/AssetPairs");
static FILLS: Endpoint = futures("/derivatives/api/v3/fills", 25);
static ACCOUNTS: Endpoint = futures("/derivatives/api/v3/accounts", 2);
static OPEN_POSITIONS: Endpoint = futures("/derivatives/api/v3/openpositions", 2);
static FUTURES_KEY: Endpoint = futures("/api/auth/v1/api-keys/v3/check", 1);
static LOG: Endpoint = history("/api/history/v3/account-log", 3);
static EXECUTIONS: Endpoint = history("/api/history/v3/executions", 1);
static TICKERS: Endpoint = public("/derivatives/api/v3/tickers");
static MINUTES: Endpoint = public("/api/charts/v1/trade/{symbol}/1m");
static HOURS: Endpoint = public("/api/charts/v1/trade/{symbol}/1h");
static DAYS: Endpoint = public("/api/charts/v1/trade/{symbol}/1d");

/// The allow-list.
pub(super) static CALLS: [(Method, &str, &str); 22] = [
    (Method::Post, SPOT, TRADES.path),
    (Method::Post, SPOT, LEDGERS.path),
    (Method::Post, SPOT, BALANCES.path),
    (Method::Post, SPOT, DEPOSITS.path),
    (Method::Post, SPOT, WITHDRAWALS.path),
    (Method::Post, SPOT, VOLUME.path),
    (Method::Post, SPOT, POSITIONS.path),
    (Method::Post, SPOT, KEY.path),
    (Method::Get, SPOT, TICKER.path),
    (Method::Get, SPOT, OHLC.path),
    (Method::Get, SPOT, TIME.path),
    (Method::Get, SPOT, PAIRS.path),
    (Method::Get, FUTURES, FILLS.path),
    (Method::Get, FUTURES, ACCOUNTS.path),
    (Method::Get, FUTURES, OPEN_POSITIONS.path),
    (Method::Get, FUTURES, FUTURES_KEY.path),
    (Method::Get, FUTURES, LOG.path),
    (Method::Get, FUTURES, EXECUTIONS.path),
    (Method::Get, FUTURES, TICKERS.path),
    (Method::Get, FUTURES, MINUTES.path),
    (Method::Get, FUTURES, HOURS.path),
    (Method::Get, FUTURES, DAYS.path),
];

/// Of candles of futures: it is part of the path. Without it, minutes.
pub(super) const RESOLUTION: &str = "resolution";

/// Where a question goes. The newest fills of a futures account are asked of `fills`, older ones of `executions`, which
/// goes back to the account's beginning: `from_ms` or a token says that these are meant.
pub(super) fn of(question: &Question<'_>) -> Option<&'static Endpoint> {
    let with =
        |name: &str| question.with.iter().find(|(own, _)| *own == name).map(|(_, value)| value.as_str());
    Some(match (question.need, is_futures(question.market)) {
        (Need::Fills, true) if question.from_ms.is_some() || with("continuation_token").is_some() => {
            &EXECUTIONS
        }
        (Need::Fills, true) => &FILLS,
        (Need::Balances, true) => &ACCOUNTS,
        (Need::Positions, true) => &OPEN_POSITIONS,
        (Need::Ledger | Need::Funding, true) => &LOG,
        (Need::Permission, true) => &FUTURES_KEY,
        (Need::Prices, true) => &TICKERS,
        (Need::Klines, true) => match with(RESOLUTION) {
            None | Some("1m") => &MINUTES,
            Some("1h") => &HOURS,
            Some("1d") => &DAYS,
            Some(_) => return None,
        },
        (Need::Fills, false) => &TRADES,
        (Need::Ledger | Need::Transfers, false) => &LEDGERS,
        (Need::Balances, false) => &BALANCES,
        (Need::Deposits, false) => &DEPOSITS,
        (Need::Withdrawals, false) => &WITHDRAWALS,
        (Need::Fees, false) => &VOLUME,
        (Need::Positions, false) => &POSITIONS,
        (Need::Permission, false) => &KEY,
        (Need::Prices, false) => &TICKER,
        (Need::Klines, false) => &OHLC,
        (Need::Time, _) => &TIME,
        (Need::Listings, false) => &PAIRS,
        _ => return None,
    })
}

impl Endpoint {
    pub(super) fn host(&self) -> &'static str {
        if self.path.starts_with("/0/") { SPOT } else { FUTURES }
    }

    /// The parameters of a question by this call's names.
    ///
    /// `start` of the spot calls excludes its instant and counts seconds, so it is put a second early; `end` includes.
    pub(super) fn parameters(&self, question: &Question<'_>, query: Parameters) -> Parameters {
        let Question { symbol, currency, from_ms, to_ms, limit, .. } = *question;
        let start = from_ms.map(|ms| ms.saturating_sub(1).div_euclid(1000));
        let end = to_ms.map(|ms| ms.saturating_add(999).div_euclid(1000));
        let query = match question.need {
            Need::Transfers => query.with("type", "transfer"),
            Need::Funding => query.with("info", "funding rate change"),
            _ => query,
        };
        match self.path {
            path if path == VOLUME.path || path == TICKER.path => query.maybe("pair", symbol),
            path if path == OHLC.path => query.maybe("pair", symbol).maybe("since", start),
            path if path == TRADES.path => query.maybe("start", start).maybe("end", end),
            path if path == LEDGERS.path || path == DEPOSITS.path || path == WITHDRAWALS.path => {
                query.maybe("asset", currency).maybe("start", start).maybe("end", end)
            }
            path if path == FILLS.path => query.maybe("lastFillTime", to_ms.map(instant)),
            path if path == LOG.path || path == EXECUTIONS.path => {
                let query = query.maybe("since", from_ms).maybe("before", to_ms).maybe("count", limit);
                if path == LOG.path { query } else { query.maybe("tradeable", symbol) }
            }
            path if path.starts_with("/api/charts/") => {
                query.maybe("from", from_ms.map(|ms| ms.div_euclid(1000))).maybe("to", end)
            }
            _ => query,
        }
    }
}
