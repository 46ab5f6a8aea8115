//! The table of endpoints.

use super::{
    Answer, Call, futures, margin, market, params::Params, refusal::Refusal, spot, transfers, wallet,
};
use crate::{
    http::{Incoming, Reply},
    venue::Access,
    weights::Budget,
};
use serde_json::json;

/// One endpoint.
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) access: Access,
    pub(super) budget: Budget,
    pub(super) weight: fn(&Params) -> u32,
    /// Parameters that are read; `None`: others are passed over in silence, as the wallet does.
    pub(super) names: Option<&'static [&'static str]>,
    pub(super) answer: fn(&Call<'_>) -> Answer,
}

const fn api(
    path: &'static str,
    access: Access,
    weight: fn(&Params) -> u32,
    names: &'static [&'static str],
    answer: fn(&Call<'_>) -> Answer,
) -> Route {
    Route { method: "GET", path, access, budget: Budget::Spot, weight, names: Some(names), answer }
}

pub(super) const fn sapi(
    path: &'static str,
    budget: Budget,
    weight: fn(&Params) -> u32,
    answer: fn(&Call<'_>) -> Answer,
) -> Route {
    Route { method: "GET", path, access: Access::Read, budget, weight, names: None, answer }
}

/// What this venue knows and does not do, for a key that may not.
const fn forbidden(method: &'static str, path: &'static str, access: Access, budget: Budget) -> Route {
    Route { method, path, access, budget, weight: |_| 1, names: None, answer: |_| Err(Refusal::no_orders()) }
}

impl Route {
    const fn post(self) -> Self {
        Self { method: "POST", ..self }
    }

    const fn public(self) -> Self {
        Self { access: Access::Public, ..self }
    }

    /// Whether all that was sent is read.
    pub(super) fn check_names(&self, params: &Params) -> Result<(), Refusal> {
        let Some(names) = self.names else { return Ok(()) };
        let sent = params.own().count();
        let read = params.own().filter(|name| names.contains(name)).count();
        if read == sent {
            Ok(())
        } else if names.is_empty() {
            Err(Refusal::too_many_parameters(0, sent))
        } else {
            Err(Refusal::unread(read, sent))
        }
    }
}

static ROUTES: &[Route] = &[
    // Public.
    api("/api/v3/ping", Access::Public, |_| 1, &[], |_| Ok("{}".to_owned())),
    api("/api/v3/time", Access::Public, |_| 1, &[], market::time),
    api(
        "/api/v3/exchangeInfo",
        Access::Public,
        |_| 20,
        &["symbol", "symbols", "permissions", "showPermissionSets", "symbolStatus"],
        market::exchange_info,
    ),
    api(
        "/api/v3/klines",
        Access::Public,
        |_| 2,
        &["symbol", "interval", "startTime", "endTime", "timeZone", "limit"],
        market::klines,
    ),
    api(
        "/api/v3/ticker/price",
        Access::Public,
        |params| if params.has("symbol") { 2 } else { 4 },
        &["symbol", "symbols", "symbolStatus"],
        market::ticker_price,
    ),
    api(
        "/api/v3/ticker/24hr",
        Access::Public,
        day_weight,
        &["symbol", "symbols", "type", "symbolStatus"],
        market::ticker_day,
    ),
    sapi(
        "/sapi/v1/system/status",
        Budget::Ip,
        |_| 1,
        |_| Ok(json!({ "status": 0, "msg": "normal" }).to_string()),
    )
    .public(),
    // The account.
    api("/api/v3/account", Access::Read, |_| 20, &["omitZeroBalances"], spot::account),
    api(
        "/api/v3/myTrades",
        Access::Read,
        |params| if params.has("orderId") { 5 } else { 20 },
        &["symbol", "orderId", "startTime", "endTime", "fromId", "limit"],
        spot::my_trades,
    ),
    api(
        "/api/v3/openOrders",
        Access::Read,
        |params| if params.has("symbol") { 6 } else { 80 },
        &["symbol"],
        spot::open_orders,
    ),
    api("/api/v3/account/commission", Access::Read, |_| 20, &["symbol"], spot::commission),
    // The wallet.
    sapi("/sapi/v1/account/apiRestrictions", Budget::Ip, |_| 1, wallet::api_restrictions),
    sapi("/sapi/v1/capital/config/getall", Budget::Ip, |_| 10, wallet::coins),
    sapi("/sapi/v1/capital/deposit/hisrec", Budget::Ip, |_| 1, wallet::deposits),
    sapi("/sapi/v1/capital/withdraw/history", Budget::Uid, |_| 18_000, wallet::withdrawals),
    sapi("/sapi/v1/asset/dribblet", Budget::Ip, |_| 1, wallet::dust),
    sapi("/sapi/v1/asset/assetDividend", Budget::Ip, |_| 10, wallet::dividends),
    sapi("/sapi/v1/sub-account/list", Budget::Ip, |_| 1, |_| Ok("{\"subAccounts\":[]}".to_owned())),
    sapi("/sapi/v1/convert/tradeFlow", Budget::Uid, |_| 3_000, wallet::converts),
    sapi("/sapi/v1/asset/tradeFee", Budget::Ip, |_| 1, wallet::trade_fees),
    sapi("/sapi/v3/asset/getUserAsset", Budget::Ip, |_| 5, wallet::user_assets).post(),
    sapi("/sapi/v1/asset/get-funding-asset", Budget::Ip, |_| 1, |_| Ok("[]".to_owned())).post(),
    sapi("/sapi/v1/fiat/orders", Budget::Uid, |_| 45_000, wallet::fiat_orders),
    sapi("/sapi/v1/asset/transfer", Budget::Ip, |_| 1, transfers::transfers),
    sapi("/sapi/v1/pay/transactions", Budget::Uid, |_| 3_000, wallet::nothing_paid),
    sapi("/sapi/v1/c2c/orderMatch/listUserOrderHistory", Budget::Ip, |_| 1, wallet::nothing_paid),
    sapi("/sapi/v1/sub-account/transfer/subUserHistory", Budget::Ip, |_| 1, |_| Ok("[]".to_owned())),
    // What a reading key must not do.
    forbidden("POST", "/api/v3/order", Access::Trade, Budget::Spot),
    forbidden("POST", "/api/v3/order/test", Access::Trade, Budget::Spot),
    forbidden("DELETE", "/api/v3/order", Access::Trade, Budget::Spot),
    forbidden("DELETE", "/api/v3/openOrders", Access::Trade, Budget::Spot),
    forbidden("POST", "/api/v3/order/cancelReplace", Access::Trade, Budget::Spot),
    forbidden("POST", "/api/v3/order/oco", Access::Trade, Budget::Spot),
    forbidden("POST", "/api/v3/orderList/oco", Access::Trade, Budget::Spot),
    forbidden("POST", "/sapi/v1/convert/acceptQuote", Access::Trade, Budget::Uid),
    forbidden("POST", "/sapi/v1/asset/dust", Access::Trade, Budget::Uid),
    forbidden("POST", "/sapi/v1/asset/transfer", Access::Withdraw, Budget::Uid),
    forbidden("POST", "/sapi/v1/capital/withdraw/apply", Access::Withdraw, Budget::Uid),
];

fn all() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().chain(margin::ROUTES).chain(futures::ROUTES)
}

/// The endpoint of a request.
pub(super) fn find(method: &str, path: &str) -> Option<&'static Route> {
    all().find(|route| route.method == method && route.path == path)
}

/// The answer where there is no endpoint, or another method is wanted.
pub(super) fn nowhere(request: &Incoming) -> Reply {
    let known = all().any(|route| route.path == request.path);
    let (status, error) = if known { (405, "Method Not Allowed") } else { (404, "Not Found") };
    Reply::json(status, json!({ "status": status, "error": error, "message": "No message available" }))
}

/// 2 for up to twenty symbols, 40 for up to a hundred, 80 for all.
fn day_weight(params: &Params) -> u32 {
    let asked = params.text("symbols").ok().flatten().map(|list| list.split(',').count());
    match asked {
        Some(..=20) => 2,
        Some(..=100) => 40,
        None if params.has("symbol") => 2,
        _ => 80,
    }
}
