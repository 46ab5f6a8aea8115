//! The calls of the dialect: what is asked for, of which account, where, under which names, and what it costs
//! (EXCHANGES.md section 2). None of them can change anything; the two POSTs read as well.

use crate::{Cost, Method, dialect::Need};

const SPOT: &str = crate::binance::HOST;
const USDM: &str = "fapi.binance.com";
const COINM: &str = "dapi.binance.com";
const PORTFOLIO: &str = "papi.binance.com";

pub(super) const ACCOUNT: &str = "/api/v3/account";
pub(super) const DUST: &str = "/sapi/v1/asset/dribblet";
pub(super) const DIVIDENDS: &str = "/sapi/v1/asset/assetDividend";
pub(super) const ISOLATED: &str = "/sapi/v1/margin/isolated/account";
pub(super) const MARGIN_FILLS: &str = "/sapi/v1/margin/myTrades";
pub(super) const INTEREST: &str = "/sapi/v1/margin/interestHistory";
pub(super) const FIAT: &str = "/sapi/v1/fiat/orders";
pub(super) const P2P: &str = "/sapi/v1/c2c/orderMatch/listUserOrderHistory";
pub(super) const PAY: &str = "/sapi/v1/pay/transactions";
pub(super) const SUB_ACCOUNT: &str = "/sapi/v1/sub-account/transfer/subUserHistory";

/// One way to ask.
pub(super) struct Route {
    pub(super) need: Need,
    pub(super) market: &'static str,
    pub(super) method: Method,
    pub(super) host: &'static str,
    pub(super) path: &'static str,
    pub(super) signed: bool,
    /// Parameters that make this call what it is.
    pub(super) fixed: &'static [(&'static str, &'static str)],
    pub(super) names: Names,
    budget: Budget,
    weight: u32,
}

/// What the fields of a question are called at a call; what has no name is not sent.
#[derive(Clone, Copy)]
pub(super) struct Names {
    pub(super) symbol: Option<&'static str>,
    pub(super) currency: Option<&'static str>,
    pub(super) from: Option<&'static str>,
    pub(super) to: Option<&'static str>,
    pub(super) limit: Option<&'static str>,
}

#[derive(Clone, Copy)]
enum Budget {
    /// By address, for all calls of a host: name and size a minute.
    Host(&'static str, u32),
    /// 12000 a minute for each path under `/sapi`, by address.
    SapiAddress,
    /// 180000 a minute for each path under `/sapi`, by account.
    SapiAccount,
}

const SPOT_BUDGET: Budget = Budget::Host("api", 6000);
const USDM_BUDGET: Budget = Budget::Host("fapi", 2400);
const COINM_BUDGET: Budget = Budget::Host("dapi", 2400);
const PORTFOLIO_BUDGET: Budget = Budget::Host("papi", 6000);
use Budget::{SapiAccount, SapiAddress};

const NOTHING: Names = Names { symbol: None, currency: None, from: None, to: None, limit: None };
/// A list over time.
const SPAN: Names = Names { from: Some("startTime"), to: Some("endTime"), limit: Some("limit"), ..NOTHING };
const SYMBOL: Names = Names { symbol: Some("symbol"), ..NOTHING };
const SYMBOL_SPAN: Names = Names { symbol: Some("symbol"), ..SPAN };
const COIN_SPAN: Names = Names { currency: Some("coin"), ..SPAN };
const ASSET: Names = Names { currency: Some("asset"), ..NOTHING };

const FUNDING: &[(&str, &str)] = &[("incomeType", "FUNDING_FEE")];

impl Route {
    const fn of(need: Need, market: &'static str, host: &'static str, path: &'static str) -> Self {
        let budget = match host.as_bytes().first() {
            Some(b'f') => USDM_BUDGET,
            Some(b'd') => COINM_BUDGET,
            Some(b'p') => PORTFOLIO_BUDGET,
            _ => SPOT_BUDGET,
        };
        let (method, fixed) = (Method::Get, &[]);
        Self { need, market, method, host, path, signed: true, fixed, names: NOTHING, budget, weight: 1 }
    }

    const fn costs(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }

    const fn from(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    const fn names(mut self, names: Names) -> Self {
        self.names = names;
        self
    }

    const fn with(mut self, fixed: &'static [(&'static str, &'static str)]) -> Self {
        self.fixed = fixed;
        self
    }

    const fn post(mut self) -> Self {
        self.method = Method::Post;
        self
    }

    const fn public(mut self) -> Self {
        self.signed = false;
        self
    }

    /// What the call takes, and from whose budget.
    pub(super) fn cost(&self, account: u64) -> Cost {
        let (budget, account, limit_per_minute, used_header) = match self.budget {
            Budget::Host(name, limit) => (name, 0, limit, "x-mbx-used-weight-1m"),
            SapiAddress => (self.path, 0, 12_000, "x-sapi-used-ip-weight-1m"),
            SapiAccount => (self.path, account, 180_000, "x-sapi-used-uid-weight-1m"),
        };
        Cost { budget, account, weight: self.weight, limit_per_minute, used_header }
    }
}

pub(super) static ROUTES: [Route; 76] = [
    Route::of(Need::Time, "spot", SPOT, "/api/v3/time").public(),
    Route::of(Need::Time, "usdm", USDM, "/fapi/v1/time").public(),
    Route::of(Need::Time, "coinm", COINM, "/dapi/v1/time").public(),
    Route::of(Need::Permission, "wallet", SPOT, "/sapi/v1/account/apiRestrictions").from(SapiAddress),
    Route::of(Need::Permission, "spot", SPOT, ACCOUNT).costs(20),
    Route::of(Need::Listings, "spot", SPOT, "/api/v3/exchangeInfo").public().costs(20),
    Route::of(Need::Listings, "usdm", USDM, "/fapi/v1/exchangeInfo").public(),
    Route::of(Need::Listings, "coinm", COINM, "/dapi/v1/exchangeInfo").public(),
    // Fills.
    Route::of(Need::Fills, "spot", SPOT, "/api/v3/myTrades").names(SYMBOL_SPAN).costs(20),
    Route::of(Need::Fills, "margin", SPOT, MARGIN_FILLS).names(SYMBOL_SPAN).from(SapiAddress).costs(10),
    Route::of(Need::Fills, "isolated", SPOT, MARGIN_FILLS)
        .names(SYMBOL_SPAN)
        .with(&[("isIsolated", "true")])
        .from(SapiAddress)
        .costs(10),
    Route::of(Need::Fills, "usdm", USDM, "/fapi/v1/userTrades").names(SYMBOL_SPAN).costs(5),
    Route::of(Need::Fills, "coinm", COINM, "/dapi/v1/userTrades").names(SYMBOL_SPAN).costs(20),
    // The same by pair, of all its contracts; `currency` is the pair.
    Route::of(Need::Fills, "coinm-pair", COINM, "/dapi/v1/userTrades")
        .names(Names { currency: Some("pair"), ..SPAN })
        .costs(40),
    Route::of(Need::Fills, "papi-margin", PORTFOLIO, "/papi/v1/margin/myTrades").names(SYMBOL_SPAN).costs(5),
    Route::of(Need::Fills, "papi-um", PORTFOLIO, "/papi/v1/um/userTrades").names(SYMBOL_SPAN).costs(5),
    Route::of(Need::Fills, "papi-cm", PORTFOLIO, "/papi/v1/cm/userTrades").names(SYMBOL_SPAN).costs(20),
    // Conversions.
    Route::of(Need::Conversions, "convert", SPOT, "/sapi/v1/convert/tradeFlow")
        .names(SPAN)
        .from(SapiAccount)
        .costs(3000),
    Route::of(Need::Conversions, "dust", SPOT, DUST).names(Names { limit: None, ..SPAN }).from(SapiAddress),
    // Balances.
    Route::of(Need::Balances, "spot", SPOT, ACCOUNT).costs(20),
    Route::of(Need::Balances, "funding", SPOT, "/sapi/v1/asset/get-funding-asset")
        .names(ASSET)
        .post()
        .from(SapiAddress),
    Route::of(Need::Balances, "wallet", SPOT, "/sapi/v3/asset/getUserAsset")
        .names(ASSET)
        .post()
        .from(SapiAddress)
        .costs(5),
    Route::of(Need::Balances, "margin", SPOT, "/sapi/v1/margin/account").from(SapiAddress).costs(10),
    Route::of(Need::Balances, "isolated", SPOT, ISOLATED)
        .names(Names { symbol: Some("symbols"), ..NOTHING })
        .from(SapiAddress)
        .costs(10),
    Route::of(Need::Balances, "usdm", USDM, "/fapi/v3/account").costs(5),
    Route::of(Need::Balances, "usdm-balance", USDM, "/fapi/v3/balance").costs(5),
    Route::of(Need::Balances, "usdm-v2", USDM, "/fapi/v2/account").costs(5),
    Route::of(Need::Balances, "usdm-v2-balance", USDM, "/fapi/v2/balance").costs(5),
    Route::of(Need::Balances, "coinm", COINM, "/dapi/v1/account").costs(5),
    Route::of(Need::Balances, "coinm-balance", COINM, "/dapi/v1/balance"),
    Route::of(Need::Balances, "papi", PORTFOLIO, "/papi/v1/balance").names(ASSET).costs(20),
    Route::of(Need::Balances, "papi-margin", PORTFOLIO, "/papi/v1/balance").names(ASSET).costs(20),
    Route::of(Need::Balances, "papi-um", PORTFOLIO, "/papi/v1/balance").names(ASSET).costs(20),
    Route::of(Need::Balances, "papi-cm", PORTFOLIO, "/papi/v1/balance").names(ASSET).costs(20),
    // Wallet.
    Route::of(Need::Deposits, "wallet", SPOT, "/sapi/v1/capital/deposit/hisrec")
        .names(COIN_SPAN)
        .from(SapiAddress),
    Route::of(Need::Withdrawals, "wallet", SPOT, "/sapi/v1/capital/withdraw/history")
        .names(COIN_SPAN)
        .from(SapiAccount)
        .costs(18_000),
    Route::of(Need::Deposits, "fiat", SPOT, FIAT)
        .names(FIAT_SPAN)
        .with(&[("transactionType", "0")])
        .from(SapiAccount)
        .costs(45_000),
    Route::of(Need::Withdrawals, "fiat", SPOT, FIAT)
        .names(FIAT_SPAN)
        .with(&[("transactionType", "1")])
        .from(SapiAccount)
        .costs(45_000),
    Route::of(Need::Deposits, "p2p", SPOT, P2P)
        .names(P2P_SPAN)
        .with(&[("tradeType", "BUY")])
        .from(SapiAddress),
    Route::of(Need::Withdrawals, "p2p", SPOT, P2P)
        .names(P2P_SPAN)
        .with(&[("tradeType", "SELL")])
        .from(SapiAddress),
    Route::of(Need::Transfers, "wallet", SPOT, "/sapi/v1/asset/transfer")
        .names(Names { limit: Some("size"), ..SPAN })
        .from(SapiAddress),
    Route::of(Need::Transfers, "from-isolated", SPOT, "/sapi/v1/asset/transfer")
        .names(Names { symbol: Some("fromSymbol"), limit: Some("size"), ..SPAN })
        .from(SapiAddress),
    Route::of(Need::Transfers, "to-isolated", SPOT, "/sapi/v1/asset/transfer")
        .names(Names { symbol: Some("toSymbol"), limit: Some("size"), ..SPAN })
        .from(SapiAddress),
    Route::of(Need::Transfers, "pay", SPOT, PAY).names(SPAN).from(SapiAccount).costs(3000),
    Route::of(Need::Transfers, "sub-account", SPOT, SUB_ACCOUNT)
        .names(Names { currency: Some("asset"), ..SPAN })
        .from(SapiAddress),
    // Bookings.
    Route::of(Need::Ledger, "usdm", USDM, "/fapi/v1/income").names(SYMBOL_SPAN).costs(30),
    Route::of(Need::Ledger, "coinm", COINM, "/dapi/v1/income").names(SYMBOL_SPAN).costs(20),
    Route::of(Need::Ledger, "margin", SPOT, INTEREST)
        .names(Names { currency: Some("asset"), limit: Some("size"), ..SPAN })
        .from(SapiAddress),
    Route::of(Need::Ledger, "isolated", SPOT, INTEREST)
        .names(Names { symbol: Some("isolatedSymbol"), currency: Some("asset"), limit: Some("size"), ..SPAN })
        .from(SapiAddress),
    Route::of(Need::Ledger, "papi-um", PORTFOLIO, "/papi/v1/um/income").names(SYMBOL_SPAN).costs(30),
    Route::of(Need::Ledger, "papi-cm", PORTFOLIO, "/papi/v1/cm/income").names(SYMBOL_SPAN).costs(30),
    Route::of(Need::Ledger, "wallet", SPOT, DIVIDENDS)
        .names(Names { currency: Some("asset"), ..SPAN })
        .from(SapiAddress)
        .costs(10),
    Route::of(Need::Funding, "usdm", USDM, "/fapi/v1/income").names(SYMBOL_SPAN).with(FUNDING).costs(30),
    Route::of(Need::Funding, "coinm", COINM, "/dapi/v1/income").names(SYMBOL_SPAN).with(FUNDING).costs(20),
    Route::of(Need::Funding, "papi-um", PORTFOLIO, "/papi/v1/um/income")
        .names(SYMBOL_SPAN)
        .with(FUNDING)
        .costs(30),
    Route::of(Need::Funding, "papi-cm", PORTFOLIO, "/papi/v1/cm/income")
        .names(SYMBOL_SPAN)
        .with(FUNDING)
        .costs(30),
    // Fee rates.
    Route::of(Need::Fees, "spot", SPOT, "/sapi/v1/asset/tradeFee").names(SYMBOL).from(SapiAddress),
    Route::of(Need::Fees, "usdm", USDM, "/fapi/v1/commissionRate").names(SYMBOL).costs(20),
    Route::of(Need::Fees, "coinm", COINM, "/dapi/v1/commissionRate").names(SYMBOL).costs(20),
    Route::of(Need::Fees, "papi-um", PORTFOLIO, "/papi/v1/um/commissionRate").names(SYMBOL).costs(20),
    Route::of(Need::Fees, "papi-cm", PORTFOLIO, "/papi/v1/cm/commissionRate").names(SYMBOL).costs(20),
    // Positions.
    Route::of(Need::Positions, "usdm", USDM, "/fapi/v3/positionRisk").names(SYMBOL).costs(5),
    Route::of(Need::Positions, "usdm-v2", USDM, "/fapi/v2/positionRisk").names(SYMBOL).costs(5),
    Route::of(Need::Positions, "coinm", COINM, "/dapi/v1/positionRisk")
        .names(Names { currency: Some("marginAsset"), ..NOTHING }),
    Route::of(Need::Positions, "papi-um", PORTFOLIO, "/papi/v1/um/positionRisk").names(SYMBOL).costs(5),
    Route::of(Need::Positions, "papi-cm", PORTFOLIO, "/papi/v1/cm/positionRisk")
        .names(Names { currency: Some("marginAsset"), ..NOTHING }),
    // Prices.
    Route::of(Need::Prices, "spot", SPOT, "/api/v3/ticker/24hr").names(SYMBOL).public().costs(80),
    Route::of(Need::Prices, "usdm", USDM, "/fapi/v1/ticker/24hr").names(SYMBOL).public().costs(40),
    Route::of(Need::Prices, "coinm", COINM, "/dapi/v1/ticker/24hr").names(SYMBOL).public().costs(40),
    Route::of(Need::Prices, "spot-last", SPOT, "/api/v3/ticker/price").names(SYMBOL).public().costs(4),
    Route::of(Need::Prices, "usdm-last", USDM, "/fapi/v2/ticker/price").names(SYMBOL).public().costs(2),
    Route::of(Need::Prices, "usdm-v1-last", USDM, "/fapi/v1/ticker/price").names(SYMBOL).public().costs(2),
    Route::of(Need::Prices, "coinm-last", COINM, "/dapi/v1/ticker/price").names(SYMBOL).public().costs(2),
    Route::of(Need::Klines, "spot", SPOT, "/api/v3/klines").names(SYMBOL_SPAN).public().costs(2),
    Route::of(Need::Klines, "usdm", USDM, "/fapi/v1/klines").names(SYMBOL_SPAN).public().costs(10),
    Route::of(Need::Klines, "coinm", COINM, "/dapi/v1/klines").names(SYMBOL_SPAN).public().costs(10),
];

const FIAT_SPAN: Names =
    Names { from: Some("beginTime"), to: Some("endTime"), limit: Some("rows"), ..NOTHING };
const P2P_SPAN: Names =
    Names { from: Some("startTimestamp"), to: Some("endTimestamp"), limit: Some("rows"), ..NOTHING };
