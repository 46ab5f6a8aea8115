//! The calls: all of them GET (EXCHANGES.md section 13).

use crate::dialect::Need;

/// Accounts.
const TRADING: &str = "api.alpaca.markets";
/// What is public of crypto.
const DATA: &str = "data.alpaca.markets";

pub(super) const ACCOUNT: &str = "/v2/account";
pub(super) const ACTIVITIES: &str = "/v2/account/activities";

/// One way to ask. An empty market stands for any that has no way of its own.
pub(super) struct Route {
    pub(super) need: Need,
    pub(super) market: &'static str,
    pub(super) host: &'static str,
    pub(super) path: &'static str,
    pub(super) fixed: &'static [(&'static str, &'static str)],
    pub(super) names: Names,
}

/// What the fields of a question are called; what has no name is not sent.
#[derive(Clone, Copy)]
pub(super) struct Names {
    pub(super) symbol: Option<&'static str>,
    pub(super) from: Option<&'static str>,
    pub(super) to: Option<&'static str>,
    pub(super) limit: Option<&'static str>,
}

const NOTHING: Names = Names { symbol: None, from: None, to: None, limit: None };
const PAGE: Names = Names { symbol: None, from: Some("after"), to: Some("until"), limit: Some("page_size") };
const SYMBOLS: Names = Names { symbol: Some("symbols"), ..NOTHING };
const BARS: Names =
    Names { symbol: Some("symbols"), from: Some("start"), to: Some("end"), limit: Some("limit") };

const fn route(need: Need, market: &'static str, path: &'static str) -> Route {
    Route { need, market, host: TRADING, path, fixed: &[], names: NOTHING }
}

impl Route {
    pub(super) fn is_public(&self) -> bool {
        self.host == DATA
    }
}

pub(super) static ROUTES: [Route; 14] = [
    route(Need::Time, "", "/v2/clock"),
    route(Need::Permission, "", ACCOUNT),
    Route { names: PAGE, ..route(Need::Fills, "", "/v2/account/activities/FILL") },
    Route { names: PAGE, ..route(Need::Ledger, "", ACTIVITIES) },
    route(Need::Balances, "account", ACCOUNT),
    route(Need::Balances, "", "/v2/positions"),
    route(Need::Positions, "", "/v2/positions"),
    Route {
        names: PAGE,
        fixed: &[("activity_types", "CSD,TRANS")],
        ..route(Need::Deposits, "cash", ACTIVITIES)
    },
    Route {
        names: PAGE,
        fixed: &[("activity_types", "CSW,TRANS")],
        ..route(Need::Withdrawals, "cash", ACTIVITIES)
    },
    route(Need::Deposits, "", "/v2/wallets/transfers"),
    route(Need::Withdrawals, "", "/v2/wallets/transfers"),
    Route { host: DATA, names: SYMBOLS, ..route(Need::Prices, "", "/v1beta3/crypto/us/snapshots") },
    Route { host: DATA, names: BARS, ..route(Need::Klines, "", "/v1beta3/crypto/us/bars") },
    Route { host: DATA, names: SYMBOLS, ..route(Need::Klines, "latest", "/v1beta3/crypto/us/latest/bars") },
];
