//! The calls that can be made, all of them reads, and how each is asked.

use super::sign;
use crate::{
    Cost, Method, Moment, Need, Question, Refusal, Request,
    dialect::{Parameters, key_hash},
};
use protocol::Credentials;
use zeroize::Zeroizing;

const HOST: &str = "api.mexc.com";
/// A request that takes longer is of no use any more: at most 60 seconds.
const RECEIVE_WINDOW_MS: u32 = 5000;

/// How a call is signed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Signed {
    /// Not at all.
    No,
    /// In its query.
    Spot,
    /// In its headers.
    Contract,
}

/// One call.
struct Route {
    path: &'static str,
    signed: Signed,
    weight: u32,
}

const fn route_of(path: &'static str, signed: Signed, weight: u32) -> Route {
    Route { path, signed, weight }
}

static TIME: Route = route_of("/api/v3/time", Signed::No, 1);
static TICKER: Route = route_of("/api/v3/ticker/24hr", Signed::No, 40);
static KLINES: Route = route_of("/api/v3/klines", Signed::No, 1);
static PING: Route = route_of("/api/v1/contract/ping", Signed::No, 25);
static CONTRACT_TICKER: Route = route_of("/api/v1/contract/ticker", Signed::No, 25);
static CONTRACT_KLINES: Route = route_of("/api/v1/contract/kline/{symbol}", Signed::No, 25);
static MY_TRADES: Route = route_of("/api/v3/myTrades", Signed::Spot, 10);
static ACCOUNT: Route = route_of("/api/v3/account", Signed::Spot, 10);
static DEPOSITS: Route = route_of("/api/v3/capital/deposit/hisrec", Signed::Spot, 1);
static WITHDRAWALS: Route = route_of("/api/v3/capital/withdraw/history", Signed::Spot, 1);
static TRANSFERS: Route = route_of("/api/v3/capital/transfer", Signed::Spot, 1);
static TRADE_FEE: Route = route_of("/api/v3/tradeFee", Signed::Spot, 20);
static KEY_INFO: Route = route_of("/api/v3/apiKeyInfo", Signed::Spot, 1);
static SELF_SYMBOLS: Route = route_of("/api/v3/selfSymbols", Signed::Spot, 1);
static DEALS: Route = route_of("/api/v1/private/order/list/order_deals", Signed::Contract, 25);
static ASSETS: Route = route_of("/api/v1/private/account/assets", Signed::Contract, 25);
static TRANSFER_RECORD: Route = route_of("/api/v1/private/account/transfer_record", Signed::Contract, 25);
static FUNDING: Route = route_of("/api/v1/private/position/funding_records", Signed::Contract, 25);
static POSITIONS: Route = route_of("/api/v1/private/position/open_positions", Signed::Contract, 25);

const fn get(route: &Route) -> (Method, &'static str, &'static str) {
    (Method::Get, HOST, route.path)
}

pub(super) static CALLS: [(Method, &str, &str); 19] = [
    get(&TIME),
    get(&TICKER),
    get(&KLINES),
    get(&PING),
    get(&CONTRACT_TICKER),
    get(&CONTRACT_KLINES),
    get(&MY_TRADES),
    get(&ACCOUNT),
    get(&DEPOSITS),
    get(&WITHDRAWALS),
    get(&TRANSFERS),
    get(&TRADE_FEE),
    get(&KEY_INFO),
    get(&SELF_SYMBOLS),
    get(&DEALS),
    get(&ASSETS),
    get(&TRANSFER_RECORD),
    get(&FUNDING),
    get(&POSITIONS),
];

fn route(need: Need, futures: bool) -> Option<&'static Route> {
    Some(match (need, futures) {
        (Need::Time, false) => &TIME,
        (Need::Time, true) => &PING,
        (Need::Prices, false) => &TICKER,
        (Need::Prices, true) => &CONTRACT_TICKER,
        (Need::Klines, false) => &KLINES,
        (Need::Klines, true) => &CONTRACT_KLINES,
        (Need::Fills, false) => &MY_TRADES,
        (Need::Fills, true) => &DEALS,
        (Need::Balances, false) => &ACCOUNT,
        (Need::Balances, true) => &ASSETS,
        (Need::Transfers, false) => &TRANSFERS,
        (Need::Transfers, true) => &TRANSFER_RECORD,
        (Need::Deposits, _) => &DEPOSITS,
        (Need::Withdrawals, _) => &WITHDRAWALS,
        (Need::Fees, false) => &TRADE_FEE,
        (Need::Permission, _) => &SELF_SYMBOLS,
        (Need::Funding, true) => &FUNDING,
        (Need::Positions, true) => &POSITIONS,
        _ => return None,
    })
}

fn parameters(question: &Question<'_>, futures: bool) -> Parameters {
    let (from, to, limit) = match (question.need, futures) {
        (Need::Klines, true) => {
            let seconds = |ms: Option<i64>| ms.map(|ms| ms.div_euclid(1000));
            let all = Parameters::default().maybe("start", seconds(question.from_ms));
            return all.maybe("end", seconds(question.to_ms)).and(&question.with);
        }
        (Need::Transfers, false) => ("startTime", "endTime", "size"),
        (Need::Deposits | Need::Withdrawals, _) | (_, false) => ("startTime", "endTime", "limit"),
        (_, true) => ("start_time", "end_time", "page_size"),
    };
    let coin = if futures { "currency" } else { "coin" };
    Parameters::default()
        .maybe("symbol", question.symbol)
        .maybe(coin, question.currency)
        .maybe(from, question.from_ms)
        .maybe(to, question.to_ms)
        .maybe(limit, question.limit)
        .and(&question.with)
}

/// The request of a question.
pub(super) fn request(
    question: &Question<'_>,
    key: &Credentials,
    moment: Moment,
) -> Result<Request, Refusal> {
    let futures = question.market == "futures";
    let of_key = question.need == Need::Permission && question.market == "key";
    let route = if of_key { Some(&KEY_INFO) } else { route(question.need, futures) };
    let route = route.ok_or(Refusal::Request { code: 0 })?;
    let (mut parameters, at) = (parameters(question, futures), moment.at.millis());
    if of_key {
        parameters = parameters.with("accessKey", key.api_key.expose().trim());
    }
    let text = |text: &str| Zeroizing::new(text.trim().to_owned());
    let mut headers = Vec::new();
    let query = match route.signed {
        Signed::No => parameters.encoded(),
        Signed::Spot => {
            let stamped = parameters.with("timestamp", at).with("recvWindow", RECEIVE_WINDOW_MS);
            let mut query = stamped.encoded();
            let signature = sign::signature(&key.secret, &query).ok_or(Refusal::Credentials)?;
            query.push_str("&signature=");
            query.push_str(&signature);
            headers.push(("X-MEXC-APIKEY", text(key.api_key.expose())));
            query
        }
        Signed::Contract => {
            let query = parameters.sorted().encoded();
            let signed = sign::text(key.api_key.expose().trim(), at, &query);
            let signature = sign::signature(&key.secret, &signed).ok_or(Refusal::Credentials)?;
            headers.push(("ApiKey", text(key.api_key.expose())));
            headers.push(("Request-Time", Zeroizing::new(at.to_string())));
            headers.push(("Signature", Zeroizing::new(signature)));
            query
        }
    };
    let segment = question.segment.or(question.symbol).filter(|_| route.path.contains('{'));
    Ok(Request {
        method: Method::Get,
        host: HOST,
        path: route.path,
        segment: segment.map(str::to_owned),
        query,
        headers,
        body: Zeroizing::new(Vec::new()),
        cost: Cost {
            budget: if route.path.starts_with("/api/v3") { "spot" } else { "contract" },
            account: if route.signed == Signed::No { 0 } else { key_hash(&key.api_key) },
            weight: route.weight,
            limit_per_minute: 3000,
            used_header: "",
        },
    })
}
