//! Which symbols there are, and of what: public, and the same for all accounts, which share one list.

use super::{asked::Marks, endpoint::EXCHANGE_INFO, wire};
use crate::{VenueError, prices::Pairs};
use ledger::{Asset, Decimal, Instrument, InstrumentKind, Symbol, Timestamp};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

/// New symbols appear every few days.
const AGE_MS_MAX: u64 = 24 * 3_600_000;

/// The symbols that the venue lists. What it lists no more is forgotten here; who has fills of it knows its assets.
pub(crate) struct Markets {
    instruments: BTreeMap<Symbol, Instrument>,
    by_pair: BTreeMap<(Asset, Asset), Symbol>,
    assets: BTreeSet<Asset>,
    marks: Marks,
    read_at: Option<Timestamp>,
}

impl Default for Markets {
    fn default() -> Self {
        Self {
            instruments: BTreeMap::new(),
            by_pair: BTreeMap::new(),
            assets: BTreeSet::new(),
            marks: Marks::of(core::iter::empty()),
            read_at: None,
        }
    }
}

impl Markets {
    /// Whether the list must be read (again). One from the future was read with a clock that was wrong.
    pub(crate) fn are_old(&self, now: Timestamp) -> bool {
        self.read_at.is_none_or(|at| now.millis().abs_diff(at.millis()) > AGE_MS_MAX)
    }

    /// Reads an answer of `exchangeInfo`.
    pub(crate) fn read(body: &[u8], now: Timestamp) -> Result<Self, VenueError> {
        let told: wire::ExchangeInfo<'_> = wire::read(EXCHANGE_INFO.path, body)?;
        let mut markets = Self::default();
        for market in told.symbols {
            let symbol = Symbol::from(market.symbol.as_str());
            let (base, quote) = (markets.asset(&market.base_asset), markets.asset(&market.quote_asset));
            markets.by_pair.insert((base.clone(), quote.clone()), symbol.clone());
            markets.instruments.insert(symbol.clone(), spot(symbol, base, quote));
        }
        markets.marks = Marks::of(markets.instruments.keys());
        markets.read_at = Some(now);
        Ok(markets)
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

    /// What tells this list from another.
    pub(crate) fn marks(&self) -> &Marks {
        &self.marks
    }

    /// Our name of an asset in a list of balances. `LDBTC` is BTC in Simple Earn, and counts as BTC once, here;
    /// `LDO` is a coin of its own. What was `in_earn` before stays so when it is not listed any more.
    pub(crate) fn own_name(&self, theirs: &str, in_earn: &BTreeSet<Asset>) -> (Asset, bool) {
        let whole = Asset::from(theirs);
        let known = |inner: &Asset| self.assets.contains(inner) || in_earn.contains(inner);
        match theirs.strip_prefix("LD").map(Asset::from) {
            Some(inner) if !self.assets.contains(&whole) && known(&inner) => (inner, true),
            _ => (whole, false),
        }
    }
}

impl Pairs for Markets {
    fn pair(&self, base: &Asset, quote: &Asset) -> Option<&Symbol> {
        self.by_pair.get(&(base.clone(), quote.clone()))
    }
}

/// What is traded under a symbol of the spot market.
pub(crate) fn spot(symbol: Symbol, base: Asset, quote: Asset) -> Instrument {
    Instrument { symbol, kind: InstrumentKind::Spot, base, quote, multiplier: Decimal::ONE }
}

/// The list that the connectors of a process share. Each holds the one that it works with until that is old, and
/// then looks here before it asks the venue.
#[derive(Default)]
pub(crate) struct Listed(Mutex<Arc<Markets>>);

impl Listed {
    pub(crate) fn current(&self) -> Arc<Markets> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn renew(&self, markets: Markets) -> Arc<Markets> {
        let markets = Arc::new(markets);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&markets);
        markets
    }
}
