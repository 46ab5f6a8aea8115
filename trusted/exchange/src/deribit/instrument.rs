//! What a name says of an instrument: `BTC_USDT` is traded on spot; `BTC-PERPETUAL` and `BTC-27SEP24` are inverse,
//! `BTC_USDC-PERPETUAL` linear; `BTC-27SEP24-40000-C` is an option.

use crate::{Board, Listings};

/// Kinds of instruments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Spot,
    Perpetual,
    Future,
    Option,
}

pub(super) fn kind(name: &str) -> Kind {
    match name.rsplit_once('-') {
        None => Kind::Spot,
        Some((_, "PERPETUAL")) => Kind::Perpetual,
        Some((rest, "C" | "P")) if rest.contains('-') => Kind::Option,
        Some(_) => Kind::Future,
    }
}

pub(super) fn board(name: &str) -> Board {
    if kind(name) == Kind::Spot { Board::Spot } else { Board::Contract }
}

/// Whether its amounts are of dollars, and what it settles in is what it is about. Never on spot.
pub(super) fn is_inverse(name: &str, listings: &Listings) -> bool {
    let by_name = !name.contains('_');
    match kind(name) {
        Kind::Spot | Kind::Option => false,
        Kind::Perpetual | Kind::Future => {
            listings.find(name, Board::Contract).map_or(by_name, |listing| listing.inverse)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_what_it_is() {
        for (name, expected, inverse) in [
            ("BTC_USDT", Kind::Spot, false),
            ("BTC-PERPETUAL", Kind::Perpetual, true),
            ("SOL_USDC-PERPETUAL", Kind::Perpetual, false),
            ("ETH-27SEP24", Kind::Future, true),
            ("ETH-FS-27SEP24_PERP", Kind::Future, false),
            ("BTC-27SEP24-40000-C", Kind::Option, false),
            ("XRP_USDC-30JUN23-0d625-P", Kind::Option, false),
        ] {
            assert_eq!((kind(name), is_inverse(name, &Listings::default())), (expected, inverse), "{name}");
        }
    }
}
