//! The calls that can be made, all of them reads, and how each is asked.

use super::{is_contract, sign};
use crate::{
    Cost, Method, Moment, Need, Question, Refusal, Request,
    dialect::{Parameters, key_hash},
};
use protocol::Credentials;
use zeroize::Zeroizing;

const HOST: &str = "api.gateio.ws";
/// 200 in ten seconds, of each endpoint: of the account where it is signed, else of the address.
const PER_MINUTE: u32 = 1200;

/// One call.
struct Route {
    path: &'static str,
    signed: bool,
}

const fn private(path: &'static str) -> Route {
    Route { path, signed: true }
}

const fn public(path: &'static str) -> Route {
    Route { path, signed: false }
}

static TIME: Route = public("/api/v4/spot/time");
static SPOT_TICKERS: Route = public("/api/v4/spot/tickers");
static SPOT_CANDLES: Route = public("/api/v4/spot/candlesticks");
static SPOT_FILLS: Route = private("/api/v4/spot/my_trades");
static SPOT_ACCOUNTS: Route = private("/api/v4/spot/accounts");
static SPOT_BOOK: Route = private("/api/v4/spot/account_book");
static MARGIN_ACCOUNTS: Route = private("/api/v4/margin/accounts");
static MARGIN_BOOK: Route = private("/api/v4/margin/account_book");
static CROSS_ACCOUNTS: Route = private("/api/v4/margin/cross/accounts");
static FUNDING_ACCOUNTS: Route = private("/api/v4/margin/funding_accounts");
static UNIFIED_ACCOUNTS: Route = private("/api/v4/unified/accounts");
static DEPOSITS: Route = private("/api/v4/wallet/deposits");
static WITHDRAWALS: Route = private("/api/v4/wallet/withdrawals");
static FEE: Route = private("/api/v4/wallet/fee");
static DETAIL: Route = private("/api/v4/account/detail");

/// The calls about contracts, by what these settle in.
struct Futures {
    tickers: Route,
    candles: Route,
    fills: Route,
    accounts: Route,
    book: Route,
    positions: Route,
}

static USDT: Futures = Futures {
    tickers: public("/api/v4/futures/usdt/tickers"),
    candles: public("/api/v4/futures/usdt/candlesticks"),
    fills: private("/api/v4/futures/usdt/my_trades_timerange"),
    accounts: private("/api/v4/futures/usdt/accounts"),
    book: private("/api/v4/futures/usdt/account_book"),
    positions: private("/api/v4/futures/usdt/positions"),
};
static BTC: Futures = Futures {
    tickers: public("/api/v4/futures/btc/tickers"),
    candles: public("/api/v4/futures/btc/candlesticks"),
    fills: private("/api/v4/futures/btc/my_trades_timerange"),
    accounts: private("/api/v4/futures/btc/accounts"),
    book: private("/api/v4/futures/btc/account_book"),
    positions: private("/api/v4/futures/btc/positions"),
};

const fn get(route: &Route) -> (Method, &'static str, &'static str) {
    (Method::Get, HOST, route.path)
}

pub(super) static CALLS: [(Method, &str, &str); 27] = [
    get(&TIME),
    get(&SPOT_TICKERS),
    get(&SPOT_CANDLES),
    get(&SPOT_FILLS),
    get(&SPOT_ACCOUNTS),
    get(&SPOT_BOOK),
    get(&MARGIN_ACCOUNTS),
    get(&MARGIN_BOOK),
    get(&CROSS_ACCOUNTS),
    get(&FUNDING_ACCOUNTS),
    get(&UNIFIED_ACCOUNTS),
    get(&DEPOSITS),
    get(&WITHDRAWALS),
    get(&FEE),
    get(&DETAIL),
    get(&USDT.tickers),
    get(&USDT.candles),
    get(&USDT.fills),
    get(&USDT.accounts),
    get(&USDT.book),
    get(&USDT.positions),
    get(&BTC.tickers),
    get(&BTC.candles),
    get(&BTC.fills),
    get(&BTC.accounts),
    get(&BTC.book),
    get(&BTC.positions),
];

fn route(need: Need, market: &str) -> Option<&'static Route> {
    let futures = match market {
        "usdt-futures" => Some(&USDT),
        "btc-futures" => Some(&BTC),
        _ if is_contract(market) => return None,
        _ => None,
    };
    Some(match (need, futures) {
        (Need::Time, _) => &TIME,
        (Need::Deposits, _) => &DEPOSITS,
        (Need::Withdrawals, _) => &WITHDRAWALS,
        (Need::Fees, _) => &FEE,
        (Need::Permission, _) => &DETAIL,
        (Need::Fills, Some(futures)) => &futures.fills,
        (Need::Balances, Some(futures)) => &futures.accounts,
        (Need::Ledger | Need::Funding, Some(futures)) => &futures.book,
        (Need::Positions, Some(futures)) => &futures.positions,
        (Need::Prices, Some(futures)) => &futures.tickers,
        (Need::Klines, Some(futures)) => &futures.candles,
        (Need::Fills, None) => &SPOT_FILLS,
        (Need::Ledger, None) if market == "margin" => &MARGIN_BOOK,
        (Need::Ledger, None) => &SPOT_BOOK,
        (Need::Prices, None) => &SPOT_TICKERS,
        (Need::Klines, None) => &SPOT_CANDLES,
        (Need::Balances, None) => match market {
            "margin" => &MARGIN_ACCOUNTS,
            "cross-margin" => &CROSS_ACCOUNTS,
            "unified" => &UNIFIED_ACCOUNTS,
            "funding" => &FUNDING_ACCOUNTS,
            _ => &SPOT_ACCOUNTS,
        },
        _ => return None,
    })
}

/// Whose fills of the spot board are meant.
fn account_kind(market: &str) -> Option<&'static str> {
    match market {
        "spot" => Some("spot"),
        "margin" => Some("margin"),
        "cross-margin" => Some("cross_margin"),
        "unified" => Some("unified"),
        _ => None,
    }
}

fn parameters(question: &Question<'_>) -> Parameters {
    let (need, market) = (question.need, question.market);
    let contract = is_contract(market) && need != Need::Fees;
    let mut all = Parameters::default()
        .maybe(if contract { "contract" } else { "currency_pair" }, question.symbol)
        .maybe("currency", question.currency);
    if need == Need::Fills && !contract {
        all = all.maybe("account", account_kind(market));
    }
    if need == Need::Funding {
        all = all.with("type", "fund");
    }
    all.maybe("limit", question.limit)
        .maybe("from", question.from_ms.map(|ms| ms.div_euclid(1000)))
        .maybe("to", question.to_ms.map(|ms| ms.div_euclid(1000)))
        .and(&question.with)
}

/// The request of a question.
pub(super) fn request(
    question: &Question<'_>,
    key: &Credentials,
    moment: Moment,
) -> Result<Request, Refusal> {
    let route = route(question.need, question.market).ok_or(Refusal::Request { code: 0 })?;
    let parameters = parameters(question);
    let mut headers = Vec::new();
    if route.signed {
        let at = moment.at.seconds();
        let signed = sign::text(at, route.path, &parameters.decoded());
        let signature = sign::signature(&key.secret, &signed).ok_or(Refusal::Credentials)?;
        headers.push(("KEY", Zeroizing::new(key.api_key.expose().trim().to_owned())));
        headers.push(("Timestamp", Zeroizing::new(at.to_string())));
        headers.push(("SIGN", Zeroizing::new(signature)));
    }
    if route.path.contains("/futures/") {
        // Sizes of contracts that can be traded in parts are told whole, as texts.
        headers.push(("X-Gate-Size-Decimal", Zeroizing::new("1".to_owned())));
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
                limit_per_minute: PER_MINUTE,
                used_header: "",
            },
        )
    })
}
