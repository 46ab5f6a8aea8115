//! The table of endpoints, with how often each may be asked.

use super::{Answer, Call, account, funding, history, limits::Limit, market, refusal::Refusal};
use crate::venue::Access;

/// One endpoint.
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) access: Access,
    pub(super) limit: Limit,
    pub(super) answer: fn(&Call<'_>) -> Answer,
}

/// In two seconds, as most are counted.
const fn in_two_seconds(requests: u32) -> Limit {
    Limit { requests, span_ms: 2_000 }
}

const fn a_second(requests: u32) -> Limit {
    Limit { requests, span_ms: 1_000 }
}

const fn public(path: &'static str, requests: u32, answer: fn(&Call<'_>) -> Answer) -> Route {
    Route { method: "GET", path, access: Access::Public, limit: in_two_seconds(requests), answer }
}

const fn signed(path: &'static str, limit: Limit, answer: fn(&Call<'_>) -> Answer) -> Route {
    Route { method: "GET", path, access: Access::Read, limit, answer }
}

/// What this venue knows and does not do.
const fn order(path: &'static str) -> Route {
    let limit = in_two_seconds(60);
    Route { method: "POST", path, access: Access::Trade, limit, answer: |_| Err(Refusal::no_orders()) }
}

const fn withdrawal(path: &'static str) -> Route {
    let limit = a_second(6);
    Route {
        method: "POST",
        path,
        access: Access::Withdraw,
        limit,
        answer: |_| Err(Refusal::no_withdrawals()),
    }
}

static ROUTES: &[Route] = &[
    public("/api/v5/public/time", 10, market::time),
    public("/api/v5/public/instruments", 20, market::instruments),
    public("/api/v5/market/ticker", 20, market::ticker),
    public("/api/v5/market/tickers", 20, market::tickers),
    public("/api/v5/market/candles", 40, market::candles),
    public("/api/v5/market/history-candles", 20, market::history_candles),
    public("/api/v5/system/status", 1, |_| Ok("[]".to_owned())),
    signed("/api/v5/account/config", in_two_seconds(5), account::config),
    signed("/api/v5/account/balance", in_two_seconds(10), account::balance),
    signed("/api/v5/account/positions", in_two_seconds(10), account::positions),
    signed("/api/v5/account/trade-fee", in_two_seconds(5), account::trade_fee),
    signed("/api/v5/account/bills", a_second(5), history::bills),
    signed("/api/v5/account/bills-archive", in_two_seconds(5), history::bills_archive),
    signed("/api/v5/asset/balances", a_second(6), account::funding_balances),
    signed("/api/v5/asset/currencies", a_second(6), market::currencies),
    signed("/api/v5/asset/bills", a_second(6), history::funding_bills),
    signed("/api/v5/asset/bills-history", a_second(1), history::funding_bills_history),
    signed("/api/v5/asset/deposit-history", a_second(6), funding::deposits),
    signed("/api/v5/asset/withdrawal-history", a_second(6), funding::withdrawals),
    signed("/api/v5/asset/convert/history", a_second(6), funding::conversions),
    signed("/api/v5/finance/savings/balance", a_second(6), account::savings),
    signed("/api/v5/trade/fills", in_two_seconds(60), history::fills),
    signed("/api/v5/trade/fills-history", in_two_seconds(10), history::fills_history),
    signed("/api/v5/trade/orders-pending", in_two_seconds(60), account::pending_orders),
    signed("/api/v5/users/subaccount/list", in_two_seconds(2), account::subaccounts),
    // What a reading key must not do.
    order("/api/v5/trade/order"),
    order("/api/v5/trade/batch-orders"),
    order("/api/v5/trade/amend-order"),
    order("/api/v5/trade/cancel-order"),
    order("/api/v5/trade/cancel-batch-orders"),
    order("/api/v5/trade/close-position"),
    order("/api/v5/trade/easy-convert"),
    order("/api/v5/asset/convert/trade"),
    order("/api/v5/asset/transfer"),
    order("/api/v5/finance/savings/purchase-redempt"),
    withdrawal("/api/v5/asset/withdrawal"),
    withdrawal("/api/v5/asset/cancel-withdrawal"),
];

/// The endpoint of a request.
pub(super) fn find(path: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.path == path)
}
