//! The calls that can be made, all of them reads, and how each is asked.

use super::sign;
use crate::{
    Cost, Method, Moment, Need, Question, Refusal, Request,
    dialect::{Parameters, key_hash},
};
use protocol::Credentials;
use zeroize::Zeroizing;

const HOST: &str = "api.bitget.com";

/// One call.
struct Route {
    path: &'static str,
    /// Requests a second: of the account where it is signed, else of the address.
    per_second: u32,
    signed: bool,
}

const fn private(path: &'static str, per_second: u32) -> Route {
    Route { path, per_second, signed: true }
}

const fn public(path: &'static str) -> Route {
    Route { path, per_second: 20, signed: false }
}

static TIME: Route = public("/api/v2/public/time");
static SPOT_SYMBOLS: Route = public("/api/v2/spot/public/symbols");
static SPOT_TICKERS: Route = public("/api/v2/spot/market/tickers");
static SPOT_CANDLES: Route = public("/api/v2/spot/market/candles");
static SPOT_CANDLES_OLD: Route = public("/api/v2/spot/market/history-candles");
static MIX_CONTRACTS: Route = public("/api/v2/mix/market/contracts");
static MIX_TICKER: Route = public("/api/v2/mix/market/ticker");
static MIX_TICKERS: Route = public("/api/v2/mix/market/tickers");
static MIX_CANDLES: Route = public("/api/v2/mix/market/candles");
static MIX_CANDLES_OLD: Route = public("/api/v2/mix/market/history-candles");
static UNIFIED_TICKERS: Route = public("/api/v3/market/tickers");
static UNIFIED_CANDLES: Route = public("/api/v3/market/candles");
static UNIFIED_CANDLES_OLD: Route = public("/api/v3/market/history-candles");
static SPOT_FILLS: Route = private("/api/v2/spot/trade/fills", 10);
static MIX_FILLS: Route = private("/api/v2/mix/order/fills", 10);
static MIX_FILLS_OLD: Route = private("/api/v2/mix/order/fill-history", 10);
static CROSSED_FILLS: Route = private("/api/v2/margin/crossed/fills", 10);
static ISOLATED_FILLS: Route = private("/api/v2/margin/isolated/fills", 10);
static UNIFIED_FILLS: Route = private("/api/v3/trade/fills", 20);
static SPOT_ASSETS: Route = private("/api/v2/spot/account/assets", 10);
static FUNDING_ASSETS: Route = private("/api/v2/account/funding-assets", 10);
static MIX_ACCOUNTS: Route = private("/api/v2/mix/account/accounts", 10);
static CROSSED_ASSETS: Route = private("/api/v2/margin/crossed/account/assets", 10);
static ISOLATED_ASSETS: Route = private("/api/v2/margin/isolated/account/assets", 10);
static UNIFIED_ASSETS: Route = private("/api/v3/account/assets", 20);
static UNIFIED_FUNDING_ASSETS: Route = private("/api/v3/account/funding-assets", 20);
static DEPOSITS: Route = private("/api/v2/spot/wallet/deposit-records", 10);
static WITHDRAWALS: Route = private("/api/v2/spot/wallet/withdrawal-records", 10);
static UNIFIED_DEPOSITS: Route = private("/api/v3/account/deposit-records", 10);
static UNIFIED_WITHDRAWALS: Route = private("/api/v3/account/withdrawal-records", 10);
static TRANSFERS: Route = private("/api/v2/spot/account/transferRecords", 20);
static CONVERSIONS: Route = private("/api/v2/convert/convert-record", 10);
static SPOT_BILLS: Route = private("/api/v2/spot/account/bills", 10);
static MIX_BILLS: Route = private("/api/v2/mix/account/bill", 10);
static UNIFIED_BILLS: Route = private("/api/v3/account/financial-records", 20);
static UNIFIED_FUNDING_BILLS: Route = private("/api/v3/account/funding-financial-records", 20);
static RATE: Route = private("/api/v2/common/trade-rate", 10);
static UNIFIED_RATE: Route = private("/api/v3/account/fee-rate", 10);
static POSITIONS: Route = private("/api/v2/mix/position/all-position", 5);
static UNIFIED_POSITIONS: Route = private("/api/v3/position/current-position", 20);
static INFO: Route = private("/api/v2/spot/account/info", 1);
static UNIFIED_INFO: Route = private("/api/v3/account/info", 5);

const fn get(route: &Route) -> (Method, &'static str, &'static str) {
    (Method::Get, HOST, route.path)
}

pub(super) static CALLS: [(Method, &str, &str); 42] = [
    get(&TIME),
    get(&SPOT_SYMBOLS),
    get(&SPOT_TICKERS),
    get(&SPOT_CANDLES),
    get(&SPOT_CANDLES_OLD),
    get(&MIX_CONTRACTS),
    get(&MIX_TICKER),
    get(&MIX_TICKERS),
    get(&MIX_CANDLES),
    get(&MIX_CANDLES_OLD),
    get(&UNIFIED_TICKERS),
    get(&UNIFIED_CANDLES),
    get(&UNIFIED_CANDLES_OLD),
    get(&SPOT_FILLS),
    get(&MIX_FILLS),
    get(&MIX_FILLS_OLD),
    get(&CROSSED_FILLS),
    get(&ISOLATED_FILLS),
    get(&UNIFIED_FILLS),
    get(&SPOT_ASSETS),
    get(&FUNDING_ASSETS),
    get(&MIX_ACCOUNTS),
    get(&CROSSED_ASSETS),
    get(&ISOLATED_ASSETS),
    get(&UNIFIED_ASSETS),
    get(&UNIFIED_FUNDING_ASSETS),
    get(&DEPOSITS),
    get(&WITHDRAWALS),
    get(&UNIFIED_DEPOSITS),
    get(&UNIFIED_WITHDRAWALS),
    get(&TRANSFERS),
    get(&CONVERSIONS),
    get(&SPOT_BILLS),
    get(&MIX_BILLS),
    get(&UNIFIED_BILLS),
    get(&UNIFIED_FUNDING_BILLS),
    get(&RATE),
    get(&UNIFIED_RATE),
    get(&POSITIONS),
    get(&UNIFIED_POSITIONS),
    get(&INFO),
    get(&UNIFIED_INFO),
];

/// An account of the venue.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Account {
    Classic,
    Funding,
    Crossed,
    Isolated,
    Mix,
    Unified,
    UnifiedFunding,
}

impl Account {
    fn of(market: &str) -> Self {
        match market {
            "margin" => Self::Crossed,
            "isolated" => Self::Isolated,
            "funding" => Self::Funding,
            "unified-funding" => Self::UnifiedFunding,
            market if market.ends_with("-futures") => Self::Mix,
            market if market.starts_with("unified") => Self::Unified,
            _ => Self::Classic,
        }
    }
}

fn route(need: Need, account: Account, old: bool, one: bool) -> Option<&'static Route> {
    use Account::{Classic, Crossed, Funding, Isolated, Mix, Unified, UnifiedFunding};
    Some(match (need, account) {
        (Need::Time, _) => &TIME,
        (Need::Fills, Mix) if old => &MIX_FILLS_OLD,
        (Need::Fills, Mix) => &MIX_FILLS,
        (Need::Fills, Crossed) => &CROSSED_FILLS,
        (Need::Fills, Isolated) => &ISOLATED_FILLS,
        (Need::Fills, Unified) => &UNIFIED_FILLS,
        (Need::Fills, Classic) => &SPOT_FILLS,
        (Need::Balances, Mix) => &MIX_ACCOUNTS,
        (Need::Balances, Funding) => &FUNDING_ASSETS,
        (Need::Balances, Crossed) => &CROSSED_ASSETS,
        (Need::Balances, Isolated) => &ISOLATED_ASSETS,
        (Need::Balances, Unified) => &UNIFIED_ASSETS,
        (Need::Balances, UnifiedFunding) => &UNIFIED_FUNDING_ASSETS,
        (Need::Balances, Classic) => &SPOT_ASSETS,
        (Need::Deposits, Unified | UnifiedFunding) => &UNIFIED_DEPOSITS,
        (Need::Deposits, _) => &DEPOSITS,
        (Need::Withdrawals, Unified | UnifiedFunding) => &UNIFIED_WITHDRAWALS,
        (Need::Withdrawals, _) => &WITHDRAWALS,
        (Need::Transfers, _) => &TRANSFERS,
        (Need::Conversions, _) => &CONVERSIONS,
        (Need::Ledger, UnifiedFunding) => &UNIFIED_FUNDING_BILLS,
        (Need::Ledger | Need::Funding, Unified) => &UNIFIED_BILLS,
        (Need::Ledger | Need::Funding, Mix) => &MIX_BILLS,
        (Need::Ledger, Classic | Funding) => &SPOT_BILLS,
        (Need::Fees, Unified) => &UNIFIED_RATE,
        (Need::Fees, Mix) if !one => &MIX_CONTRACTS,
        (Need::Fees, Classic) if !one => &SPOT_SYMBOLS,
        (Need::Fees, Classic | Crossed | Isolated | Mix) => &RATE,
        (Need::Positions, Unified) => &UNIFIED_POSITIONS,
        (Need::Positions, Mix) => &POSITIONS,
        (Need::Prices, Unified) => &UNIFIED_TICKERS,
        (Need::Prices, Mix) if one => &MIX_TICKER,
        (Need::Prices, Mix) => &MIX_TICKERS,
        (Need::Prices, Classic) => &SPOT_TICKERS,
        (Need::Klines, Unified) => {
            if old {
                &UNIFIED_CANDLES_OLD
            } else {
                &UNIFIED_CANDLES
            }
        }
        (Need::Klines, Mix) => {
            if old {
                &MIX_CANDLES_OLD
            } else {
                &MIX_CANDLES
            }
        }
        (Need::Klines, Classic) => {
            if old {
                &SPOT_CANDLES_OLD
            } else {
                &SPOT_CANDLES
            }
        }
        (Need::Permission, Unified | UnifiedFunding) => &UNIFIED_INFO,
        (Need::Permission, _) => &INFO,
        _ => return None,
    })
}

/// The parameters, under the names that these endpoints share.
fn parameters(question: &Question<'_>, market: &str, account: Account, one: bool) -> Parameters {
    let need = question.need;
    let coin = match (need, account) {
        (Need::Positions, _) => "marginCoin",
        _ => "coin",
    };
    let mut all = Parameters::default()
        .maybe("symbol", question.symbol)
        .maybe(coin, question.currency)
        .maybe("startTime", question.from_ms)
        .maybe("endTime", question.to_ms)
        .maybe("limit", question.limit);
    if account == Account::Mix && !(need == Need::Fees && one) {
        all = all.with("productType", market.to_uppercase());
    }
    match (need, account) {
        (Need::Funding, Account::Mix) => all = all.with("businessType", "contract_settle_fee"),
        (Need::Fees, Account::Mix) if one => all = all.with("businessType", "mix"),
        (Need::Fees, Account::Crossed | Account::Isolated) => all = all.with("businessType", "margin"),
        (Need::Fees, Account::Classic) if one => all = all.with("businessType", "spot"),
        _ => {}
    }
    all.and(&question.with).sorted()
}

/// The request of a question.
pub(super) fn request(
    question: &Question<'_>,
    key: &Credentials,
    moment: Moment,
) -> Result<Request, Refusal> {
    let (market, old) = match question.market.strip_suffix("-history") {
        Some(market) => (market, true),
        None => (question.market, false),
    };
    let (of, one) = (Account::of(market), question.symbol.is_some());
    let route = route(question.need, of, old, one).ok_or(Refusal::Request { code: 0 })?;
    let parameters = match question.need {
        Need::Time | Need::Permission => Parameters::default().and(&question.with).sorted(),
        _ => parameters(question, market, of, one),
    };
    let text = |text: &str| Zeroizing::new(text.to_owned());
    let mut headers = Vec::new();
    if route.signed {
        let at = moment.at.millis();
        let signed = sign::text(at, route.path, &parameters.decoded());
        let signature = sign::signature(&key.secret, &signed).ok_or(Refusal::Credentials)?;
        let passphrase = key.passphrase.as_ref().ok_or(Refusal::Credentials)?;
        headers.push(("ACCESS-KEY", text(key.api_key.expose().trim())));
        headers.push(("ACCESS-SIGN", Zeroizing::new(signature)));
        headers.push(("ACCESS-TIMESTAMP", Zeroizing::new(at.to_string())));
        headers.push(("ACCESS-PASSPHRASE", text(passphrase.expose())));
    }
    Ok(Request {
        query: parameters.encoded(),
        headers,
        ..Request::get(
            HOST,
            route.path,
            Cost {
                budget: route.path,
                account: if route.signed { key_hash(&key.api_key) } else { 0 },
                weight: 1,
                limit_per_minute: route.per_second.saturating_mul(60),
                used_header: "",
            },
        )
    })
}
