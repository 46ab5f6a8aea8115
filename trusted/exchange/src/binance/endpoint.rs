//! The calls that the connector may make, all of them reads, with what they cost (EXCHANGES.md section 2).

use crate::{Cost, Method, dialect::percent_encoded};
use core::fmt::{Display, Write as _};

/// Spot, margin and wallet.
pub(crate) const HOST: &str = "api.binance.com";

/// One call.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) path: &'static str,
    weight: u32,
    budget: Budget,
    pub(crate) signed: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Budget {
    /// 6000 a minute for all of `/api`, by address.
    Spot,
    /// 12000 a minute for each path under `/sapi`, by address.
    SapiAddress,
    /// 180000 a minute for each path under `/sapi`, by account.
    SapiAccount,
}

const fn public(path: &'static str, weight: u32) -> Endpoint {
    Endpoint { path, weight, budget: Budget::Spot, signed: false }
}

const fn signed(path: &'static str, weight: u32, budget: Budget) -> Endpoint {
    Endpoint { path, weight, budget, signed: true }
}

pub(crate) static TIME: Endpoint = public("/api/v3/time", 1);
pub(crate) static EXCHANGE_INFO: Endpoint = public("/api/v3/exchangeInfo", 20);
pub(crate) static KLINES: Endpoint = public("/api/v3/klines", 2);
pub(crate) static ACCOUNT: Endpoint = signed("/api/v3/account", 20, Budget::Spot);
pub(crate) static MY_TRADES: Endpoint = signed("/api/v3/myTrades", 20, Budget::Spot);
pub(crate) static API_RESTRICTIONS: Endpoint =
    signed("/sapi/v1/account/apiRestrictions", 1, Budget::SapiAddress);
pub(crate) static DEPOSITS: Endpoint = signed("/sapi/v1/capital/deposit/hisrec", 1, Budget::SapiAddress);
pub(crate) static WITHDRAWALS: Endpoint =
    signed("/sapi/v1/capital/withdraw/history", 18_000, Budget::SapiAccount);
pub(crate) static CONVERTS: Endpoint = signed("/sapi/v1/convert/tradeFlow", 3000, Budget::SapiAccount);
pub(crate) static DUST: Endpoint = signed("/sapi/v1/asset/dribblet", 1, Budget::SapiAddress);
pub(crate) static DIVIDENDS: Endpoint = signed("/sapi/v1/asset/assetDividend", 10, Budget::SapiAddress);
pub(crate) static SUB_ACCOUNTS: Endpoint = signed("/sapi/v1/sub-account/list", 1, Budget::SapiAddress);

/// The allow-list, on [`HOST`]. None of these can change anything.
pub(crate) static ALLOWED: [(Method, &str); 12] = [
    (Method::Get, TIME.path),
    (Method::Get, EXCHANGE_INFO.path),
    (Method::Get, KLINES.path),
    (Method::Get, ACCOUNT.path),
    (Method::Get, MY_TRADES.path),
    (Method::Get, API_RESTRICTIONS.path),
    (Method::Get, DEPOSITS.path),
    (Method::Get, WITHDRAWALS.path),
    (Method::Get, CONVERTS.path),
    (Method::Get, DUST.path),
    (Method::Get, DIVIDENDS.path),
    (Method::Get, SUB_ACCOUNTS.path),
];

impl Endpoint {
    /// What a call takes, and from whose budget.
    pub(crate) fn cost(&self, account: u64) -> Cost {
        let (budget, account, limit_per_minute, used_header) = match self.budget {
            Budget::Spot => ("api", 0, 6000, "x-mbx-used-weight-1m"),
            Budget::SapiAddress => (self.path, 0, 12_000, "x-sapi-used-ip-weight-1m"),
            Budget::SapiAccount => (self.path, account, 180_000, "x-sapi-used-uid-weight-1m"),
        };
        Cost { budget, account, weight: self.weight, limit_per_minute, used_header }
    }

    /// A call without parameters yet.
    pub(crate) fn ask(&'static self) -> Ask {
        Ask { endpoint: self, query: String::new() }
    }
}

/// A call with its parameters, not signed yet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) endpoint: &'static Endpoint,
    pub(crate) query: String,
}

impl Ask {
    /// One parameter more, percent-encoded.
    pub(crate) fn with(mut self, name: &str, value: impl Display) -> Self {
        let separator = if self.query.is_empty() { "" } else { "&" };
        // Writing to a String cannot fail.
        let _ = write!(self.query, "{separator}{name}={}", percent_encoded(&value.to_string()));
        self
    }
}
