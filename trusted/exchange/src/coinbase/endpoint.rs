//! The calls that are made of Coinbase, all of them reads, with what they cost (EXCHANGES.md section 6).

use crate::Method;
use crate::dialect::{Need, Parameters, Question, instant};

pub(super) const HOST: &str = "api.coinbase.com";

/// One call.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) path: &'static str,
    pub(super) budget: Budget,
    pub(super) signed: bool,
}

/// From which budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Budget {
    Private,
    Public,
    Wallet,
}

const fn private(path: &'static str) -> Endpoint {
    Endpoint { path, budget: Budget::Private, signed: true }
}

const fn public(path: &'static str) -> Endpoint {
    Endpoint { path, budget: Budget::Public, signed: false }
}

const fn wallet(path: &'static str) -> Endpoint {
    Endpoint { path, budget: Budget::Wallet, signed: true }
}

static FILLS: Endpoint = private("/api/v3/brokerage/orders/historical/fills");
static ACCOUNTS: Endpoint = private("/api/v3/brokerage/accounts");
static SUMMARY: Endpoint = private("/api/v3/brokerage/transaction_summary");
static KEY: Endpoint = private("/api/v3/brokerage/key_permissions");
static PORTFOLIOS: Endpoint = private("/api/v3/brokerage/portfolios");
static PRODUCTS: Endpoint = public("/api/v3/brokerage/market/products");
static TICKER: Endpoint = public("/api/v3/brokerage/market/products/{product_id}/ticker");
static CANDLES: Endpoint = public("/api/v3/brokerage/market/products/{product_id}/candles");
static TIME: Endpoint = public("/api/v3/brokerage/time");
static WALLETS: Endpoint = wallet("/v2/accounts");
static TRANSACTIONS: Endpoint = wallet("/v2/accounts/{account_id}/transactions");
static DEPOSITS: Endpoint = wallet("/v2/accounts/{account_id}/deposits");
static WITHDRAWALS: Endpoint = wallet("/v2/accounts/{account_id}/withdrawals");

/// The allow-list.
pub(super) static CALLS: [(Method, &str, &str); 13] = [
    (Method::Get, HOST, FILLS.path),
    (Method::Get, HOST, ACCOUNTS.path),
    (Method::Get, HOST, SUMMARY.path),
    (Method::Get, HOST, KEY.path),
    (Method::Get, HOST, PORTFOLIOS.path),
    (Method::Get, HOST, PRODUCTS.path),
    (Method::Get, HOST, TICKER.path),
    (Method::Get, HOST, CANDLES.path),
    (Method::Get, HOST, TIME.path),
    (Method::Get, HOST, WALLETS.path),
    (Method::Get, HOST, TRANSACTIONS.path),
    (Method::Get, HOST, DEPOSITS.path),
    (Method::Get, HOST, WITHDRAWALS.path),
];

/// Where a question goes. Coins come in and go out among the transactions, money has lists of its own as well.
pub(super) fn of(question: &Question<'_>) -> Option<&'static Endpoint> {
    Some(match (question.need, question.market) {
        (Need::Fills, _) => &FILLS,
        (Need::Balances, "wallet") => &WALLETS,
        (Need::Balances, _) => &ACCOUNTS,
        (Need::Fees, _) => &SUMMARY,
        (Need::Deposits, "fiat") => &DEPOSITS,
        (Need::Withdrawals, "fiat") => &WITHDRAWALS,
        (Need::Ledger | Need::Deposits | Need::Withdrawals | Need::Transfers, _) => &TRANSACTIONS,
        (Need::Permission, _) => &KEY,
        (Need::SubAccounts, _) => &PORTFOLIOS,
        (Need::Prices, _) if question.symbol.is_some() => &TICKER,
        (Need::Prices | Need::Listings, _) => &PRODUCTS,
        (Need::Klines, _) => &CANDLES,
        (Need::Time, _) => &TIME,
        _ => return None,
    })
}

impl Endpoint {
    /// The parameters of a question by this call's names. The lists of `/v2` know no times: they go by id, newest first.
    pub(super) fn parameters(&self, question: &Question<'_>) -> Parameters {
        let Question { symbol, from_ms, to_ms, limit, .. } = *question;
        let query = Parameters::default();
        match self.path {
            path if path == FILLS.path => query
                .maybe("product_id", symbol)
                .maybe("limit", limit)
                .maybe("start_sequence_timestamp", from_ms.map(instant))
                .maybe("end_sequence_timestamp", to_ms.map(instant)),
            path if path == CANDLES.path => query
                .maybe("start", from_ms.map(|ms| ms.div_euclid(1000)))
                .maybe("end", to_ms.map(|ms| ms.div_euclid(1000)))
                .maybe("limit", limit),
            path if path == TICKER.path => query.with("limit", limit.unwrap_or(1)),
            path if [SUMMARY.path, KEY.path, PORTFOLIOS.path, TIME.path].contains(&path) => query,
            _ => query.maybe("limit", limit),
        }
    }
}
