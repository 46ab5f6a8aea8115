//! The connector of every venue that tells its lists by spans of time: what a venue is stands in its [`Plan`], how it speaks in
//! its dialect, and here what is asked next.
//!
//! ```text
//! balances ─► each list, page by page ─► balances ─► Plan::digest ─► findings
//! ```
//!
//! What a round read is handed on when all of it is there: a venue may tell a fill in one list and what it cost in another.
//! Rows that were read before are told again within the overlap; the ledger knows them.
//!
//! Not here: sockets, waiting, retries (`transport`). Time and answers come as arguments.

mod plan;
mod rows;
mod telling;
mod walk;
mod known;
mod markets;
mod held;
mod collect;

pub(crate) use markets::{Listed, Markets, instrument, symbol};
pub(crate) use plan::{Each, List, Paging, Plan, Told};
pub(crate) use rows::{Digest, Rows};
pub(crate) use telling::{Telling, empty};

use crate::{
    Asked, ExchangeConnector, Finding, Kline, Listing, Moment, Next, Progress, Question, Refusal, Reply,
    Request, Said, Task, VenueError,
    offset::Offset,
    prices::{Candle, Closes, Pricing, earliest, length_ms},
    saved::{self, Owner, short_hash},
};
use collect::{Collect, Desk};
use known::Known;
use ledger::{Interval, Price, Timestamp};
use protocol::Credentials;
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use walk::{Asking, Cursor, Subject};

/// Accounts below one change rarely.
pub(crate) const INVENTORY_MS: i64 = 24 * 3_600_000;

/// The connector of one account.
pub(crate) struct Reader {
    plan: &'static dyn Plan,
    key: Credentials,
    owner: Owner,
    offset: Offset,
    listed: Arc<Listed>,
    /// The list that is worked with.
    markets: Arc<Markets>,
    /// A new list, as far as it was read.
    listing: Option<(Asking, Vec<Listing>)>,
    /// When it was asked for accounts below this one, and how many there are; `None`: the venue refused to tell.
    inventory: Option<(Timestamp, Option<usize>)>,
    closes: Closes,
    /// As of the last round that was received whole, and as of the round under way.
    received: Known,
    known: Known,
    /// Whether `known` was received.
    whole: bool,
    job: Job,
    asked: Option<Ask>,
    /// Where the last request went.
    path: &'static str,
    /// The stamp of the last request, milliseconds: those of some venues must rise.
    stamped_ms: i64,
}

enum Job {
    Idle,
    Time,
    Rights,
    Collect(Box<Collect>),
    Price { pricing: Pricing, whole_before: bool },
}

/// What was asked.
#[derive(Clone)]
struct Ask {
    due: Due,
    question: Question<'static>,
    subject: Subject,
}

impl Ask {
    fn of(due: Due, question: Question<'static>) -> Self {
        Self { due, question, subject: None }
    }

    /// The question, with the thing that it is about.
    fn whole(&self) -> Question<'_> {
        let mut question: Question<'_> = self.question.clone();
        match &self.subject {
            Some((Each::Symbol, name)) => question.symbol = Some(name),
            Some((Each::Segment, name)) => question.segment = Some(name),
            Some((Each::All, _)) | None => {}
        }
        question
    }
}

/// What the next answer belongs to.
#[derive(Clone, Copy)]
enum Due {
    Time { sent: Timestamp },
    Markets,
    Rights,
    Inventory,
    Collect,
    Candles(Interval),
}

impl Reader {
    pub(crate) fn new(plan: &'static dyn Plan, key: Credentials, listed: Arc<Listed>) -> Self {
        let key_hash = short_hash(key.api_key.expose().as_bytes());
        Self {
            plan,
            key,
            owner: Owner { key_hash, account_hash: None },
            offset: Offset::default(),
            markets: listed.current(),
            listed,
            listing: None,
            inventory: None,
            closes: Closes::default(),
            received: Known::default(),
            known: Known::default(),
            whole: true,
            job: Job::Idle,
            asked: None,
            path: "",
            stamped_ms: 0,
        }
    }

    /// Whether what is held is asked for, before anything else.
    fn is_opening(&self) -> bool {
        matches!(&self.job, Job::Collect(collect) if collect.is_opening())
    }

    /// The stamp and the nonce of the next request: nobody has to guess them, none may come twice.
    fn moment(&mut self, at: Timestamp) -> Moment {
        self.stamped_ms = at.millis().max(self.stamped_ms.saturating_add(1));
        let mut hash = Sha256::new();
        for part in [self.owner.key_hash, self.stamped_ms.cast_unsigned()] {
            hash.update(part.to_be_bytes());
        }
        let hash: [u8; 32] = hash.finalize().into();
        let random = hash.first_chunk().copied().unwrap_or_default();
        Moment { at: Timestamp::from_millis(self.stamped_ms), random }
    }

    fn request(&mut self, question: &Question<'_>, venue_now: Timestamp) -> Result<Request, Refusal> {
        let moment = self.moment(venue_now);
        let request = self.plan.dialect().ask(question, &self.key, moment)?;
        self.path = request.path;
        Ok(request)
    }

    /// The task is done.
    fn finish(&mut self) -> Next {
        match &self.job {
            Job::Collect(_) => self.whole = true,
            Job::Price { pricing, whole_before } => {
                self.whole = *whole_before;
                // Of all that were asked since the last collection.
                self.known.owed_since_ms = earliest(self.known.owed_since_ms, pricing.owed_since_ms);
            }
            Job::Idle | Job::Time | Job::Rights => {}
        }
        self.job = Job::Idle;
        Next::Finished
    }

    /// What is due.
    fn due(&mut self, now: Timestamp, venue_now: Timestamp) -> Option<Ask> {
        let plan = self.plan;
        let old = self.offset.is_old(now);
        if old && !matches!(self.job, Job::Idle) {
            return Some(Ask::of(Due::Time { sent: now }, plan.time()));
        }
        match &mut self.job {
            Job::Idle | Job::Time => None,
            Job::Rights => Some(Ask::of(Due::Rights, plan.rights())),
            Job::Collect(_) | Job::Price { .. } if self.markets.are_old(venue_now) => {
                let (asking, _) =
                    self.listing.get_or_insert_with(|| (Asking::of(plan.listings()), Vec::new()));
                Some(Ask::of(Due::Markets, asking.question()?))
            }
            Job::Collect(collect) => {
                let (question, subject) = collect.next()?;
                let is_old = |(at, _): (Timestamp, _)| venue_now.millis() - at.millis() >= INVENTORY_MS;
                match plan.inventory() {
                    Some(question) if collect.is_under_way() && self.inventory.is_none_or(is_old) => {
                        Some(Ask::of(Due::Inventory, question))
                    }
                    _ => Some(Ask { due: Due::Collect, question, subject }),
                }
            }
            Job::Price { pricing, .. } => {
                let candles = pricing.next(&*self.markets, &self.closes, venue_now)?;
                Some(Ask::of(Due::Candles(candles.interval), plan.candles(&candles)))
            }
        }
    }

    /// What an answer belongs to.
    fn asked<'a>(&'a self, question: &Question<'a>) -> Asked<'a> {
        let Question { need, market, symbol, currency, .. } = *question;
        Asked { need, market, path: self.path, symbol, currency, account: self.plan.whose(&self.key) }
    }

    /// What an answer says, and what asks for the page behind it.
    fn read(
        &self,
        question: &Question<'_>,
        reply: &Reply,
        paged: bool,
    ) -> Result<(Said, Cursor), VenueError> {
        let (asked, dialect) = (self.asked(question), self.plan.dialect());
        let next = if paged { dialect.next_page(asked, reply)? } else { None };
        Ok((dialect.read(asked, reply, self.markets.listings())?, next))
    }

    fn take_time(
        &mut self,
        told: &Said,
        sent: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Finding>, VenueError> {
        let Said::Time(venue) = *told else { return Err(VenueError::Retry) };
        self.offset.measure(venue, self.plan.time_step_ms(), sent, now);
        Ok(vec![Finding::VenueTime(venue)])
    }

    fn take_rights(&mut self, told: &Said, reply: &Reply) -> Result<Vec<Finding>, VenueError> {
        let Said::Rights(rights) = *told else { return Err(VenueError::Retry) };
        let id = self.plan.account_id(reply, &self.key)?;
        self.owner.account_hash = Some(short_hash(id.as_bytes()));
        self.job = Job::Idle;
        let types = self.plan.account_types().to_vec();
        Ok(vec![Finding::Rights(rights), Finding::Account { id, types }])
    }

    /// Takes the candles of an answer; `None`: the venue does not know the symbol.
    fn take_candles(
        &mut self,
        told: Option<Said>,
        interval: Interval,
        venue_now: Timestamp,
    ) -> Result<Vec<Finding>, VenueError> {
        let candle = |row: Kline| {
            let open_ms = row.open_at.millis();
            let is_closed = open_ms.saturating_add(length_ms(interval)) <= venue_now.millis();
            Candle { open_ms, is_closed, close: Price(row.close) }
        };
        let candles = match told {
            None => None,
            Some(Said::Klines(rows)) => Some(rows.into_iter().map(candle).collect()),
            Some(_) => return Err(VenueError::Retry),
        };
        if let Job::Price { pricing, .. } = &mut self.job {
            pricing.take(&mut self.closes, candles, venue_now);
        }
        Ok(Vec::new())
    }

    fn take_listings(
        &mut self,
        rows: Vec<Listing>,
        next: Cursor,
        venue_now: Timestamp,
    ) -> Result<(), VenueError> {
        let Some((asking, mut all)) = self.listing.take() else { return Ok(()) };
        let mut asking = asking;
        all.extend(rows);
        if asking.took(next).map_err(VenueError::Permanent)? {
            self.markets =
                self.listed.renew(Markets::new(all, self.plan.is_priced_by_contracts(), venue_now));
        } else {
            self.listing = Some((asking, all));
        }
        Ok(())
    }

    fn take_collected(
        &mut self,
        told: Option<(Said, Cursor)>,
        wallets: Vec<String>,
        venue_now: Timestamp,
    ) -> Result<Vec<Finding>, VenueError> {
        let Job::Collect(collect) = &mut self.job else { return Ok(Vec::new()) };
        let (said, next) = told.map_or((None, None), |(said, next)| (Some(said), next));
        let (plan, markets) = (self.plan, &*self.markets);
        let desk = Desk { plan, known: &mut self.known, markets, wallets, now: venue_now };
        let mut findings = collect.take(desk, said, next)?;
        if !findings.is_empty() {
            findings.extend(self.inventory.and_then(|(_, count)| below(count)));
        }
        Ok(findings)
    }

    fn take_due(
        &mut self,
        ask: &Ask,
        answer: Result<&Reply, VenueError>,
        now: Timestamp,
    ) -> Result<Vec<Finding>, VenueError> {
        let venue_now = self.offset.venue_time(now);
        // What a venue refuses to tell is a part of what it says; not so of time, rights, instruments and balances.
        let may_be_denied = matches!(&self.job, Job::Collect(collect) if collect.may_be_denied());
        // An account that cannot be read at all is none.
        let is_opening = self.is_opening();
        let may_refuse = |refusal| match (ask.due, refusal) {
            (Due::Collect, Refusal::Request { .. }) => !is_opening,
            (Due::Collect, Refusal::Credentials) => may_be_denied,
            (Due::Inventory, _) => true,
            (Due::Candles(_), refusal) => matches!(refusal, Refusal::Request { .. }),
            _ => false,
        };
        let paged = matches!(ask.due, Due::Collect | Due::Markets);
        let told = match answer {
            Err(VenueError::Permanent(refusal)) if may_refuse(refusal) => None,
            answer => Some(self.read(&ask.whole(), answer?, paged)?),
        };
        match (ask.due, told) {
            (Due::Time { sent }, Some((told, _))) => self.take_time(&told, sent, now),
            (Due::Rights, Some((told, _))) => self.take_rights(&told, answer?),
            (Due::Markets, Some((Said::Listings(rows), next))) => {
                self.take_listings(rows, next, venue_now).map(|()| Vec::new())
            }
            (Due::Inventory, told) => {
                let count = match told {
                    Some((Said::SubAccounts(count), _)) => Some(count),
                    _ => None,
                };
                self.inventory = Some((venue_now, count));
                Ok(Vec::new())
            }
            (Due::Collect, told) => {
                let wallets = match (&told, answer) {
                    (Some((Said::Balances(_), _)), Ok(reply)) => {
                        self.plan.dialect().wallets(self.asked(&ask.whole()), reply)?
                    }
                    _ => Vec::new(),
                };
                self.take_collected(told, wallets, venue_now)
            }
            (Due::Candles(interval), told) => {
                self.take_candles(told.map(|(told, _)| told), interval, venue_now)
            }
            (Due::Time { .. } | Due::Rights | Due::Markets, _) => Err(VenueError::Retry),
        }
    }
}

/// What is said of accounts below this one.
pub(crate) fn below(count: Option<usize>) -> Option<Finding> {
    let (what, why) = match count {
        Some(0) => return None,
        Some(1) => ("1 sub-account".to_owned(), "it needs a key of its own"),
        Some(count) => (format!("{count} sub-accounts"), "each needs a key of its own"),
        None => ("whether there are sub-accounts".to_owned(), "the venue does not tell this key"),
    };
    Some(Finding::Unread { what, why })
}

impl ExchangeConnector for Reader {
    fn start(&mut self, task: Task) {
        self.asked = None;
        self.job = match task {
            Task::Time => {
                self.offset.forget();
                Job::Time
            }
            Task::CheckKey => Job::Rights,
            Task::Collect => {
                // What a long walk read before it failed is as good as it was.
                let begun = match core::mem::replace(&mut self.job, Job::Idle) {
                    Job::Collect(collect) if !self.whole && collect.is_under_way() => Some(collect),
                    _ => None,
                };
                if self.whole {
                    self.received = self.known.clone();
                    // Each price was told and received.
                    self.closes = Closes::default();
                } else if begun.is_none() {
                    self.known = self.received.clone();
                }
                self.whole = false;
                Job::Collect(begun.unwrap_or_else(|| Box::new(Collect::new(self.plan))))
            }
            Task::Price(wanted) => {
                let whole_before = core::mem::replace(&mut self.whole, false);
                Job::Price {
                    pricing: Pricing::new(wanted, &mut self.closes, self.plan.depth()),
                    whole_before,
                }
            }
        };
    }

    fn next(&mut self, now: Timestamp) -> Next {
        let venue_now = self.offset.venue_time(now);
        if self.markets.are_old(venue_now) {
            // Another account may have read it meanwhile.
            self.markets = self.listed.current();
        }
        let due = self.due(now, venue_now);
        if let Job::Price { pricing, .. } = &mut self.job {
            let found = pricing.found();
            if !found.is_empty() {
                return Next::Found(found);
            }
        }
        let Some(ask) = due else { return self.finish() };
        let stamped_ms = self.stamped_ms;
        let request = self.request(&ask.whole(), venue_now);
        if matches!(ask.due, Due::Time { .. }) {
            // Nothing of it is signed, and the venue may be behind us: what is signed next is not to come after it.
            self.stamped_ms = stamped_ms;
        }
        self.asked = Some(ask);
        request.map_or_else(Next::Failed, Next::Ask)
    }

    fn take(&mut self, reply: &Reply, now: Timestamp) -> Result<Vec<Finding>, VenueError> {
        let answer = match self.plan.dialect().error(reply, self.offset.venue_time(now)) {
            Some(VenueError::FixClock) => {
                self.offset.forget();
                return Err(VenueError::FixClock);
            }
            Some(error) => Err(error),
            None => Ok(reply),
        };
        let Some(ask) = self.asked.clone() else { return Ok(Vec::new()) };
        let findings = self.take_due(&ask, answer, now)?;
        self.asked = None;
        Ok(findings)
    }

    fn absent(&mut self, now: Timestamp) -> Result<Vec<Finding>, Refusal> {
        let refusal = Refusal::Request { code: 404 };
        let (venue_now, plan) = (self.offset.venue_time(now), self.plan);
        let is_list = matches!(&self.asked, Some(Ask { due: Due::Collect, .. }));
        let Job::Collect(collect) = &mut self.job else { return Err(refusal) };
        let (known, markets) = (&mut self.known, &*self.markets);
        let desk = Desk { plan, known, markets, wallets: Vec::new(), now: venue_now };
        let findings = if is_list { collect.absent(desk) } else { None };
        self.asked = None;
        findings.ok_or(refusal)
    }

    fn beside(&mut self, found: &[Finding]) {
        let Job::Collect(collect) = &mut self.job else { return };
        let own = self.plan.account();
        for (_, finding) in found.iter().filter_map(Finding::within).filter(|(account, _)| *account == own) {
            let Finding::Movement(movement) = finding else { continue };
            self.known.first_sign_ms = earliest(self.known.first_sign_ms, Some(movement.time.millis()));
            let moved = [&movement.received, &movement.spent].into_iter().flatten();
            moved.for_each(|(asset, _)| collect.came(asset.clone()));
        }
    }

    fn progress(&self) -> Progress {
        match &self.job {
            Job::Idle => Progress { done: 1, total: 1 },
            Job::Time | Job::Rights => Progress { done: 0, total: 1 },
            Job::Collect(collect) => collect.progress(),
            Job::Price { pricing, .. } => pricing.progress(),
        }
    }

    fn saved(&self) -> Vec<u8> {
        saved::write(
            self.plan.saved_head(),
            self.owner,
            if self.whole { &self.known } else { &self.received },
        )
    }

    fn resume(&mut self, saved: &[u8]) -> bool {
        let known = saved::read::<Known>(self.plan.saved_head(), saved);
        let Some((owner, known)) = known.filter(|(owner, _)| self.owner.is(owner)) else { return false };
        self.owner.account_hash = self.owner.account_hash.or(owner.account_hash);
        (self.known, self.received) = (known.clone(), known);
        (self.whole, self.job, self.asked) = (true, Job::Idle, None);
        true
    }
}
