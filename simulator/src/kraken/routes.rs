//! The table of endpoints. Every private one takes a signed form; each costs points of the key's counter.

use super::{Answer, Call, account, funding, history, market, refusal::Refusal};
use crate::venue::Access;

/// One endpoint.
pub(super) struct Route {
    pub(super) path: &'static str,
    pub(super) access: Access,
    pub(super) cost: i64,
    pub(super) answer: fn(&Call<'_>) -> Answer,
}

const fn public(path: &'static str, answer: fn(&Call<'_>) -> Answer) -> Route {
    Route { path, access: Access::Public, cost: 1, answer }
}

const fn private(path: &'static str, cost: i64, answer: fn(&Call<'_>) -> Answer) -> Route {
    Route { path, access: Access::Read, cost, answer }
}

/// What this venue knows and does not do. The engine counts orders elsewhere: they cost nothing here.
const fn order(path: &'static str) -> Route {
    Route { path, access: Access::Trade, cost: 0, answer: |_| Err(Refusal::no_orders()) }
}

const fn withdrawal(path: &'static str) -> Route {
    Route { path, access: Access::Withdraw, cost: 1, answer: |_| Err(Refusal::no_withdrawals()) }
}

static ROUTES: &[Route] = &[
    public("/0/public/Time", market::time),
    public("/0/public/SystemStatus", market::system_status),
    public("/0/public/Assets", market::assets),
    public("/0/public/AssetPairs", market::asset_pairs),
    public("/0/public/Ticker", market::ticker),
    public("/0/public/OHLC", market::candles),
    public("/0/public/Trades", market::trades),
    private("/0/private/GetApiKeyInfo", 1, account::key_info),
    private("/0/private/Balance", 1, account::balance),
    private("/0/private/BalanceEx", 1, account::balance_extended),
    private("/0/private/OpenOrders", 1, account::open_orders),
    private("/0/private/TradeVolume", 1, account::trade_volume),
    private("/0/private/TradesHistory", 2, history::trades_history),
    private("/0/private/QueryTrades", 1, history::query_trades),
    private("/0/private/Ledgers", 2, history::ledgers),
    private("/0/private/QueryLedgers", 2, history::query_ledgers),
    private("/0/private/DepositStatus", 1, funding::deposit_status),
    private("/0/private/WithdrawStatus", 1, funding::withdraw_status),
    // What a reading key must not do.
    order("/0/private/AddOrder"),
    order("/0/private/AddOrderBatch"),
    order("/0/private/AmendOrder"),
    order("/0/private/EditOrder"),
    order("/0/private/CancelOrder"),
    order("/0/private/CancelOrderBatch"),
    order("/0/private/CancelAll"),
    order("/0/private/CancelAllOrdersAfter"),
    withdrawal("/0/private/Withdraw"),
    withdrawal("/0/private/WithdrawCancel"),
    withdrawal("/0/private/WalletTransfer"),
    withdrawal("/0/private/AccountTransfer"),
    withdrawal("/0/private/Earn/Allocate"),
    withdrawal("/0/private/Earn/Deallocate"),
];

/// The endpoint of a request.
pub(super) fn find(path: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.path == path)
}
