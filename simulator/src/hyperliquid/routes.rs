//! The table of questions: what each weighs beside its rows.

use super::{Answer, Call, candles, history, market, state};

/// One question.
pub(super) struct Route {
    kind: &'static str,
    pub(super) weight: u32,
    pub(super) answer: fn(&Call<'_>) -> Answer,
}

const fn route(kind: &'static str, weight: u32, answer: fn(&Call<'_>) -> Answer) -> Route {
    Route { kind, weight, answer }
}

static ROUTES: &[Route] = &[
    route("exchangeStatus", 2, market::status),
    route("allMids", 2, market::all_mids),
    route("meta", 20, market::meta),
    route("spotMeta", 20, market::spot_meta),
    route("metaAndAssetCtxs", 20, market::meta_and_contexts),
    route("spotMetaAndAssetCtxs", 20, market::spot_meta_and_contexts),
    route("candleSnapshot", 20, candles::snapshot),
    route("clearinghouseState", 2, state::perpetuals),
    route("spotClearinghouseState", 2, state::spot),
    route("openOrders", 20, state::open_orders),
    route("frontendOpenOrders", 20, state::open_orders),
    route("userFees", 20, state::fees),
    route("userRole", 60, state::role),
    route("userAbstraction", 20, state::abstraction),
    route("subAccounts", 20, state::sub_accounts),
    route("userVaultEquities", 20, state::vault_equities),
    route("userFills", 20, history::newest_fills),
    route("userFillsByTime", 20, history::fills_by_time),
    route("userFunding", 20, history::funding),
    route("userNonFundingLedgerUpdates", 20, history::ledger),
];

/// The answer to a kind of question.
pub(super) fn find(kind: &str) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.kind == kind)
}
