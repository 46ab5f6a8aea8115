//! What a venue lists: the instruments that its answers name.

use ledger::{Asset, Decimal, Timestamp};
use std::collections::BTreeMap;

/// Where something is traded: a venue may use one name on both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Board {
    /// Coins against coins or money.
    Spot,
    /// Contracts: perpetuals, futures, options.
    Contract,
}

/// An instrument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The venue's name.
    pub id: String,
    /// Where.
    pub board: Board,
    /// What is bought and sold.
    pub base: Asset,
    /// What prices are in.
    pub quote: Asset,
    /// What contracts settle in; `None` on spot.
    pub settle: Option<Asset>,
    /// How much of base (linear) or quote (inverse) one contract stands for; 1 on spot.
    pub contract_size: Decimal,
    /// Settles in what it is about.
    pub inverse: bool,
    /// When it ends; `None`: never, or it is no contract.
    pub expires: Option<Timestamp>,
}

/// All that are known.
#[derive(Clone, Debug, Default)]
pub struct Listings(BTreeMap<(String, Board), Listing>);

impl Listings {
    /// These.
    pub fn new(listings: impl IntoIterator<Item = Listing>) -> Self {
        Self(listings.into_iter().map(|listing| ((listing.id.clone(), listing.board), listing)).collect())
    }

    /// The instrument of that name on a board.
    pub fn find(&self, id: &str, board: Board) -> Option<&Listing> {
        self.0.get(&(id.to_owned(), board))
    }

    /// All of a board, by their names.
    pub fn on(&self, board: Board) -> impl Iterator<Item = &Listing> {
        self.0.values().filter(move |listing| listing.board == board)
    }
}
