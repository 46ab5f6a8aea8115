//! The table of endpoints. Those of v3 and v2 that read an account take a token; who is named in braces stands in the path.

use super::{Answer, Call, account, budget::Kind, fills, market, refusal::Refusal, wallet};
use crate::{rest::decoded, venue::Access};

/// One endpoint.
pub(super) struct Route {
    method: &'static str,
    pub(super) path: &'static str,
    pub(super) access: Access,
    pub(super) budget: Kind,
    pub(super) answer: fn(&Call<'_>) -> Answer,
}

const fn public(path: &'static str, answer: fn(&Call<'_>) -> Answer) -> Route {
    Route { method: "GET", path, access: Access::Public, budget: Kind::Public, answer }
}

const fn private(path: &'static str, answer: fn(&Call<'_>) -> Answer) -> Route {
    Route { method: "GET", path, access: Access::Read, budget: Kind::Private, answer }
}

const fn of_wallet(path: &'static str, answer: fn(&Call<'_>) -> Answer) -> Route {
    Route { method: "GET", path, access: Access::Read, budget: Kind::Wallet, answer }
}

/// What this venue knows and does not do.
const fn order(path: &'static str) -> Route {
    let answer = |_: &Call<'_>| Err(Refusal::NoOrders);
    Route { method: "POST", path, access: Access::Trade, budget: Kind::Private, answer }
}

const fn transfer(path: &'static str, budget: Kind) -> Route {
    let answer = |_: &Call<'_>| Err(Refusal::NoTransfers);
    Route { method: "POST", path, access: Access::Withdraw, budget, answer }
}

static ROUTES: &[Route] = &[
    public("/api/v3/brokerage/time", market::time),
    public("/api/v3/brokerage/market/products", market::products),
    public("/api/v3/brokerage/market/products/{}", market::product),
    public("/api/v3/brokerage/market/products/{}/candles", market::candles),
    public("/api/v3/brokerage/market/products/{}/ticker", market::ticker),
    public("/v2/time", market::time_of_wallets),
    public("/v2/currencies", market::currencies),
    public("/v2/currencies/crypto", market::coins),
    public("/v2/exchange-rates", market::exchange_rates),
    private("/api/v3/brokerage/products", market::products),
    private("/api/v3/brokerage/products/{}", market::product),
    private("/api/v3/brokerage/products/{}/candles", market::candles),
    private("/api/v3/brokerage/products/{}/ticker", market::ticker),
    private("/api/v3/brokerage/key_permissions", account::key_permissions),
    private("/api/v3/brokerage/accounts", account::accounts),
    private("/api/v3/brokerage/portfolios", account::portfolio_rows),
    private("/api/v3/brokerage/transaction_summary", account::transaction_summary),
    private("/api/v3/brokerage/orders/historical/batch", account::orders),
    private("/api/v3/brokerage/orders/historical/fills", fills::fills),
    of_wallet("/v2/accounts", wallet::accounts),
    of_wallet("/v2/accounts/{}/transactions", wallet::transactions),
    of_wallet("/v2/accounts/{}/deposits", wallet::money_moved),
    of_wallet("/v2/accounts/{}/withdrawals", wallet::money_moved),
    // What a reading key must not do.
    order("/api/v3/brokerage/orders"),
    order("/api/v3/brokerage/orders/batch_cancel"),
    order("/api/v3/brokerage/orders/close_position"),
    order("/api/v3/brokerage/orders/edit"),
    order("/api/v3/brokerage/orders/edit_preview"),
    order("/api/v3/brokerage/orders/preview"),
    order("/api/v3/brokerage/convert/quote"),
    transfer("/api/v3/brokerage/portfolios/move_funds", Kind::Private),
    transfer("/v2/accounts/{}/transactions", Kind::Wallet),
    transfer("/v2/accounts/{}/deposits", Kind::Wallet),
    transfer("/v2/accounts/{}/withdrawals", Kind::Wallet),
];

/// The endpoint of a request, and who stands in its path.
pub(super) fn find(method: &str, path: &str) -> Option<(&'static Route, String)> {
    let of_method = ROUTES.iter().filter(|route| route.method == method);
    let mut found = of_method.filter_map(|route| Some((route, decoded(between(route.path, path)?)?)));
    found.next()
}

/// What stands where a pattern has its braces.
fn between<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    let Some((before, after)) = pattern.split_once("{}") else {
        return (pattern == path).then_some("");
    };
    let segment = path.strip_prefix(before)?.strip_suffix(after)?;
    Some(segment).filter(|segment| !segment.is_empty() && !segment.contains('/'))
}
