//! Which symbols there are, and of what: public, and the same for all accounts.

use super::{endpoint::EXCHANGE_INFO, wire};
use crate::VenueError;
use ledger::{Asset, Decimal, Instrument, InstrumentKind, Symbol, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// New symbols appear every few days.
const AGE_MS_MAX: i64 = 24 * 3_600_000;

/// The symbols that were ever listed while we looked.
#[derive(Default)]
pub(crate) struct Markets {
    instruments: BTreeMap<Symbol, Instrument>,
    by_pair: BTreeMap<(Asset, Asset), Symbol>,
    assets: BTreeSet<Asset>,
    read_at: Option<Timestamp>,
}

impl Markets {
    /// Whether the list must be read (again).
    pub(crate) fn are_old(&self, now: Timestamp) -> bool {
        self.read_at.is_none_or(|at| now.millis() - at.millis() > AGE_MS_MAX)
    }

    /// Takes in an answer of `exchangeInfo`. What is delisted stays known: its fills are still there.
    pub(crate) fn take(&mut self, body: &[u8], now: Timestamp) -> Result<(), VenueError> {
        let told: wire::ExchangeInfo<'_> = wire::read(EXCHANGE_INFO.path, body)?;
        self.by_pair.clear();
        for market in told.symbols {
            let symbol = Symbol::from(market.symbol.as_str());
            let (base, quote) = (self.asset(&market.base_asset), self.asset(&market.quote_asset));
            self.by_pair.insert((base.clone(), quote.clone()), symbol.clone());
            let (kind, multiplier) = (InstrumentKind::Spot, Decimal::ONE);
            let instrument = Instrument { symbol: symbol.clone(), kind, base, quote, multiplier };
            self.instruments.insert(symbol, instrument);
        }
        self.read_at = Some(now);
        Ok(())
    }

    /// One copy of each name.
    fn asset(&mut self, name: &wire::Text<'_>) -> Asset {
        let asset = Asset::from(name.as_str());
        if let Some(known) = self.assets.get(&asset) {
            return known.clone();
        }
        self.assets.insert(asset.clone());
        asset
    }

    pub(crate) fn instrument(&self, symbol: &Symbol) -> Option<&Instrument> {
        self.instruments.get(symbol)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Instrument> {
        self.instruments.values()
    }

    /// The symbol that trades `base` against `quote` now.
    pub(crate) fn pair(&self, base: &Asset, quote: &Asset) -> Option<&Symbol> {
        self.by_pair.get(&(base.clone(), quote.clone()))
    }

    /// Our name of an asset in a list of balances. `LDBTC` is BTC in Simple Earn, and counts as BTC once, here;
    /// `LDO` is a coin of its own.
    pub(crate) fn own_name(&self, theirs: &str) -> (Asset, bool) {
        let whole = Asset::from(theirs);
        match theirs.strip_prefix("LD").map(Asset::from) {
            Some(inner) if !self.assets.contains(&whole) && self.assets.contains(&inner) => (inner, true),
            _ => (whole, false),
        }
    }
}
