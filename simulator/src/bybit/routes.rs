//! The table of endpoints, with what an account may ask of each in how much time.
//! See <https://bybit-exchange.github.io/docs/v5/rate-limit>.

use super::{Answer, Call, account, budget::Limit, contracts, history, market, refusal::Refusal, wallet};
use crate::venue::Access;

/// One endpoint.
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) access: Access,
    pub(super) limit: Limit,
    pub(super) answer: fn(&Call<'_>) -> Answer,
}

const fn a_second(requests: usize) -> Limit {
    Limit { requests, span_ms: 1_000 }
}

const fn a_minute(requests: usize) -> Limit {
    Limit { requests, span_ms: 60_000 }
}

const fn public(path: &'static str, answer: fn(&Call<'_>) -> Answer) -> Route {
    Route { method: "GET", path, access: Access::Public, limit: a_second(600), answer }
}

const fn signed(path: &'static str, limit: Limit, answer: fn(&Call<'_>) -> Answer) -> Route {
    Route { method: "GET", path, access: Access::Read, limit, answer }
}

/// What this venue knows and does not do.
const fn order(path: &'static str) -> Route {
    let answer = |_: &Call<'_>| Err(Refusal::no_orders());
    Route { method: "POST", path, access: Access::Trade, limit: a_second(10), answer }
}

const fn movement(path: &'static str) -> Route {
    let answer = |_: &Call<'_>| Err(Refusal::no_withdrawals());
    Route { method: "POST", path, access: Access::Withdraw, limit: a_second(5), answer }
}

static ROUTES: &[Route] = &[
    public("/v5/market/time", market::time),
    public("/v5/market/instruments-info", market::instruments),
    public("/v5/market/kline", market::klines),
    public("/v5/market/tickers", market::tickers),
    signed("/v5/user/query-api", a_second(10), account::key_info),
    signed("/v5/user/query-sub-members", a_second(10), account::members),
    signed("/v5/account/info", a_second(50), account::account_info),
    signed("/v5/account/wallet-balance", a_second(50), account::wallet_balance),
    signed("/v5/account/fee-rate", a_second(5), account::fee_rates),
    signed("/v5/account/transaction-log", a_second(25), history::transaction_log),
    signed("/v5/execution/list", a_second(50), history::executions),
    signed("/v5/order/realtime", a_second(50), account::open_orders),
    signed("/v5/position/list", a_second(50), contracts::positions),
    signed("/v5/asset/coin/query-info", a_second(5), account::coin_info),
    signed("/v5/asset/fundinghistory", a_second(30), history::funding_log),
    signed("/v5/asset/transfer/query-account-coins-balance", a_second(5), account::coins_balance),
    signed("/v5/asset/transfer/query-inter-transfer-list", a_minute(60), wallet::transfers),
    signed("/v5/asset/transfer/query-universal-transfer-list", a_second(5), wallet::universal_transfers),
    signed("/v5/asset/deposit/query-record", a_minute(100), wallet::deposits),
    signed("/v5/asset/deposit/query-internal-record", a_second(300), wallet::internal_deposits),
    signed("/v5/asset/withdraw/query-record", a_minute(300), wallet::withdrawals),
    signed("/v5/asset/exchange/query-convert-history", a_second(50), wallet::conversions),
    signed("/v5/asset/covert/small-balance-history", a_second(5), wallet::small_balances),
    // What a reading key must not do.
    order("/v5/order/create"),
    order("/v5/order/amend"),
    order("/v5/order/cancel"),
    order("/v5/order/cancel-all"),
    order("/v5/order/create-batch"),
    order("/v5/position/set-leverage"),
    order("/v5/position/trading-stop"),
    movement("/v5/asset/withdraw/create"),
    movement("/v5/asset/withdraw/cancel"),
    movement("/v5/asset/transfer/inter-transfer"),
    movement("/v5/asset/transfer/universal-transfer"),
    movement("/v5/asset/exchange/convert-execute"),
];

/// The endpoint of a request.
pub(super) fn find(method: &str, path: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.method == method && route.path == path)
}
