//! The **ExchangeConnector**: what every venue implements. It opens no socket: it says which request comes
//! next and is handed the answer. `transport.rs` carries them.

use crate::request::{Reply, Request};
use ledger::{
    Asset, Day, Decimal, Fill, Instrument, Price, PriceSource, Symbol, Timestamp, Wanted, record::Gap,
};

/// A conversation with one venue about one account.
///
/// The driver starts a task, then alternates `next` and `take` until `next` says `Finished`. `next` repeats
/// the same request until an answer to it was taken, so a failed exchange is retried by asking again.
pub trait ExchangeConnector: Send {
    /// Begins a task. Whatever was unfinished is dropped, but for what a `Collect` that failed has read already: the next one
    /// may go on there. What was collected before stays remembered, so
    /// that a second `Collect` asks only for what is new (with an overlap). A `Collect` counts as received
    /// once it, and each `Price` after it, have finished; otherwise the next one tells it again.
    fn start(&mut self, task: Task);

    /// The next request, signed for the instant `now` (the local clock; the connector adds the venue's offset).
    fn next(&mut self, now: Timestamp) -> Next;

    /// Reads the answer to the last request. On an error nothing was applied.
    fn take(&mut self, reply: &Reply, now: Timestamp) -> Result<Vec<Finding>, VenueError>;

    /// Where the account is nothing answers what was asked last; a test system lacks some calls of its venue. A list is left out
    /// then.
    ///
    /// # Errors
    /// Without an answer nothing goes on.
    fn absent(&mut self, _now: Timestamp) -> Result<Vec<Finding>, Refusal> {
        Err(Refusal::Request { code: 404 })
    }

    /// What was found of other accounts of the same key, before this one's `Collect` asks for anything: moves between
    /// them are told there.
    fn beside(&mut self, _found: &[Finding]) {}

    /// How far the current task is.
    fn progress(&self) -> Progress;

    /// What the next `Collect` would begin with, as bytes for [`resume`](Self::resume): how far everything was read, and
    /// no secret, no list of what the venue trades, and no clock.
    ///
    /// It may be called at any time, and holds what counts as received by then: while a `Collect`, or a `Price` after
    /// it, runs or has failed, that is the state before that `Collect`. So it is to be called when a round was
    /// applied, after the last `Price` said `Finished`, and to be stored in one transaction with what the round told.
    /// Older bytes than what is stored beside them do no harm: they tell again what is known. Newer ones would leave
    /// out what was never stored.
    fn saved(&self) -> Vec<u8>;

    /// Goes on from bytes of [`saved`](Self::saved), of this process or another one. To be called before the first
    /// `Collect`; the account counts as the same if the key is, or if a `CheckKey` told the same id of it before.
    ///
    /// `false`: not in a form that this release reads, damaged, or of another venue or account. Nothing was taken; a
    /// connector begins from nothing then, which is always right and only slower.
    #[must_use]
    fn resume(&mut self, saved: &[u8]) -> bool;
}

/// What the enclave wants from a venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// The venue's time, for which nobody needs a key.
    Time,
    /// Key rights, account id, server time.
    CheckKey,
    /// Instruments, flows, conversions, fills and balances: everything at first, what is new afterwards.
    Collect,
    /// Prices of assets at instants and at the ends of days (METRICS.md section 2.7), as many as there are: what is
    /// known since the last `Collect` is not asked for again, and days and minutes of one symbol share requests.
    Price(Vec<PriceWanted>),
}

/// What the driver should do.
#[derive(Debug)]
pub enum Next {
    /// Send this and hand the answer to `take`.
    Ask(Request),
    /// Nothing to send: this was known already.
    Found(Vec<Finding>),
    /// The task cannot go on: a secret that signs nothing, a window that cannot be passed.
    Failed(Refusal),
    /// The task is done.
    Finished,
}

/// A price that somebody needs: one unit of `asset` in `quote`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PriceWanted {
    /// Which asset.
    pub asset: Asset,
    /// In which other asset.
    pub quote: Asset,
    /// When.
    pub at: PriceAt,
}

/// When a price is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PriceAt {
    /// At an instant: the close of the minute that it lies in, failing that of the hour, then of the day, each of which
    /// is waited for. So a fill has one price, whenever it was first seen, and is told again until then.
    Instant(Timestamp),
    /// The same of what is over already, for who values things now: where the minute has no candle and the hour runs
    /// still, there is no price this way, and nothing is waited for.
    Minute(Timestamp),
    /// At the midnight that ends a day: the close of the day's candle, and of no other.
    EndOf(Day),
}

impl PriceWanted {
    /// What a record wants, in its quote currency: each minute and each day of it.
    pub fn of_record(wanted: &Wanted, quote: &Asset) -> Vec<Self> {
        match wanted {
            Wanted::At { asset, at } => {
                vec![Self { asset: asset.clone(), quote: quote.clone(), at: PriceAt::Minute(*at) }]
            }
            Wanted::Days { asset, from, to } => {
                let days = (from.number()..=to.number()).map(Day::from_number);
                days.map(|day| Self { asset: asset.clone(), quote: quote.clone(), at: PriceAt::EndOf(day) })
                    .collect()
            }
        }
    }
}

/// Something read from the venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// What the key may do.
    Rights(KeyRights),
    /// The venue's own id of the account, and the account types that the key reads.
    Account {
        /// The venue's id. It never leaves the enclave in clear.
        id: String,
        /// `spot` for now.
        types: Vec<&'static str>,
    },
    /// The venue's time, as its answer came.
    VenueTime(Timestamp),
    /// An instrument that fills of this account refer to; always before them.
    Instrument(Instrument),
    /// Fills, in any order, possibly known already. Their rates are empty.
    Fills(Vec<Fill>),
    /// A deposit, withdrawal, dust or other conversion, or a credit.
    Movement(Movement),
    /// Balances at an instant, complete: an asset that is not there is zero.
    Balances {
        /// By the venue's clock.
        at: Timestamp,
        /// Asset, free and locked.
        balances: Vec<Balance>,
    },
    /// Open contracts at an instant, complete: above zero where they are held, below where they are owed.
    Positions {
        /// By the venue's clock.
        at: Timestamp,
        /// By the symbols of fills.
        positions: Vec<(Symbol, Decimal)>,
    },
    /// How far back everything is known, at the end of a collection; the one before does not count any more.
    Reach(Reach),
    /// The collection ends here, so that a part of a long history is kept: the next one goes on. No balances were told.
    More,
    /// Of another of the accounts that the key reads: what is found without this is of [`Venue::account`](crate::Venue::account).
    /// Fills say it themselves.
    Within {
        /// Its name in the books of the record.
        account: &'static str,
        /// What was found.
        finding: Box<Self>,
    },
    /// A wanted price; `None`: the venue has no candle for it (`no_price`). Nothing is told of a wanted price
    /// whose candle has not closed yet: it must be asked for again.
    Price(PriceWanted, Option<(Price, PriceSource)>),
    /// Something that could not be read, for the coverage: `fills of XYZUSDT`, with why.
    Unread {
        /// What.
        what: String,
        /// Why, in the venue's terms but without text of theirs.
        why: &'static str,
    },
}

impl Finding {
    /// Whose it is and what it says, where it is of another account: the innermost one is told.
    pub(crate) fn within(&self) -> Option<(&'static str, &Self)> {
        let Self::Within { account, finding } = self else { return None };
        Some(finding.within().unwrap_or((account, finding)))
    }
}

/// From when on, and with which gaps, fills and movements are complete: what an account's history can be computed
/// from. It says nothing of what the venue has no list for: that shows as a residual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The earliest instant from which every list of the venue is complete.
    pub from: Timestamp,
    /// No list of the venue tells of anything before: `from` is the first sign of life, and what could be older could
    /// only have come from a list that was read further back.
    pub since_opening: bool,
    /// Spans of which a list could not be read, in the order of time.
    pub gaps: Vec<Gap>,
}

/// What the key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRights {
    /// May read.
    pub read: bool,
    /// May trade; `None`: the venue does not tell.
    pub trade: Option<bool>,
    /// May withdraw.
    pub withdraw: Option<bool>,
    /// May transfer between accounts or users.
    pub transfer: Option<bool>,
    /// Bound to addresses.
    pub ip_restricted: Option<bool>,
    /// The sum of it.
    pub verdict: Verdict,
}

impl KeyRights {
    /// Of a key that reads, and of which nobody tells what else it may do.
    pub(crate) const fn untold() -> Self {
        Self {
            read: true,
            trade: None,
            withdraw: None,
            transfer: None,
            ip_restricted: None,
            verdict: Verdict::Undecided,
        }
    }
}

/// The judgement on a key (EXCHANGES.md section 1, rule 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Proved read-only.
    Accept,
    /// Can trade, move or withdraw, or cannot read.
    Refuse,
    /// The venue does not tell.
    Undecided,
}

/// An amount of an asset, free and locked in orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Which asset.
    pub asset: Asset,
    /// Free to use.
    pub free: Decimal,
    /// Locked in orders.
    pub locked: Decimal,
}

/// Something that changed balances and is not a fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The venue's id, unique within `kind`.
    pub id: String,
    /// What it was.
    pub kind: MovementKind,
    /// When it took effect.
    pub time: Timestamp,
    /// What came in, if anything.
    pub received: Option<(Asset, Decimal)>,
    /// What went out, if anything; a withdrawal's includes the network fee.
    pub spent: Option<(Asset, Decimal)>,
    /// A fee within `received` or `spent`, in its own asset, for information.
    pub fee: Option<(Asset, Decimal)>,
    /// The transaction on its chain, or the venue's own name of a transfer between its users: deposits and
    /// withdrawals have one, once it is known.
    pub transaction: Option<String>,
    /// Final, pending or failed; only settled ones count.
    pub status: MovementStatus,
}

/// Kinds of movement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MovementKind {
    /// Coins or money arrived.
    Deposit,
    /// Coins or money left.
    Withdrawal,
    /// Small balances swept into another asset.
    Dust,
    /// One asset converted into another outside the order book.
    Convert,
    /// A credit of the venue that nobody earned: airdrop, bonus, voucher. So is every credit of which the venue does
    /// not say that it is interest: what is not known never counts as profit.
    Distribution,
    /// Income from what is held, which the venue calls so: interest, staking, savings. Spent, it is what borrowing cost, or a
    /// charge that the venue does not explain.
    Interest,
    /// To or from an account of the same venue that is not read.
    Transfer,
    /// Funding of a perpetual contract.
    Funding,
    /// A fee that came back apart from its fill.
    Rebate,
}

/// Whether a movement took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MovementStatus {
    /// It took effect.
    Settled,
    /// Not yet.
    Pending,
    /// It never will.
    Failed,
}

/// How far a task is: `done` of `total` steps known so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Steps done.
    pub done: u32,
    /// Steps known of; may grow while discovery goes on.
    pub total: u32,
}

/// A failed exchange with a venue: the four kinds of EXCHANGES.md section 1, rule 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VenueError {
    /// Network, 5xx, time-out, an answer that was cut off: try again with back-off, at most five times.
    Retry,
    /// Too many requests: everything on this budget waits.
    BackOff {
        /// As told by the venue, if it was.
        retry_after_ms: Option<u64>,
    },
    /// The venue's clock and ours differ: measure again, then repeat once.
    FixClock,
    /// Trying again cannot help.
    Permanent(Refusal),
}

/// Why a venue will not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Unknown key, wrong signature, or rights missing.
    Credentials,
    /// The key is bound to addresses and ours is not among them.
    Address,
    /// The venue does not serve the region of this enclave.
    Region,
    /// The venue did not like the request: our fault.
    Request {
        /// The venue's numeric code, 0 if there was none.
        code: i64,
    },
    /// The answer is not what the venue documents.
    Answer {
        /// The path asked.
        endpoint: &'static str,
        /// The field that is missing or of the wrong type.
        field: &'static str,
    },
}

impl VenueError {
    /// Whether the same request may succeed later.
    pub fn is_transient(self) -> bool {
        !matches!(self, Self::Permanent(_))
    }
}
