//! What a venue lists: public, and the same for all accounts, which share one list.

use crate::{Board, Listing, Listings, prices::Pairs};
use ledger::{Asset, Decimal, Instrument, InstrumentKind, Symbol, Timestamp};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// New symbols appear every few days.
const AGE_MS_MAX: u64 = 24 * 3_600_000;

/// What the venue lists.
#[derive(Default)]
pub(crate) struct Markets {
    listings: Listings,
    by_pair: BTreeMap<(Asset, Asset), Symbol>,
    read_at: Option<Timestamp>,
}

impl Markets {
    /// These, as they were read at an instant; perpetual contracts stand in for pairs that there are not, if that is wanted.
    pub(crate) fn new(listings: Vec<Listing>, with_contracts: bool, read_at: Timestamp) -> Self {
        let stands_in = |listing: &&Listing| {
            let Listing { quote, settle, inverse, expires, .. } = listing;
            with_contracts && settle.as_ref() == Some(quote) && !inverse && expires.is_none()
        };
        let contracts = listings.iter().filter(stands_in);
        let spot = listings.iter().filter(|listing| listing.board == Board::Spot);
        // Where both are there, the last one counts.
        let by_pair = contracts
            .chain(spot)
            .map(|Listing { id, base, quote, .. }| ((base.clone(), quote.clone()), id.as_str().into()));
        Self { by_pair: by_pair.collect(), listings: Listings::new(listings), read_at: Some(read_at) }
    }

    /// Whether the list must be read (again). One from the future was read with a clock that was wrong.
    pub(crate) fn are_old(&self, now: Timestamp) -> bool {
        self.read_at.is_none_or(|at| now.millis().abs_diff(at.millis()) > AGE_MS_MAX)
    }

    pub(crate) fn listings(&self) -> &Listings {
        &self.listings
    }
}

/// Our name of an instrument, the same at every venue: `BTC/USDT`, `BTC/USDT:USDT` of a perpetual contract, and with the day on
/// which it ends of one that does, `BTC/USDT:USDT-261225`.
pub(crate) fn symbol(listing: &Listing) -> Symbol {
    let Listing { base, quote, settle, expires, .. } = listing;
    let mut name = format!("{}/{}", base.as_str(), quote.as_str());
    if let Some(settle) = settle {
        name.push(':');
        name.push_str(settle.as_str());
    }
    if let Some(at) = expires {
        let day = protocol::rfc3339(*at);
        name.push('-');
        name.extend(day.chars().take(10).skip(2).filter(char::is_ascii_digit));
    }
    Symbol::from(name.as_str())
}

/// An instrument as the ledger knows it. `None`: its size is no number that a ledger takes.
pub(crate) fn instrument(listing: &Listing) -> Option<Instrument> {
    let Listing { board, base, quote, settle, contract_size, inverse, .. } = listing;
    let (kind, multiplier) = match board {
        Board::Spot => (InstrumentKind::Spot, Decimal::ONE),
        Board::Contract if *inverse => (InstrumentKind::Inverse, *contract_size),
        Board::Contract => (InstrumentKind::Linear, *contract_size),
    };
    // What a linear contract pays in counts as what it is quoted in.
    let quote = settle.as_ref().filter(|_| kind == InstrumentKind::Linear).unwrap_or(quote);
    let (base, quote) = (base.clone(), quote.clone());
    multiplier.is_positive().then(|| Instrument { symbol: symbol(listing), kind, base, quote, multiplier })
}

impl Pairs for Markets {
    fn pair(&self, base: &Asset, quote: &Asset) -> Option<&Symbol> {
        self.by_pair.get(&(base.clone(), quote.clone()))
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contract_tells_a_price_only_where_no_pair_does() {
        let listing = |id: &str, base: &str, board| Listing {
            id: id.to_owned(),
            board,
            base: base.into(),
            quote: "USDC".into(),
            settle: (board == Board::Contract).then(|| "USDC".into()),
            contract_size: Decimal::ONE,
            inverse: false,
            expires: None,
        };
        let all = || {
            let ending = Listing {
                expires: Some(Timestamp::from_millis(1)),
                ..listing("SOL-1", "SOL", Board::Contract)
            };
            vec![
                listing("@1", "ETH", Board::Spot),
                listing("ETH", "ETH", Board::Contract),
                listing("BTC", "BTC", Board::Contract),
                ending,
            ]
        };
        let told = |with_contracts, base: &str| {
            let markets = Markets::new(all(), with_contracts, Timestamp::from_millis(0));
            markets.pair(&base.into(), &"USDC".into()).map(ToString::to_string)
        };
        assert_eq!([told(true, "ETH"), told(true, "BTC")], [Some("@1".to_owned()), Some("BTC".to_owned())]);
        assert_eq!([told(false, "BTC"), told(true, "SOL")], [None, None], "not asked for, or not for ever");
    }
}
