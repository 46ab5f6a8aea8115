//! The calls that can be made of OKX, all of them reads, with what they cost (EXCHANGES.md section 4).

use crate::{Cost, Method, Need};

/// Where accounts of the global site are. Those of the EEA and the US have hosts of their own.
pub(super) const HOST: &str = "www.okx.com";

/// One call.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) path: &'static str,
    pub(super) signed: bool,
    per_minute: u32,
}

const fn public(path: &'static str, per_minute: u32) -> Endpoint {
    Endpoint { path, signed: false, per_minute }
}

const fn signed(path: &'static str, per_minute: u32) -> Endpoint {
    Endpoint { path, signed: true, per_minute }
}

pub(super) static TIME: Endpoint = public("/api/v5/public/time", 300);
pub(super) static INSTRUMENTS: Endpoint = public("/api/v5/public/instruments", 600);
pub(super) static TICKER: Endpoint = public("/api/v5/market/ticker", 600);
pub(super) static TICKERS: Endpoint = public("/api/v5/market/tickers", 600);
pub(super) static CANDLES: Endpoint = public("/api/v5/market/candles", 1200);
pub(super) static HISTORY_CANDLES: Endpoint = public("/api/v5/market/history-candles", 600);
pub(super) static CONFIG: Endpoint = signed("/api/v5/account/config", 150);
pub(super) static FILLS: Endpoint = signed("/api/v5/trade/fills", 1800);
pub(super) static FILLS_HISTORY: Endpoint = signed("/api/v5/trade/fills-history", 300);
pub(super) static BILLS: Endpoint = signed("/api/v5/account/bills", 300);
pub(super) static BILLS_ARCHIVE: Endpoint = signed("/api/v5/account/bills-archive", 150);
pub(super) static BALANCES: Endpoint = signed("/api/v5/account/balance", 300);
pub(super) static POSITIONS: Endpoint = signed("/api/v5/account/positions", 300);
pub(super) static FEE_RATES: Endpoint = signed("/api/v5/account/trade-fee", 150);
pub(super) static FUNDING_BALANCES: Endpoint = signed("/api/v5/asset/balances", 360);
pub(super) static FUNDING_BILLS: Endpoint = signed("/api/v5/asset/bills", 360);
pub(super) static FUNDING_BILLS_HISTORY: Endpoint = signed("/api/v5/asset/bills-history", 60);
pub(super) static DEPOSITS: Endpoint = signed("/api/v5/asset/deposit-history", 360);
pub(super) static WITHDRAWALS: Endpoint = signed("/api/v5/asset/withdrawal-history", 360);
pub(super) static CONVERSIONS: Endpoint = signed("/api/v5/asset/convert/history", 360);
pub(super) static SAVINGS: Endpoint = signed("/api/v5/finance/savings/balance", 360);
pub(super) static SUB_ACCOUNTS: Endpoint = signed("/api/v5/users/subaccount/list", 60);

static ALL: [&Endpoint; 22] = [
    &TIME,
    &INSTRUMENTS,
    &TICKER,
    &TICKERS,
    &CANDLES,
    &HISTORY_CANDLES,
    &CONFIG,
    &FILLS,
    &FILLS_HISTORY,
    &BILLS,
    &BILLS_ARCHIVE,
    &BALANCES,
    &POSITIONS,
    &FEE_RATES,
    &FUNDING_BALANCES,
    &FUNDING_BILLS,
    &FUNDING_BILLS_HISTORY,
    &DEPOSITS,
    &WITHDRAWALS,
    &CONVERSIONS,
    &SAVINGS,
    &SUB_ACCOUNTS,
];

/// The allow-list. None of these can change anything.
pub(super) static CALLS: [(Method, &str, &str); 22] = {
    let mut calls = [(Method::Get, HOST, ""); 22];
    let mut at = 0;
    while at < calls.len() {
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler: both have as many")]
        {
            calls[at].2 = ALL[at].path;
        }
        at += 1;
    }
    calls
};

/// Which call tells this; `None`: there is no such thing.
pub(super) fn of(need: Need, market: &str, of_one: bool) -> Option<&'static Endpoint> {
    Some(match (need, market) {
        (Need::Time, _) => &TIME,
        (Need::Permission, _) => &CONFIG,
        (Need::SubAccounts, _) => &SUB_ACCOUNTS,
        (Need::Listings, _) if kind(market).is_some() => &INSTRUMENTS,
        (Need::Fills, "any") => &FILLS,
        (Need::Fills, _) if kind(market).is_some() => &FILLS_HISTORY,
        (Need::Ledger, "trading") => &BILLS,
        (Need::Ledger, "archive") | (Need::Funding, _) => &BILLS_ARCHIVE,
        (Need::Ledger | Need::Transfers, "funding") => &FUNDING_BILLS,
        (Need::Ledger | Need::Transfers, "funding-archive") => &FUNDING_BILLS_HISTORY,
        (Need::Transfers, _) => &BILLS_ARCHIVE,
        (Need::Balances, "funding") => &FUNDING_BALANCES,
        (Need::Balances, "savings") => &SAVINGS,
        (Need::Balances, _) => &BALANCES,
        (Need::Deposits, _) => &DEPOSITS,
        (Need::Withdrawals, _) => &WITHDRAWALS,
        (Need::Conversions, _) => &CONVERSIONS,
        (Need::Fees, _) if kind(market).is_some() => &FEE_RATES,
        (Need::Positions, _) => &POSITIONS,
        (Need::Prices, _) if of_one => &TICKER,
        (Need::Prices, _) if kind(market).is_some() => &TICKERS,
        (Need::Klines, "recent") => &CANDLES,
        (Need::Klines, _) => &HISTORY_CANDLES,
        _ => return None,
    })
}

/// Coins traded with coins that are borrowed.
pub(super) const MARGIN: &str = "MARGIN";

/// OKX's kind of instrument of a market.
pub(super) fn kind(market: &str) -> Option<&'static str> {
    Some(match market {
        "spot" => "SPOT",
        "margin" => MARGIN,
        "swap" | "linear" | "inverse" => "SWAP",
        "future" | "futures" => "FUTURES",
        "option" => "OPTION",
        _ => return None,
    })
}

/// Where an answer came from.
pub(super) fn at(path: &str) -> Option<&'static Endpoint> {
    ALL.into_iter().find(|endpoint| endpoint.path == path)
}

impl Endpoint {
    /// What a call takes: public ones of our address, the others of the account.
    pub(super) fn cost(&self, account: u64) -> Cost {
        let account = if self.signed { account } else { 0 };
        // OKX does not tell what is used up.
        Cost { budget: self.path, account, weight: 1, limit_per_minute: self.per_minute, used_header: "" }
    }
}
