//! Contracts as Binance tells them, at two interfaces that are nearly alike: USD-M (`/fapi`), whose contracts settle in
//! dollars, and COIN-M (`/dapi`), whose contracts are worth a sum of dollars and settle in their coin.
//!
//! A key of an account without contracts cannot read there: -2015.

mod account;
mod income;
mod market;
mod positions;
mod routes;
mod trades;

use super::{Answer, Call, params::Params, refusal::Refusal};
use crate::world::contracts::{ContractMarket, Contracts};

pub(super) use routes::ROUTES;

/// What follows the pair in the name of a COIN-M contract without an end.
const PERPETUAL: &str = "_PERP";

/// One of the two interfaces.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wing {
    Usdm,
    Coinm,
}

use Wing::{Coinm, Usdm};

/// A contract at one of them.
#[derive(Clone)]
struct Listed<'a> {
    /// Its place in the world.
    index: usize,
    market: &'a ContractMarket,
    symbol: String,
}

impl Wing {
    /// All contracts listed here.
    fn all<'a>(self, contracts: &'a Contracts) -> Vec<Listed<'a>> {
        let all = contracts.markets.iter().enumerate();
        let here = all.filter(|(_, market)| market.inverse == (self == Coinm));
        here.map(|(index, market)| Listed { index, market, symbol: symbol(market) }).collect()
    }

    /// The contract that `symbol` names, or all of them without it.
    fn wanted<'a>(self, call: &Call<'a>) -> Result<Vec<Listed<'a>>, Refusal> {
        let Some(symbol) = call.params.symbol("symbol")? else {
            return Ok(call
                .world
                .contracts
                .as_ref()
                .map(|contracts| self.all(contracts))
                .unwrap_or_default());
        };
        self.named(call, symbol).map(|listed| vec![listed])
    }

    fn named<'a>(self, call: &Call<'a>, symbol: &str) -> Result<Listed<'a>, Refusal> {
        let plain = if self == Coinm { symbol.strip_suffix(PERPETUAL) } else { Some(symbol) };
        let contracts = call.world.contracts.as_ref();
        let found = plain.and_then(|plain| contracts?.market(plain));
        let (index, market) =
            found.filter(|(_, market)| market.inverse == (self == Coinm)).ok_or_else(Refusal::symbol)?;
        Ok(Listed { index, market, symbol: symbol.to_owned() })
    }

    /// The contract that `symbol` must name.
    fn required<'a>(self, call: &Call<'a>) -> Result<Listed<'a>, Refusal> {
        let symbol = call.params.symbol("symbol")?.ok_or_else(|| Refusal::missing("symbol"))?;
        self.named(call, symbol)
    }

    /// The coins of its wallets.
    const fn settles(self) -> &'static [&'static str] {
        match self {
            Usdm => &["USDT"],
            Coinm => &["BTC"],
        }
    }
}

/// What this venue calls a contract.
fn symbol(market: &ContractMarket) -> String {
    if market.inverse { format!("{}{PERPETUAL}", market.symbol) } else { market.symbol.to_owned() }
}

/// The account's contracts.
fn contracts<'a>(call: &Call<'a>) -> Result<&'a Contracts, Refusal> {
    call.world.contracts.as_ref().ok_or_else(Refusal::key)
}

/// How many rows: unlike elsewhere, more than the most are refused.
fn limit(params: &Params, default: usize, most: usize) -> Result<usize, Refusal> {
    match params.integer("limit")? {
        Some(limit) if usize::try_from(limit).is_ok_and(|limit| limit > most) => Err(Refusal::value("limit")),
        _ => params.limit("limit", default, most),
    }
}

/// Rows as text.
fn list(rows: Vec<serde_json::Value>) -> Answer {
    Ok(serde_json::Value::from(rows).to_string())
}
