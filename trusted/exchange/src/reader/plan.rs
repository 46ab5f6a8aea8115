//! What a venue is, as far as the reader must know: which lists it has, how they are told, and what their rows come to.

use super::Markets;
use crate::{
    Booking, Dialect, Execution, Finding, Need, Question, Reply, VenueError,
    prices::{Candles, Depth},
};
use ledger::{Asset, Timestamp};
use protocol::Credentials;

/// A list that a venue tells by spans of time, as long as one likes, and keeps for ever.
#[derive(Debug)]
pub(crate) struct List {
    /// As the coverage calls it. It is part of what is saved: it never changes.
    pub(crate) name: &'static str,
    /// What it tells.
    pub(crate) need: Need,
    /// Of which account, in the dialect's words.
    pub(crate) market: &'static str,
    /// Parameters that every question has.
    pub(crate) with: &'static [(&'static str, &'static str)],
    /// The venue's beginning, or that of the list.
    pub(crate) since_ms: i64,
    /// Rows are indexed late: so much is read again.
    pub(crate) overlap_ms: i64,
    /// How a span is told that has more rows than fit an answer.
    pub(crate) paging: Paging,
}

/// How one goes on: by how many rows are to be left out. The span's end stays, so that new rows shift nothing out of sight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paging {
    /// The parameter that says so.
    pub(crate) offset: &'static str,
    /// Rows of a full page.
    pub(crate) rows: usize,
}

/// Everything that a round read.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) fills: Vec<Execution>,
    pub(crate) bookings: Vec<Booking>,
}

/// What rows come to.
#[derive(Debug, Default)]
pub(crate) struct Digest {
    /// Instruments before their fills, then movements and what could not be read.
    pub(crate) findings: Vec<Finding>,
    /// When the earliest thing was that cannot be told yet: the next round reads from there.
    pub(crate) held_since: Option<Timestamp>,
}

impl Digest {
    /// Something of then cannot be told yet.
    pub(crate) fn hold(&mut self, since: Timestamp) {
        self.held_since = Some(self.held_since.map_or(since, |held| held.min(since)));
    }
}

/// A venue.
pub(crate) trait Plan: Send + Sync {
    /// How it speaks.
    fn dialect(&self) -> &'static dyn Dialect;

    /// The venue and the version of what is saved of its accounts.
    fn saved_head(&self) -> &'static [u8];

    /// What asks for its time.
    fn time(&self) -> Question<'static>;

    /// What asks for the rights of the key.
    fn rights(&self) -> Question<'static>;

    /// The venue's own id of the account, as the answer to the rights tells it.
    ///
    /// # Errors
    /// It is not as documented.
    fn account_id(&self, rights: &Reply, key: &Credentials) -> Result<String, VenueError>;

    /// Which of its accounts are read.
    fn account_types(&self) -> &'static [&'static str];

    /// What asks for all that it lists.
    fn listings(&self) -> Question<'static>;

    /// What asks for all that is held.
    fn balances(&self) -> Question<'static>;

    /// What changed it.
    fn lists(&self) -> &'static [List];

    /// What asks for candles.
    fn candles(&self, asked: &Candles) -> Question<'static>;

    /// How far candles reach.
    fn depth(&self) -> Depth;

    /// Our name of an asset in a wallet: some venues hold one asset under several.
    fn own_asset(&self, asset: Asset) -> Asset {
        asset
    }

    /// What the rows of a round come to, at an instant of the venue.
    fn digest(&self, rows: Rows, markets: &Markets, now: Timestamp) -> Digest;
}
