//! The calls that can be made of Bybit, all of them reads, with what they cost (EXCHANGES.md section 3).

use crate::{Cost, Method, Need};

/// Where keys of the global site are good. Regional sites have hosts and keys of their own.
pub(super) const HOST: &str = "api.bybit.com";

/// One call.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) path: &'static str,
    pub(super) signed: bool,
    budget: Budget,
}

#[derive(Debug, PartialEq, Eq)]
enum Budget {
    /// 600 in five seconds for everything, by address; accounts have room for more than one of us would ask.
    Address,
    /// So many a minute for each path, by account (https://bybit-exchange.github.io/docs/v5/rate-limit).
    Account(u32),
}

const fn public(path: &'static str) -> Endpoint {
    Endpoint { path, signed: false, budget: Budget::Address }
}

const fn signed(path: &'static str) -> Endpoint {
    Endpoint { path, signed: true, budget: Budget::Address }
}

const fn scarce(path: &'static str, a_minute: u32) -> Endpoint {
    Endpoint { path, signed: true, budget: Budget::Account(a_minute) }
}

pub(super) static TIME: Endpoint = public("/v5/market/time");
pub(super) static INSTRUMENTS: Endpoint = public("/v5/market/instruments-info");
pub(super) static TICKERS: Endpoint = public("/v5/market/tickers");
pub(super) static KLINES: Endpoint = public("/v5/market/kline");
pub(super) static KEY: Endpoint = signed("/v5/user/query-api");
/// The accounts below the main one.
pub(super) static MEMBERS: Endpoint = signed("/v5/user/query-sub-members");
pub(super) static EXECUTIONS: Endpoint = signed("/v5/execution/list");
pub(super) static POSITIONS: Endpoint = signed("/v5/position/list");
pub(super) static FEE_RATES: Endpoint = scarce("/v5/account/fee-rate", 300);
pub(super) static TRANSACTIONS: Endpoint = scarce("/v5/account/transaction-log", 1500);
pub(super) static CONTRACT_TRANSACTIONS: Endpoint = signed("/v5/account/contract-transaction-log");
pub(super) static BALANCES: Endpoint = signed("/v5/account/wallet-balance");
/// Executions and bookings from before the account became a unified one.
pub(super) static EARLIER_EXECUTIONS: Endpoint = signed("/v5/pre-upgrade/execution/list");
pub(super) static EARLIER_TRANSACTIONS: Endpoint = signed("/v5/pre-upgrade/account/transaction-log");
pub(super) static FUNDING_BALANCES: Endpoint = scarce("/v5/asset/transfer/query-account-coins-balance", 300);
pub(super) static DEPOSITS: Endpoint = scarce("/v5/asset/deposit/query-record", 100);
pub(super) static INTERNAL_DEPOSITS: Endpoint = scarce("/v5/asset/deposit/query-internal-record", 300);
pub(super) static WITHDRAWALS: Endpoint = scarce("/v5/asset/withdraw/query-record", 300);
pub(super) static TRANSFERS: Endpoint = scarce("/v5/asset/transfer/query-inter-transfer-list", 60);
pub(super) static UNIVERSAL_TRANSFERS: Endpoint =
    scarce("/v5/asset/transfer/query-universal-transfer-list", 300);
/// What changed the funding wallet: by the second, and asked for in seconds.
pub(super) static FUNDING_HISTORY: Endpoint = scarce("/v5/asset/fundinghistory", 1500);
pub(super) static CONVERSIONS: Endpoint = scarce("/v5/asset/exchange/query-convert-history", 300);

static ALL: [&Endpoint; 22] = [
    &TIME,
    &INSTRUMENTS,
    &TICKERS,
    &KLINES,
    &KEY,
    &MEMBERS,
    &EXECUTIONS,
    &POSITIONS,
    &FEE_RATES,
    &TRANSACTIONS,
    &CONTRACT_TRANSACTIONS,
    &BALANCES,
    &EARLIER_EXECUTIONS,
    &EARLIER_TRANSACTIONS,
    &FUNDING_BALANCES,
    &DEPOSITS,
    &INTERNAL_DEPOSITS,
    &WITHDRAWALS,
    &TRANSFERS,
    &UNIVERSAL_TRANSFERS,
    &FUNDING_HISTORY,
    &CONVERSIONS,
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
pub(super) fn of(need: Need, market: &str) -> Option<&'static Endpoint> {
    let earlier = market.starts_with(EARLIER);
    let boarded = category(market).is_some();
    Some(match (need, market) {
        (Need::Time, _) => &TIME,
        (Need::Permission, _) => &KEY,
        (Need::SubAccounts, _) => &MEMBERS,
        (Need::Fills, _) if earlier => &EARLIER_EXECUTIONS,
        (Need::Fills | Need::Funding, _) if boarded && !earlier => &EXECUTIONS,
        (Need::Listings, _) if boarded => &INSTRUMENTS,
        (Need::Prices, _) if boarded => &TICKERS,
        (Need::Klines, _) if boarded => &KLINES,
        (Need::Fees, _) if boarded => &FEE_RATES,
        (Need::Positions, _) if boarded => &POSITIONS,
        (Need::Ledger | Need::Funding, "unified") => &TRANSACTIONS,
        (Need::Ledger, "funding") => &FUNDING_HISTORY,
        (Need::Ledger, "contract") => &CONTRACT_TRANSACTIONS,
        (Need::Ledger, _) if earlier => &EARLIER_TRANSACTIONS,
        (Need::Balances, "funding") => &FUNDING_BALANCES,
        (Need::Balances, _) => &BALANCES,
        (Need::Deposits, "internal") => &INTERNAL_DEPOSITS,
        (Need::Deposits, _) => &DEPOSITS,
        (Need::Withdrawals, _) => &WITHDRAWALS,
        (Need::Transfers, "universal") => &UNIVERSAL_TRANSFERS,
        (Need::Transfers, _) => &TRANSFERS,
        (Need::Conversions, _) => &CONVERSIONS,
        _ => return None,
    })
}

/// Before a category: what was before the account became a unified one.
const EARLIER: &str = "pre-";

/// Bybit's category of a market.
pub(super) fn category(market: &str) -> Option<&'static str> {
    let market = market.strip_prefix(EARLIER).unwrap_or(market);
    ["spot", "linear", "inverse", "option"].into_iter().find(|category| *category == market)
}

/// Where an answer came from.
pub(super) fn at(path: &str) -> Option<&'static Endpoint> {
    ALL.into_iter().find(|endpoint| endpoint.path == path)
}

impl Endpoint {
    /// What a call takes, and from whose budget.
    pub(super) fn cost(&self, account: u64) -> Cost {
        let (budget, account, limit_per_minute) = match self.budget {
            Budget::Address => ("v5", 0, 7200),
            Budget::Account(a_minute) => (self.path, account, a_minute),
        };
        // Bybit tells what is left of a second, not what is used up of a minute.
        Cost { budget, account, weight: 1, limit_per_minute, used_header: "" }
    }
}
