//! The calls that can be made, all of them reads, with the names of their parameters.

use super::UNASKED;
use crate::{Cost, Method, Need, Question, Refusal, dialect::Parameters};
use Field::{Currency, From, Limit, Symbol, To};
use zeroize::Zeroizing;

pub(super) const HOST: &str = "www.deribit.com";

/// One call.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) path: &'static str,
    pub(super) access: Access,
    /// What of a question it takes, under which name, in this order.
    takes: &'static [(Field, &'static str)],
}

/// How a call says who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Nobody.
    Public,
    /// By a signature in a header.
    Signed,
    /// By a signature in the query: what is asked for is what the key would be allowed.
    Login,
}

#[derive(Clone, Copy, Debug)]
enum Field {
    Symbol,
    Currency,
    From,
    To,
    Limit,
}

const fn at(path: &'static str, access: Access, takes: &'static [(Field, &'static str)]) -> Endpoint {
    Endpoint { path, access, takes }
}

const SPAN: [(Field, &str); 2] = [(From, "start_timestamp"), (To, "end_timestamp")];
const BY_SYMBOL: &[(Field, &str)] = &[(Limit, "count"), (Symbol, "instrument_name"), SPAN[0], SPAN[1]];
const BY_CURRENCY: &[(Field, &str)] = &[(Currency, "currency"), SPAN[0], SPAN[1], (Limit, "count")];
const NEWEST: &[(Field, &str)] = &[(Currency, "currency"), (Limit, "count")];
const CURRENCY: &[(Field, &str)] = &[(Currency, "currency")];
const SYMBOL: &[(Field, &str)] = &[(Symbol, "instrument_name")];

static TIME: Endpoint = at("/api/v2/public/get_time", Access::Public, &[]);
static TICKER: Endpoint = at("/api/v2/public/ticker", Access::Public, SYMBOL);
static TICKERS: Endpoint = at("/api/v2/public/get_book_summary_by_currency", Access::Public, CURRENCY);
static KLINES: Endpoint = at(
    "/api/v2/public/get_tradingview_chart_data",
    Access::Public,
    &[(Symbol, "instrument_name"), SPAN[0], SPAN[1]],
);
static LOGIN: Endpoint = at("/api/v2/public/auth", Access::Login, &[]);
static KEYS: Endpoint = at("/api/v2/private/list_api_keys", Access::Signed, &[]);
static SUMMARIES: Endpoint = at("/api/v2/private/get_account_summaries", Access::Signed, &[]);
static SUMMARY: Endpoint = at("/api/v2/private/get_account_summary", Access::Signed, CURRENCY);
static POSITIONS: Endpoint = at("/api/v2/private/get_positions", Access::Signed, CURRENCY);
static FILLS: Endpoint = at("/api/v2/private/get_user_trades_by_currency", Access::Signed, NEWEST);
static FILLS_IN: Endpoint =
    at("/api/v2/private/get_user_trades_by_currency_and_time", Access::Signed, BY_CURRENCY);
static FILLS_OF: Endpoint = at("/api/v2/private/get_user_trades_by_instrument", Access::Signed, BY_SYMBOL);
static FILLS_OF_IN: Endpoint =
    at("/api/v2/private/get_user_trades_by_instrument_and_time", Access::Signed, BY_SYMBOL);
static LOG: Endpoint = at("/api/v2/private/get_transaction_log", Access::Signed, BY_CURRENCY);
static DEPOSITS: Endpoint = at("/api/v2/private/get_deposits", Access::Signed, NEWEST);
static WITHDRAWALS: Endpoint = at("/api/v2/private/get_withdrawals", Access::Signed, NEWEST);
static TRANSFERS: Endpoint = at("/api/v2/private/get_transfers", Access::Signed, NEWEST);

/// The allow-list. None of these can change anything.
pub(super) static CALLS: [(Method, &str, &str); 17] = [
    TIME.call(),
    TICKER.call(),
    TICKERS.call(),
    KLINES.call(),
    LOGIN.call(),
    KEYS.call(),
    SUMMARIES.call(),
    SUMMARY.call(),
    POSITIONS.call(),
    FILLS.call(),
    FILLS_IN.call(),
    FILLS_OF.call(),
    FILLS_OF_IN.call(),
    LOG.call(),
    DEPOSITS.call(),
    WITHDRAWALS.call(),
    TRANSFERS.call(),
];

/// Where a question is asked. Rights are asked for among all keys, or, as market `auth`, of the key itself, which needs no
/// right to read them.
pub(super) fn endpoint(question: &Question<'_>) -> Result<&'static Endpoint, Refusal> {
    let timed = question.from_ms.is_some() || question.to_ms.is_some();
    Ok(match question.need {
        Need::Time => &TIME,
        Need::Permission if question.market == "auth" => &LOGIN,
        Need::Permission => &KEYS,
        Need::Balances if question.currency.is_some() => &SUMMARY,
        Need::Balances => &SUMMARIES,
        Need::Fees => &SUMMARY,
        Need::Positions => &POSITIONS,
        Need::Fills => match (question.symbol.is_some(), timed) {
            (true, true) => &FILLS_OF_IN,
            (true, false) => &FILLS_OF,
            (false, true) => &FILLS_IN,
            (false, false) => &FILLS,
        },
        Need::Ledger | Need::Funding => &LOG,
        Need::Deposits => &DEPOSITS,
        Need::Withdrawals => &WITHDRAWALS,
        Need::Transfers => &TRANSFERS,
        Need::Prices if question.symbol.is_some() => &TICKER,
        Need::Prices => &TICKERS,
        Need::Klines => &KLINES,
        Need::Conversions | Need::Request | Need::Listings | Need::SubAccounts => return Err(UNASKED),
    })
}

/// The query, as it will be signed and sent.
pub(super) fn query(endpoint: &Endpoint, question: &Question<'_>) -> Zeroizing<String> {
    let taken = endpoint.takes.iter().map(|(field, name)| {
        let value = match field {
            Symbol => question.symbol.map(str::to_owned),
            Currency => question.currency.map(str::to_owned),
            From => question.from_ms.map(|ms| ms.to_string()),
            To => question.to_ms.map(|ms| ms.to_string()),
            Limit => question.limit.map(|limit| limit.to_string()),
        };
        (*name, value)
    });
    Parameters::default().all(taken).and(&question.with).encoded()
}

impl Endpoint {
    const fn call(&self) -> (Method, &'static str, &'static str) {
        (Method::Get, HOST, self.path)
    }

    /// 500 credits of 10000 a second: twenty requests, of which half are taken, since a pause does not save up much
    /// (<https://docs.deribit.com/articles/rate-limits>).
    pub(super) fn cost(&self, account: u64) -> Cost {
        Cost { budget: "credits", account, weight: 1, limit_per_minute: 600, used_header: "" }
    }
}
