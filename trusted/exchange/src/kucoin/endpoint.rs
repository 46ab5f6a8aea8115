//! The calls that can be made, all of them reads, with the names of their parameters and what they cost.
//! Weights and pools: <https://www.kucoin.com/docs-new/rate-limit>, for accounts of the lowest level.

use super::UNASKED;
use crate::{Cost, Method, Need, Question, Refusal, dialect::Parameters};
use Field::{Currency, From, FromSeconds, Limit, Symbol, To, ToSeconds};
use zeroize::Zeroizing;

/// Spot, margin, wallet, and the unified API.
const SPOT: &str = "api.kucoin.com";
const FUTURES: &str = "api-futures.kucoin.com";

/// One call.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) host: &'static str,
    pub(super) path: &'static str,
    pool: Pool,
    weight: u32,
    /// What of a question it takes, under which name, in this order.
    takes: &'static [(Field, &'static str)],
}

#[derive(Clone, Copy, Debug)]
enum Field {
    Symbol,
    Currency,
    From,
    To,
    FromSeconds,
    ToSeconds,
    Limit,
}

/// Whose budget it is. Quotas hold for 30 seconds; as a budget of a minute they cannot be overdrawn within one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pool {
    Public,
    Spot,
    Futures,
    Management,
}

const fn at(
    host: &'static str,
    path: &'static str,
    pool: Pool,
    weight: u32,
    takes: &'static [(Field, &'static str)],
) -> Endpoint {
    Endpoint { host, path, pool, weight, takes }
}

const SPAN: [(Field, &str); 2] = [(From, "startAt"), (To, "endAt")];
const BY_SYMBOL: &[(Field, &str)] = &[(Symbol, "symbol"), (Limit, "limit"), SPAN[0], SPAN[1]];
const PAGED: &[(Field, &str)] = &[(Symbol, "symbol"), SPAN[0], SPAN[1], (Limit, "pageSize")];
const BY_CURRENCY: &[(Field, &str)] = &[(Currency, "currency"), (Limit, "pageSize"), SPAN[0], SPAN[1]];
const LEDGER: &[(Field, &str)] = &[SPAN[0], (Currency, "currency"), SPAN[1], (Limit, "pageSize")];
const LEDGER_HF: &[(Field, &str)] = &[SPAN[0], (Currency, "currency"), SPAN[1], (Limit, "limit")];
const COUNTED: &[(Field, &str)] =
    &[(Symbol, "symbol"), SPAN[0], (Currency, "currency"), SPAN[1], (Limit, "maxCount")];
const CANDLES: &[(Field, &str)] = &[(Symbol, "symbol"), (FromSeconds, "startAt"), (ToSeconds, "endAt")];

static TIME: Endpoint = at(SPOT, "/api/v1/timestamp", Pool::Public, 3, &[]);
static RIGHTS: Endpoint = at(SPOT, "/api/v1/user/api-key", Pool::Management, 20, &[]);
static RIGHTS_UNIFIED: Endpoint = at(SPOT, "/api/ua/v1/user/api-key", Pool::Management, 20, &[]);
static FILLS: Endpoint = at(SPOT, "/api/v1/fills", Pool::Spot, 10, PAGED);
static FILLS_HF: Endpoint = at(SPOT, "/api/v1/hf/fills", Pool::Spot, 2, BY_SYMBOL);
static FILLS_MARGIN: Endpoint = at(SPOT, "/api/v3/hf/margin/fills", Pool::Spot, 5, BY_SYMBOL);
static FILLS_FUTURES: Endpoint = at(FUTURES, "/api/v1/fills", Pool::Futures, 5, PAGED);
static FILLS_UNIFIED: Endpoint = at(SPOT, "/api/ua/v1/unified/order/execution", Pool::Management, 4, PAGED);
static BALANCES: Endpoint = at(SPOT, "/api/v1/accounts", Pool::Management, 5, &[(Currency, "currency")]);
static BALANCES_MARGIN: Endpoint = at(SPOT, "/api/v3/margin/accounts", Pool::Spot, 15, &[]);
static BALANCES_ISOLATED: Endpoint =
    at(SPOT, "/api/v3/isolated/accounts", Pool::Spot, 15, &[(Symbol, "symbol")]);
static BALANCES_FUTURES: Endpoint =
    at(FUTURES, "/api/v1/account-overview", Pool::Futures, 5, &[(Currency, "currency")]);
static BALANCES_UNIFIED: Endpoint =
    at(SPOT, "/api/ua/v1/unified/account/balance", Pool::Management, 5, &[(Currency, "currency")]);
static DEPOSITS: Endpoint = at(SPOT, "/api/v1/deposits", Pool::Management, 5, BY_CURRENCY);
static WITHDRAWALS: Endpoint = at(SPOT, "/api/v1/withdrawals", Pool::Management, 20, BY_CURRENCY);
static DEPOSITS_BEFORE: Endpoint = at(SPOT, "/api/v1/hist-deposits", Pool::Management, 5, BEFORE);
static WITHDRAWALS_BEFORE: Endpoint = at(SPOT, "/api/v1/hist-withdrawals", Pool::Management, 20, BEFORE);
const BEFORE: &[(Field, &str)] =
    &[(Currency, "currency"), (Limit, "pageSize"), (FromSeconds, "startAt"), (ToSeconds, "endAt")];
static BOOKED: Endpoint = at(SPOT, "/api/v1/accounts/ledgers", Pool::Management, 2, LEDGER);
static BOOKED_HF: Endpoint = at(SPOT, "/api/v1/hf/accounts/ledgers", Pool::Spot, 2, LEDGER_HF);
static BOOKED_MARGIN: Endpoint = at(SPOT, "/api/v3/hf/margin/account/ledgers", Pool::Spot, 2, LEDGER_HF);
static BOOKED_FUTURES: Endpoint = at(FUTURES, "/api/v1/transaction-history", Pool::Futures, 2, COUNTED);
static BOOKED_UNIFIED: Endpoint = at(SPOT, "/api/ua/v1/account/ledger", Pool::Management, 2, LEDGER);
static FUNDING: Endpoint = at(FUTURES, "/api/v1/funding-history", Pool::Futures, 5, COUNTED);
static FUNDING_UNIFIED: Endpoint =
    at(SPOT, "/api/ua/v1/position/funding-history", Pool::Management, 5, PAGED);
static FEES: Endpoint = at(SPOT, "/api/v1/trade-fees", Pool::Spot, 3, &[(Symbol, "symbols")]);
static FEES_FUTURES: Endpoint = at(FUTURES, "/api/v1/trade-fees", Pool::Futures, 3, &[(Symbol, "symbol")]);
static FEES_UNIFIED: Endpoint =
    at(SPOT, "/api/ua/v1/user/fee-rate", Pool::Management, 3, &[(Symbol, "symbol")]);
static POSITIONS: Endpoint = at(FUTURES, "/api/v1/positions", Pool::Futures, 2, &[(Currency, "currency")]);
static POSITIONS_UNIFIED: Endpoint =
    at(SPOT, "/api/ua/v1/unified/position/open-list", Pool::Management, 3, &[(Symbol, "symbol")]);
static PRICES: Endpoint = at(SPOT, "/api/v1/market/allTickers", Pool::Public, 15, &[]);
static PRICE: Endpoint = at(SPOT, "/api/v1/market/stats", Pool::Public, 15, &[(Symbol, "symbol")]);
static PRICES_FUTURES: Endpoint = at(FUTURES, "/api/v1/contracts/active", Pool::Public, 3, &[]);
static PRICE_FUTURES: Endpoint = at(FUTURES, "/api/v1/ticker", Pool::Public, 2, &[(Symbol, "symbol")]);
static PRICES_UNIFIED: Endpoint =
    at(SPOT, "/api/ua/v1/market/ticker", Pool::Public, 15, &[(Symbol, "symbol")]);
static KLINES: Endpoint = at(SPOT, "/api/v1/market/candles", Pool::Public, 3, CANDLES);
static KLINES_FUTURES: Endpoint =
    at(FUTURES, "/api/v1/kline/query", Pool::Public, 3, &[(Symbol, "symbol"), (From, "from"), (To, "to")]);
static KLINES_UNIFIED: Endpoint = at(SPOT, "/api/ua/v1/market/kline", Pool::Public, 3, CANDLES);

/// The allow-list. None of these can change anything.
pub(super) static CALLS: [(Method, &str, &str); 37] = [
    TIME.call(),
    RIGHTS.call(),
    RIGHTS_UNIFIED.call(),
    FILLS.call(),
    FILLS_HF.call(),
    FILLS_MARGIN.call(),
    FILLS_FUTURES.call(),
    FILLS_UNIFIED.call(),
    BALANCES.call(),
    BALANCES_MARGIN.call(),
    BALANCES_ISOLATED.call(),
    BALANCES_FUTURES.call(),
    BALANCES_UNIFIED.call(),
    DEPOSITS.call(),
    WITHDRAWALS.call(),
    DEPOSITS_BEFORE.call(),
    WITHDRAWALS_BEFORE.call(),
    BOOKED.call(),
    BOOKED_HF.call(),
    BOOKED_MARGIN.call(),
    BOOKED_FUTURES.call(),
    BOOKED_UNIFIED.call(),
    FUNDING.call(),
    FUNDING_UNIFIED.call(),
    FEES.call(),
    FEES_FUTURES.call(),
    FEES_UNIFIED.call(),
    POSITIONS.call(),
    POSITIONS_UNIFIED.call(),
    PRICES.call(),
    PRICE.call(),
    PRICES_FUTURES.call(),
    PRICE_FUTURES.call(),
    PRICES_UNIFIED.call(),
    KLINES.call(),
    KLINES_FUTURES.call(),
    KLINES_UNIFIED.call(),
];

/// Where a question is asked.
pub(super) fn endpoint(question: &Question<'_>) -> Result<&'static Endpoint, Refusal> {
    let one = question.symbol.is_some();
    Ok(match (question.need, question.market) {
        (Need::Time, _) => &TIME,
        (Need::Permission, "unified") => &RIGHTS_UNIFIED,
        (Need::Permission, _) => &RIGHTS,
        (Need::Fills, "futures") => &FILLS_FUTURES,
        (Need::Fills, "unified") => &FILLS_UNIFIED,
        (Need::Fills, "spot-hf") => &FILLS_HF,
        (Need::Fills, "margin" | "isolated") => &FILLS_MARGIN,
        (Need::Fills, _) => &FILLS,
        (Need::Balances, "futures") => &BALANCES_FUTURES,
        (Need::Balances, "unified") => &BALANCES_UNIFIED,
        (Need::Balances, "margin") => &BALANCES_MARGIN,
        (Need::Balances, "isolated") => &BALANCES_ISOLATED,
        (Need::Balances, _) => &BALANCES,
        (Need::Deposits, "history") => &DEPOSITS_BEFORE,
        (Need::Deposits, _) => &DEPOSITS,
        (Need::Withdrawals, "history") => &WITHDRAWALS_BEFORE,
        (Need::Withdrawals, _) => &WITHDRAWALS,
        (Need::Ledger | Need::Transfers, "futures") => &BOOKED_FUTURES,
        (Need::Ledger | Need::Transfers, "unified") => &BOOKED_UNIFIED,
        (Need::Ledger | Need::Transfers, "spot-hf") => &BOOKED_HF,
        (Need::Ledger | Need::Transfers, "margin" | "isolated") => &BOOKED_MARGIN,
        (Need::Ledger | Need::Transfers, _) => &BOOKED,
        (Need::Funding, "unified") => &FUNDING_UNIFIED,
        (Need::Funding, _) => &FUNDING,
        (Need::Fees, "futures") => &FEES_FUTURES,
        (Need::Fees, "unified") => &FEES_UNIFIED,
        (Need::Fees, _) => &FEES,
        (Need::Positions, "unified") => &POSITIONS_UNIFIED,
        (Need::Positions, _) => &POSITIONS,
        (Need::Prices, "unified") => &PRICES_UNIFIED,
        (Need::Prices, "futures") if one => &PRICE_FUTURES,
        (Need::Prices, "futures") => &PRICES_FUTURES,
        (Need::Prices, _) if one => &PRICE,
        (Need::Prices, _) => &PRICES,
        (Need::Klines, "futures") => &KLINES_FUTURES,
        (Need::Klines, "unified") => &KLINES_UNIFIED,
        (Need::Klines, _) => &KLINES,
        (Need::Conversions | Need::Request | Need::Listings | Need::SubAccounts, _) => return Err(UNASKED),
    })
}

/// The query, as it will be signed and sent.
pub(super) fn query(endpoint: &Endpoint, question: &Question<'_>) -> Zeroizing<String> {
    let seconds = |ms: Option<i64>| ms.map(|ms| ms.div_euclid(1000).to_string());
    let taken = endpoint.takes.iter().map(|(field, name)| {
        let value = match field {
            Symbol => question.symbol.map(str::to_owned),
            Currency => question.currency.map(str::to_owned),
            From => question.from_ms.map(|ms| ms.to_string()),
            To => question.to_ms.map(|ms| ms.to_string()),
            FromSeconds => seconds(question.from_ms),
            ToSeconds => seconds(question.to_ms),
            Limit => question.limit.map(|limit| limit.to_string()),
        };
        (*name, value)
    });
    Parameters::default().all(taken).and(&question.with).encoded()
}

impl Endpoint {
    const fn call(&self) -> (Method, &'static str, &'static str) {
        (Method::Get, self.host, self.path)
    }

    /// Whether it is about an account.
    pub(super) fn is_private(&self) -> bool {
        self.pool != Pool::Public
    }

    /// What a call takes, and from whose budget.
    pub(super) fn cost(&self, account: u64) -> Cost {
        let (budget, account, limit_per_minute) = match self.pool {
            Pool::Public => ("public", 0, 2000),
            Pool::Spot => ("spot", account, 4000),
            Pool::Futures => ("futures", account, 2000),
            Pool::Management => ("management", account, 2000),
        };
        Cost { budget, account, weight: self.weight, limit_per_minute, used_header: "" }
    }
}
