//! What a venue is, as far as the reader must know: which lists it has, how they are told, and what their rows come to.

use super::{Digest, Markets, Rows};
use crate::{
    Dialect, Holding, Need, Question, Reply, VenueError,
    prices::{Candles, Depth},
};
use ledger::{Asset, Timestamp};
use protocol::Credentials;
use std::collections::BTreeSet;

/// A list that a venue tells by spans of time.
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
    /// Whether it is told as a whole, or of one thing at a time.
    pub(crate) each: Each,
    /// The venue's beginning, or that of the list.
    pub(crate) since_ms: i64,
    /// How long the venue keeps its rows, a little less than it says; `None`: for ever.
    pub(crate) kept_ms: Option<i64>,
    /// The longest span that one question may ask for; `None`: any.
    pub(crate) window_ms: Option<i64>,
    /// Rows are indexed late: so much is read again.
    pub(crate) overlap_ms: i64,
    /// How a span is told that has more rows than fit an answer.
    pub(crate) paging: Paging,
    /// Keys that read balances may be denied it: then it is not told, and that is said. Else such a key is of no use.
    pub(crate) may_be_denied: bool,
}

/// What a list is asked for at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Each {
    /// Everything.
    All,
    /// An instrument, by the venue's name: [`Plan::subjects`] says which.
    Symbol,
    /// What stands for the braces in the path, such as the venue's id of a wallet.
    Segment,
}

/// How one goes on within a window.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Paging {
    /// By how many rows are to be left out. The window's end stays, so that new rows shift nothing out of sight.
    Offset {
        /// The parameter that says so.
        parameter: &'static str,
        /// Rows of a full page.
        rows: usize,
    },
    /// By the number of the page; the window's end stays, so that new rows shift nothing out of sight.
    Numbered {
        /// The parameter that says so.
        parameter: &'static str,
        /// Rows of a full page.
        rows: usize,
    },
    /// As [`Dialect::next_page`] says, until it says nothing.
    Cursor {
        /// Rows that are asked for.
        rows: usize,
    },
    /// As [`Dialect::next_page`] says, from the newest row back, until one is older than what is wanted: a list that knows no times.
    Back {
        /// Rows that are asked for.
        rows: usize,
    },
    /// From a time on that [`Dialect::next_page`] says, in milliseconds: of the last row of a full page, inclusive. A page that
    /// is full of rows of one instant cannot be passed.
    Forward {
        /// Rows that are asked for.
        rows: usize,
        /// There are no more than so many rows, the newest; `None`: all.
        newest: Option<usize>,
    },
}

impl Paging {
    /// Rows that are asked for.
    pub(crate) const fn rows(self) -> usize {
        let (Self::Offset { rows, .. }
        | Self::Numbered { rows, .. }
        | Self::Cursor { rows }
        | Self::Back { rows }
        | Self::Forward { rows, .. }) = self;
        rows
    }
}

impl List {
    /// From when on it is told at an instant.
    pub(crate) fn begin_ms(&self, now: Timestamp) -> i64 {
        let kept = self.kept_ms.map_or(i64::MIN, |kept_ms| now.millis().saturating_sub(kept_ms));
        self.since_ms.max(kept)
    }
}

/// A venue, or one account of it.
pub(crate) trait Plan: Send + Sync {
    /// The name of the account in the books of its record.
    fn account(&self) -> &'static str;

    /// How it speaks.
    fn dialect(&self) -> &'static dyn Dialect;

    /// The venue and the version of what is saved of its accounts.
    fn saved_head(&self) -> &'static [u8];

    /// What asks for its time.
    fn time(&self) -> Question<'static>;

    /// The steps of its clock, milliseconds.
    fn time_step_ms(&self) -> i64 {
        1
    }

    /// What asks for the rights of the key.
    fn rights(&self) -> Question<'static>;

    /// The venue's own id of the account, as the answer to the rights tells it.
    ///
    /// # Errors
    /// It is not as documented.
    fn account_id(&self, rights: &Reply, key: &Credentials) -> Result<String, VenueError>;

    /// Whose lists they are, for rows that name both sides of a transfer and not which of them asked; `None`: no row does.
    fn whose<'a>(&self, _key: &'a Credentials) -> Option<&'a str> {
        None
    }

    /// Which of its accounts are read.
    fn account_types(&self) -> &'static [&'static str];

    /// What asks for the accounts below this one, which need keys of their own; `None`: the venue has none.
    fn inventory(&self) -> Option<Question<'static>> {
        None
    }

    /// What asks for all that it lists, one after the other, each page by page.
    fn listings(&self) -> Vec<Question<'static>>;

    /// What asks for all that is held, one after the other, each page by page: the sum of the answers counts.
    fn balances(&self) -> Vec<Question<'static>>;

    /// What asks for open contracts, one after the other, each page by page.
    fn positions(&self) -> Vec<Question<'static>> {
        Vec::new()
    }

    /// What changed it. Lists of one thing at a time stand behind those that tell which things there are.
    fn lists(&self) -> &'static [List];

    /// Which things a list is to be asked for, beside those that it was asked for before.
    fn subjects(&self, _list: &List, _told: &Told<'_>) -> BTreeSet<String> {
        BTreeSet::new()
    }

    /// Whether another list tells what a thing came to of which the venue lists nothing any more.
    fn is_told_otherwise(&self, _subject: &str, _markets: &Markets) -> bool {
        false
    }

    /// The span of time that is read of all lists before the next one is, so that a long history is kept in parts. Where lists have
    /// no windows it is the shortest one: a slice is halved while it is long. `None`: lists are read to their ends one after the
    /// other, and parts end between two things or, where pages go on by time, behind any page.
    fn slice_ms(&self) -> Option<i64> {
        None
    }

    /// Whether it is a wallet beside the account of the key, of which nothing is told while it never held anything: an empty
    /// wallet says nothing of how far back the others are known.
    fn is_beside(&self) -> bool {
        false
    }

    /// What asks for candles.
    fn candles(&self, asked: &Candles) -> Question<'static>;

    /// Whether a perpetual contract tells the price of its coin where no pair does. Candles are asked for by the names of both.
    fn is_priced_by_contracts(&self) -> bool {
        false
    }

    /// How far candles reach.
    fn depth(&self) -> Depth;

    /// Our name of an asset in a wallet: some venues hold one asset under several.
    fn own_asset(&self, asset: Asset) -> Asset {
        asset
    }

    /// What the rows of a round come to, at an instant of the venue.
    fn digest(&self, rows: Rows, markets: &Markets, now: Timestamp) -> Digest;
}

/// What was told in a round so far.
pub(crate) struct Told<'a> {
    pub(crate) rows: &'a Rows,
    pub(crate) holdings: &'a [Holding],
    /// The venue's names of wallets, where its dialect tells them.
    pub(crate) wallets: &'a BTreeSet<String>,
    /// What moved from or to accounts that tell it themselves.
    pub(crate) came: &'a BTreeSet<Asset>,
    pub(crate) markets: &'a Markets,
}
